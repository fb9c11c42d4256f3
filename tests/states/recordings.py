"""What the real Pulumi CLI (3.259.0) sent to an analyzer that wrote every request down.

`cases/state/NAME.json` is a file given to `pulumi policy analyze --file`; beside it are the requests, one a
line, or what the CLI said when it refused the file. `cases/program` has the previews, the updates and the
states of one program. Fields that are empty are left out, NaN and the like are `{"$float": "NaN"}`. The
engine's own properties, `__…`, below the top level are in the recordings and left out here: 3.276.0 does so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packreg.analyzer.requests import resource_requests, stack_resources
from packreg.states.snapshot import Snapshot

CASES = Path(__file__).parent / "cases"
STATES = CASES / "state"
PROGRAM = CASES / "program"


def recorded(path: Path) -> list[tuple[str, Any]]:
    """The requests of a recording about resources, as (rpc, request)."""
    lines = (json.loads(line) for line in path.read_text("utf-8").splitlines())
    calls = [(line["rpc"], floats(line["request"])) for line in lines]
    return [
        (rpc, request if rpc == "Remediate" else _without_internal(request))
        for rpc, request in calls
        if rpc in ("Remediate", "Analyze", "AnalyzeStack")
    ]


def _without_internal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_internal(item) for name, item in value.items() if not name.startswith("__")}
    return [_without_internal(item) for item in value] if isinstance(value, list) else value


def floats(value: Any) -> Any:
    """The value with `{"$float": …}` as the number that it stands for."""
    if isinstance(value, dict):
        if value.keys() == {"$float"}:
            return float(value["$float"])
        return {name: floats(item) for name, item in value.items()}
    return [floats(item) for item in value] if isinstance(value, list) else value


def requests_of(snapshot: Snapshot) -> list[tuple[str, Any]]:
    """What would be asked about a snapshot, in the form of `recorded`; nothing where no resources are."""
    questions = [
        (rpc, request)
        for each in resource_requests(snapshot)
        for rpc, request in (("Remediate", each.remediate), ("Analyze", each.analyze))
    ]
    stack = [] if snapshot.is_empty else [("AnalyzeStack", {"resources": list(stack_resources(snapshot))})]
    return [*questions, *stack]


def differences(ours: list[tuple[str, Any]], theirs: list[tuple[str, Any]]) -> Iterator[str]:
    """Where two lists of requests differ, a line each; another order of requests or dependencies is none."""
    left, right = _by_resource(ours), _by_resource(theirs)
    for key in sorted(left.keys() | right.keys()):
        if key not in left or key not in right:
            yield f"{key}: " + " | ".join("asked" if key in side else "not asked" for side in (left, right))
        else:
            for path, mine, other in _compare(left[key], right[key], ""):
                yield f"{key}{path}: {_short(mine)} | {_short(other)}"


def _by_resource(requests: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for rpc, request in requests:
        for resource in request["resources"] if rpc == "AnalyzeStack" else [request]:
            resource = {**resource}
            if "dependencies" in resource:
                resource["dependencies"] = sorted(resource["dependencies"])
            found[f"{rpc} {resource['urn'].split('::', 2)[2]}"] = resource
    return found


def _compare(mine: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(mine, dict) and isinstance(other, dict):
        for name in sorted(mine.keys() | other.keys()):
            yield from _compare(mine.get(name, ...), other.get(name, ...), f"{path} .{name}")
    elif isinstance(mine, list) and isinstance(other, list) and len(mine) == len(other):
        for index, pair in enumerate(zip(mine, other, strict=True)):
            yield from _compare(*pair, f"{path} [{index}]")
    elif mine != other:
        yield path, mine, other


def _short(value: Any) -> str:
    return "absent" if value is ... else json.dumps(value, sort_keys=True, ensure_ascii=False)
