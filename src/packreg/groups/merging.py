"""Make the next revision from an edit: keep what others changed meanwhile, and never go back in time. Pure.

An edit is made on the revision that its author saw. Before it is written there may be newer revisions. Their
changes to other groups, waivers and settings are kept. If they changed the same group, waiver or setting,
nothing is written, and the error shows both changes.

The time of a revision is never earlier than that of the one before, whatever clocks say. The entries that it
changes get this time as `modified`, so the entry that was changed last has the latest time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from packreg.errors import ChangedMeanwhile
from packreg.groups.differences import Difference, differences
from packreg.groups.document import Change, Document
from packreg.groups.model import Governance, Group, Rules
from packreg.groups.times import after

V = TypeVar("V")


def next_revision(
    newest: Document, base: Governance, edited: Governance, *, now: str, by: str, what: str
) -> Document | None:
    """The revision after `newest`, with the edit from `base` to `edited`; None if it changes nothing.

    `now` is RFC 3339 in UTC with microseconds, `by` the author, `what` the edit in a few words.

    Raises:
        ChangedMeanwhile: somebody else changed the same thing since `base`; both changes are shown.
    """
    merged = merge(newest, base, edited)
    there = newest.governance
    if _plain(merged) == _plain(there):
        return None
    times = [entry.modified for group in there.groups.values() for entry in group.packs.values()]
    at = after(now, max([newest.change.at if newest.change else "", *times]))
    groups = {name: _stamped(group, there.groups.get(name), at) for name, group in merged.groups.items()}
    governance = replace(merged, revision=there.revision + 1, groups=groups)
    return Document(governance, Change(by, at, what))


def merge(newest: Document, base: Governance, edited: Governance) -> Governance:
    """The newest governance with the edit from `base` to `edited`. Raises ChangedMeanwhile."""
    there, now, before = _plain(there_ := newest.governance), _plain(edited), _plain(base)
    both = [thing for thing in {*there, *now} if _differ(before, now, there, thing)]
    if both:
        raise _conflict(newest, base, edited, sorted(both))
    mine = {thing for thing in {*before, *now} if before.get(thing) != now.get(thing)}
    return Governance(
        there_.revision,
        dict(_chosen("group", mine, there_.groups, edited.groups)),
        dict(_chosen("waiver", mine, there_.waivers, edited.waivers)),
        Rules(
            *(
                getattr(edited.rules if f"settings {name}" in mine else there_.rules, name)
                for name in Rules.__dataclass_fields__
            )
        ),
        there_.needs | (edited.needs - base.needs),
        {**there_.unknown, **{place: edited.unknown[place] for place in {*edited.unknown} - {*base.unknown}}},
    )


def _differ(
    before: Mapping[str, object], mine: Mapping[str, object], theirs: Mapping[str, object], thing: str
) -> bool:
    """Whether both sides changed a thing, and not to the same."""
    old, new, other = before.get(thing), mine.get(thing), theirs.get(thing)
    return old != new and old != other and new != other


def _chosen(
    kind: str, mine: set[str], theirs: Mapping[str, V], edited: Mapping[str, V]
) -> Iterator[tuple[str, V]]:
    for name in sorted({*theirs, *edited}):
        source = edited if f"{kind} {name}" in mine else theirs
        if name in source:
            yield name, source[name]


def _plain(governance: Governance) -> dict[str, object]:
    """The things that edits are merged by, for comparison: without the times of entries."""
    return {
        **{f"group {name}": _timeless(group) for name, group in governance.groups.items()},
        **{f"waiver {id}": waiver for id, waiver in governance.waivers.items()},
        **{f"settings {name}": getattr(governance.rules, name) for name in Rules.__dataclass_fields__},
    }


def _timeless(group: Group) -> Group:
    return replace(group, packs={name: replace(entry, modified="") for name, entry in group.packs.items()})


def _stamped(group: Group, before: Group | None, at: str) -> Group:
    packs = {}
    for name, entry in group.packs.items():
        old = before.packs.get(name) if before else None
        same = old is not None and replace(entry, modified=old.modified) == old
        packs[name] = old if old is not None and same else replace(entry, modified=at)
    return replace(group, packs=packs)


def _conflict(newest: Document, base: Governance, edited: Governance, both: list[str]) -> ChangedMeanwhile:
    things = {"settings" if thing.startswith("settings ") else thing for thing in both}
    theirs = [each for each in differences(base, newest.governance) if each.thing in things]
    yours = [each for each in differences(base, edited) if each.thing in things]
    names = ", ".join(sorted(things))
    change = newest.change
    last = (
        f" (revision {newest.governance.revision} was made by {change.by} at {change.at})" if change else ""
    )
    return ChangedMeanwhile(
        "\n".join(
            [
                f"{names} was changed by somebody else in the meantime{last}; nothing was written",
                "their change:",
                *_lines(theirs),
                "your change:",
                *_lines(yours),
            ]
        ),
        hint="if your change still makes sense after theirs, run the same command again",
    )


def _lines(found: list[Difference]) -> list[str]:
    lines = [f"  {each}" for each in found[:50]]
    return lines + ([f"  … and {len(found) - 50} more"] if len(found) > 50 else [])
