"""What another version of a pack would change for the members of a group, before anyone is blocked. Pure.

Two runs over the same resources are compared, of the version that the group has and of the one that it may
get, alike in everything else. Findings are the same as they are for `tracking`; here the level counts too, as
a policy that only advised and now denies blocks people just as a new one does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

from packreg.findings.tracking import Same, Tracked, same, track
from packreg.groups.model import Governance, Group, PackEntry
from packreg.groups.strictness import RANK
from packreg.reports.stored import StoredReport

#: A finding newly fails or newly passes; it is there in both, at a higher or a lower level; a judgement that
#: is not reached.
Change = Literal["fails", "stricter", "passes", "laxer", "unknown"]
CHANGES: tuple[Change, ...] = get_args(Change)


class Effect(NamedTuple):
    """What becomes of one finding. Of one that passes, `finding` is as it was; `was` is the level before."""

    change: Change
    finding: Tracked
    was: str = ""


def effects(after: StoredReport, before: StoredReport | None) -> tuple[Effect, ...]:
    """How the run of another version differs from the run before it; None: the pack did not run at all.

    What could not be evaluated `after` is in it whether it could be before or not: nothing is known about it.
    """
    levels = {same(each): each.level for each in track(before)} if before is not None else {}
    return tuple(effect for each in track(after, before) if (effect := _effect(each, levels)) is not None)


def alone(governance: Governance, group: Group, entry: PackEntry) -> Governance:
    """The same governance with one group and one pack in it, so that nothing else decides anything."""
    return replace(governance, groups={group.name: replace(group, packs={entry.pack: entry})})


def beside_others(governance: Governance, group: Group, entry: PackEntry) -> Governance:
    """The same governance with this entry in its group, and with no other pack in any."""
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
