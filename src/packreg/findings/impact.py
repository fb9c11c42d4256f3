"""What another version of a pack would change for the members of a group, before anyone is blocked. Pure.

Compares two runs over the same resources, alike in everything but the version: the one that the group has,
and the one that it may get. Two findings are the same by the rule of `tracking`. A change of level is
reported too, because a policy that only advised and now denies blocks people just as a new policy does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

from packreg.findings.tracking import Same, Tracked, same, track
from packreg.groups.model import Governance, Group, PackEntry
from packreg.groups.strictness import RANK
from packreg.reports.stored import StoredReport

#: "fails" and "passes": the finding is there only with the other version, or only without it. "stricter" and
#: "laxer": it is there with both, at a higher or a lower level. "unknown": there was an evaluation error.
Change = Literal["fails", "stricter", "passes", "laxer", "unknown"]
CHANGES: tuple[Change, ...] = get_args(Change)


class Effect(NamedTuple):
    """How one finding changes. For "passes", `finding` is the earlier one; `was` is the level before."""

    change: Change
    finding: Tracked
    was: str = ""


def effects(after: StoredReport, before: StoredReport | None) -> tuple[Effect, ...]:
    """How the run with another version (`after`) differs from the one with the group's version (`before`).

    `before` is None where the pack did not run before. An evaluation error in `after` is always "unknown",
    whether there was one in `before` or not.
    """
    levels = {same(each): each.level for each in track(before)} if before is not None else {}
    return tuple(effect for each in track(after, before) if (effect := _effect(each, levels)) is not None)


def alone(governance: Governance, group: Group, entry: PackEntry) -> Governance:
    """The governance reduced to one group with one pack entry, so that only this entry decides."""
    return replace(governance, groups={group.name: replace(group, packs={entry.pack: entry})})


def beside_others(governance: Governance, group: Group, entry: PackEntry) -> Governance:
    """The governance with this entry in `group`; the other groups keep only their entry for the same pack."""
    groups = {name: _only(each, entry.pack) for name, each in governance.groups.items()}
    groups[group.name] = replace(group, packs={entry.pack: entry})
    return replace(governance, groups=groups)


def _only(group: Group, pack: str) -> Group:
    return replace(group, packs={name: entry for name, entry in group.packs.items() if name == pack})


def _effect(each: Tracked, before: Mapping[Same, str]) -> Effect | None:
    if each.kind == "error":
        return Effect("unknown", each) if each.is_there else None
    if each.status == "new":
        return Effect("fails", each)
    was = before.get(same(each), "")
    if each.status == "fixed":
        return Effect("passes", each, was)
    if each.status != "open" or was == each.level:
        return None
    return Effect("stricter" if RANK[each.level] > RANK[was] else "laxer", each, was)
