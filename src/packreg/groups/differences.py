"""What changed between two states of governance: lines for people, values for programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any, Literal, NamedTuple

from packreg.groups.document import governance_json
from packreg.groups.model import Governance

Change = Literal["added", "removed", "changed"]


class Difference(NamedTuple):
    """One difference.

    `thing` is `group NAME`, `waiver ID`, `settings` or `other members`; `path` leads to the changed part in
    it (`packs`, the pack's name, `version`), and is empty for the whole. `before` and `after` are JSON values
    or None.
    """

    change: Change
    thing: str
    path: tuple[str, ...]
    before: object
    after: object

    def __str__(self) -> str:
        sign = {"added": "+", "removed": "-", "changed": "~"}[self.change]
        what = f"{self.thing}: {'.'.join(self.path)}" if self.path else self.thing
        if self.change == "changed":
            return f"{sign} {what}: {_shown(self.before)} -> {_shown(self.after)}"
        value = self.after or self.before
        if self.path:
            return f"{sign} {what}: {_shown(value)}"
        return f"{sign} {what}" + (f": {_waiver(value)}" if self.thing.startswith("waiver ") else "")


def difference_lines(found: Difference) -> list[str]:
    """A difference as lines for people: that of a definition as the lines that it has more and less."""
    if found.path != ("definition",):
        return [str(found)]
    old, new = (str(text or "").splitlines() for text in (found.before, found.after))
    lines = list(unified_diff(old, new, n=1, lineterm=""))[2:]
    sign = {"added": "+", "removed": "-", "changed": "~"}[found.change]
    return [f"{sign} {found.thing}", *(f"    {line}" for line in lines if not line.startswith("@@"))]


def differences(before: Governance, after: Governance) -> list[Difference]:
    """All differences, in order of things and members; the times of entries do not count."""
    old, new = things(before), things(after)
    return [
        difference
        for thing in sorted({*old, *new})
        for difference in _between(thing, (), old.get(thing), new.get(thing))
    ]


def things(governance: Governance) -> dict[str, dict[str, Any]]:
    """The things that edits are merged by, as JSON values without the times of entries.

    These are groups, waivers, the settings, and other members that a newer packreg wrote.
    """
    found = governance_json(governance)
    groups, waivers, settings = found.pop("groups"), found.pop("waivers"), found.pop("settings")
    for group in groups.values():
        for entry in group["packs"].values():
            del entry["modified"]
    return {
        **{f"group {name}": group for name, group in groups.items()},
        **{f"waiver {id}": waiver for id, waiver in waivers.items()},
        "settings": settings,
        "other keys": found,
    }


def _between(thing: str, path: tuple[str, ...], before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    change: Change = "added" if before is None else "removed" if after is None else "changed"
    if not path and change != "changed":
        yield Difference(change, thing, path, before, after)
        if thing.startswith("waiver "):  # they come and go whole
            return
    whole = len(path) not in (0, 1) and change != "changed"  # an entry that comes or goes is one line
    if _are(Mapping, before, after) and not whole and len(path) < 4:
        before, after = before or {}, after or {}
        for name in sorted({*before, *after}):
            yield from _between(thing, (*path, name), before.get(name), after.get(name))
    elif _are(list, before, after) and path != ("kinds",):
        yield from _items(thing, path, before or [], after or [])
    else:
        yield Difference(change, thing, path, before, after)


def _are(kind: type, before: object, after: object) -> bool:
    return all(value is None or isinstance(value, kind) for value in (before, after))


def _items(
    thing: str, path: tuple[str, ...], before: list[object], after: list[object]
) -> Iterator[Difference]:
    gone = [item for item in before if item not in after]
    come = [item for item in after if item not in before]
    if not gone and not come:
        yield Difference("changed", thing, path, before, after)
    yield from (Difference("removed", thing, path, item, None) for item in gone)
    yield from (Difference("added", thing, path, None, item) for item in come)


def _waiver(value: Any) -> str:
    resource = f", {value['resource']}" if "resource" in value else ""
    return f"{value['pack']}:{value['policy']} in {value['entity']}{resource}, until {value['expires']}"


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
