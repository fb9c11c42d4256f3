"""Writing policy groups as code: the YAML file that `group_file` reads back as exactly these groups. Pure.

What is text stands in quotes unless every reader of YAML takes it for text without; everything below a list
is in JSON's form. So the same groups always give the same lines, and a change is a small difference in git.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from packreg.groups.model import Governance, Group, Waiver
from packreg.pack.strict_yaml import quoted

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./@-]*", re.ASCII)
_NOT_TEXT = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"}  # in some YAML or other
)


def write_groups(groups: Iterable[Group]) -> str:
    """The file that says these groups, by name."""
    by_name = {group.name: _group(group) for group in sorted(groups, key=lambda group: group.name)}
    return "\n".join(_lines({"groups": by_name}, 0)) + "\n"


def write_governance(governance: Governance, environments: Mapping[str, str]) -> str:
    """The file that says all of governance, and the definitions of environments by name."""
    waivers = {id: _waiver(waiver) for id, waiver in sorted(governance.waivers.items())}
    rules = governance.rules
    settings = {"strict-conflicts": rules.strict_conflicts, "unwaivable": list(rules.unwaivable)}
    rest = {"waivers": waivers, "settings": settings, "environments": dict(sorted(environments.items()))}
    return write_groups(governance.groups.values()) + "\n".join(_lines(rest, 0)) + "\n"


def _waiver(waiver: Waiver) -> dict[str, Any]:
    kind = "stack" if "/" in waiver.entity else "account"
    resource = {"resource": waiver.resource} if waiver.resource else {}
    about = {"owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires}
    return {"policy": f"{waiver.pack}:{waiver.policy}", kind: waiver.entity, **resource, **about}


def _group(group: Group) -> dict[str, Any]:
    members = {} if group.is_default else _with_members(group)
    about = {what: text for what, text in asdict(group.about).items() if text}
    return {**about, **members, "packs": {name: _pack(group, name) for name in sorted(group.packs)}}


def _with_members(group: Group) -> dict[str, Any]:
    kinds = [f"{kind}s" for kind in ("stack", "account") if kind in group.kinds]
    listed = {"stacks": group.stacks, "accounts": group.accounts, "tags": group.tags}
    return {
        "mode": group.mode,
        "entity-types": kinds,
        **{what: list(members) for what, members in listed.items() if members},
    }


def _pack(group: Group, name: str) -> object:
    entry = group.packs[name]
    if not entry.config and not entry.environments:
        return entry.version
    found: dict[str, object] = {"version": entry.version}
    if entry.environments:
        found["environments"] = list(entry.environments)
    if entry.config:
        found["config"] = dict(entry.config)
    return found


def _lines(mapping: Mapping[str, Any], depth: int) -> Iterator[str]:
    before = "  " * depth
    for key, value in mapping.items():
        if isinstance(value, Mapping) and value:
            yield f"{before}{_text(key)}:"
            yield from _lines(value, depth + 1)
        elif isinstance(value, str) and "\n" in value and _stands_as_it_is(value):
            yield f"{before}{_text(key)}: |"
            yield from (f"{before}  {line}" if line else "" for line in value.split("\n")[:-1])
        else:
            yield f"{before}{_text(key)}: {_flow(value)}"


def _stands_as_it_is(text: str) -> bool:
    """Whether a block of YAML gives exactly these lines."""
    ends = text.endswith("\n") and not text.endswith("\n\n")
    return ends and text[0] not in " \n" and all(line.isprintable() for line in text.split("\n"))


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def _text(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT else quoted(text)
