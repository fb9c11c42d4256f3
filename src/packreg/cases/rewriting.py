"""Rewrite a case file so that it expects what was found; only the `expect` of the cases that differ changes.

Everything else stays as it is, byte for byte: comments, blank lines, quotes, the order of keys. Comments
inside an `expect` that is replaced are lost. Expectations that were met keep what the author wrote, such as a
pattern; every other finding is written in full.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from packreg.analyzer.findings import Remediation, Violation
from packreg.cases.comparing import CaseComparison, compare
from packreg.cases.model import Case, ExpectedRemediation, is_expression
from packreg.cases.reading import case_nodes, read_cases, tree_of
from packreg.cases.report import CaseResult
from packreg.cases.yaml_values import is_text
from packreg.configuration.messages import path_text
from packreg.errors import UsageError
from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import Mapping as YamlMapping
from packreg.pack.strict_yaml import Node, Position, Scalar, Sequence, quoted
from packreg.pack.text import BOM
from packreg.reports.plain import json_value
from packreg.states.resource import ROOT_STACK, urn_parts

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./:@-]*[A-Za-z0-9_])?", re.ASCII)
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_LINE_END = re.compile(r"\r\n|\r|\n")


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def rewritten(data: bytes, path: str, results: Iterable[CaseResult]) -> bytes:
    """The new bytes of the case file at `path`, whose bytes are `data`; `results` are of cases in that file.

    Raises UsageError when the new text would not be read back as the same cases with these expectations, for
    instance because a message contains half of a surrogate pair. The file must then not be written.
    """
    text = data.decode("utf-8").removeprefix(BOM)
    problems = Problems()
    root = tree_of(data, path, problems)
    by_name = {_name(node): node for node in (case_nodes(root) if root is not None else ())}
    results = tuple(results)
    edits = [
        _edit(text, by_name[result.case.name], _expect(result.comparison))
        for result in results
        if result.comparison is not None
    ]
    newline = "\r\n" if "\r\n" in text else "\n"
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text.replace("\n", newline) + text[edit.end :]
    written = (BOM if data.startswith(BOM.encode()) else "") + text
    _check(data, written, path, results)
    return written.encode()


def _name(node: Node) -> str:
    name = node.get("name") if isinstance(node, YamlMapping) else None
    return name.text if isinstance(name, Scalar) else ""


def _check(data: bytes, written: str, path: str, results: Iterable[CaseResult]) -> None:
    """Read the new text: it must have the same cases, and the rewritten ones must expect what was found.

    Raises UsageError if it does not.
    """
    problems = Problems()
    before = {case.name: case for case in read_cases(data, path, problems)}
    try:
        after = {case.name: case for case in read_cases(written.encode(), path, problems)}
    except UnicodeEncodeError:
        after = {}
    seen = {result.case.name: result.result for result in results}
    fine = not problems.errors and before.keys() == after.keys()
    for name, case in after.items() if fine else ():
        found = seen.get(name)
        fine = fine and _given(case) == _given(before[name])
        if found is None:
            fine = fine and case.expect == before[name].expect
        else:
            fine = fine and case.expect is not None and compare(case.expect, found).is_same
    if not fine:
        raise UsageError(
            f"what was seen cannot be written into {path}",
            hint="write the expectation by hand, with patterns",
        )


def _given(case: Case) -> tuple[object, ...]:
    """Everything about a case but its expectation and its position in the file."""
    settings = case.layer.settings if case.layer is not None else None
    return case.name, case.kind, case.resources, case.source, case.stack, settings


# --- where to write ---------------------------------------------------------------------------------------


def _edit(text: str, node: Node, expect: Mapping[str, Any]) -> _Edit:
    """The edit that gives the case at `node` the expectation `expect`."""
    assert isinstance(node, YamlMapping), "a case is a mapping"
    key, value = next(((k, v) for k, v in node.entries if k.text == "expect"), (None, None))
    last = _end(text, node.entries[-1][1])
    if node.flow:
        flow = _flow(expect)
        if value is None:
            return _Edit(last, last, f", expect: {flow}")
        assert key is not None
        return _Edit(key.place.end, _end(text, value), f": {flow}")
    indent = " " * (node.entries[0][0].place.column - 1)
    block = "".join(f"\n{indent}  {line}" for line in _block(expect))
    if key is None or value is None:
        end = _LINE_END.search(text, last)
        place = end.start() if end else len(text)
        return _Edit(place, place, f"\n{indent}expect:{block}")
    between = text[key.place.end : value.place.start]
    head = _LINE_END.split(between, maxsplit=1)[0].rstrip() if _LINE_END.search(between) else ":"
    return _Edit(key.place.end, _end(text, value), head + block)


def _end(text: str, node: Node) -> int:
    """The offset behind the last character of a value, without white space or comments that follow."""
    if isinstance(node, Scalar):
        return node.place.start + len(text[node.place.start : node.place.end].rstrip())
    if node.flow:
        return node.place.end
    return _end(text, node.items[-1] if isinstance(node, Sequence) else node.entries[-1][1])


# --- what to write ----------------------------------------------------------------------------------------


def _expect(comparison: CaseComparison) -> dict[str, Any]:
    """The `expect` that the findings of a case meet, in the order of the findings."""
    names = Counter(
        urn_parts(urn)[3]
        for urn in {
            found.urn
            for pairing in (comparison.violations, comparison.remediations)
            for found in pairing.found
        }
    )
    violations, remediations = comparison.violations, comparison.remediations
    expect: dict[str, Any] = {
        "violations": [
            _filled(asdict(violations.expected[violations.pairs[index]]))
            if index in violations.pairs
            else _violation(found, names)
            for index, found in enumerate(violations.found)
        ],
        "remediations": [
            _met(remediations.expected[remediations.pairs[index]])
            if index in remediations.pairs
            else _remediation(found, names)
            for index, found in enumerate(remediations.found)
        ],
    }
    return {name: found for name, found in expect.items() if found} or {"violations": []}


def _filled(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _violation(found: Violation, names: Mapping[str, int]) -> dict[str, Any]:
    message = found.message.removeprefix(found.description).lstrip("\n") or found.message
    if is_expression(message):
        message = "/" + _SPECIAL.sub(r"\\\g<0>", message) + "/"
    return _filled(
        {
            "policy": found.policy,
            "level": found.level,
            "resource": _resource(found, names),
            "message": message,
        }
    )


def _met(expected: ExpectedRemediation) -> dict[str, Any]:
    members = _filled({"policy": expected.policy, "resource": expected.resource})
    if expected.changes is not None:
        members["changes"] = [{"path": change.path, **change.values} for change in expected.changes]
    return members


def _remediation(found: Remediation, names: Mapping[str, int]) -> dict[str, Any]:
    changes = []
    for change in found.changes:
        values = {} if change.kind == "add" else {"from": json_value(change.before)}
        values |= {} if change.kind == "delete" else {"to": json_value(change.after)}
        changes.append({"path": path_text(change.path), **values})
    return {"policy": found.policy, "resource": _resource(found, names), "changes": changes}


def _resource(found: Violation | Remediation, names: Mapping[str, int]) -> str:
    if found.resource_type == ROOT_STACK:
        return ROOT_STACK
    name = urn_parts(found.urn)[3]
    return name if names[name] == 1 else found.urn


# --- as YAML ----------------------------------------------------------------------------------------------


def _block(value: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a mapping in YAML's block style; the values of `from` and `to` stay on one line."""
    for name, inner in value.items():
        if name in ("violations", "remediations", "changes") and inner:
            yield f"{name}:"
            for item in inner:
                first, *more = _block(item)
                yield f"  - {first}"
                yield from (f"    {line}" for line in more)
        else:
            yield f"{name}: {_flow(inner)}"


def _flow(value: Any) -> str:
    """A value in YAML's flow style, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return _scalar(value)
    text = json.dumps(json_value(value))
    return text.replace("e", ".0e") if isinstance(value, float) and "e" in text and "." not in text else text


def _scalar(text: str) -> str:
    """A text: plain where every YAML parser reads it as text, else in double quotes."""
    if _PLAIN.fullmatch(text) and is_text(Scalar(text, "", Position(1, 1, 0, 0))):
        return text
    return quoted(text)
