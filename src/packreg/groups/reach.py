"""How many known stacks and accounts a change of governance affects, and whether it affects all. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packreg.groups.members import Memberships, matches
from packreg.groups.model import Entity, Governance, Group, Waiver


@dataclass(frozen=True, slots=True)
class Reach:
    """What a change affects: how many of the `known` entities, and whether `everyone`, unknown ones too.

    `by_tags` says that it may affect more entities, by tags that are not known here.
    """

    touched: int
    known: int
    everyone: bool
    by_tags: bool = False

    def __str__(self) -> str:
        more = ", and perhaps others by their tags" if self.by_tags else ""
        everyone = "everyone, including " if self.everyone else ""
        return f"{everyone}{self.touched} of {self.known} stacks and accounts with reports{more}"


def group_reach(governance: Governance, group: Group, known: Sequence[Entity]) -> Reach:
    """The entities that a change of a group's packs affects."""
    memberships = Memberships(governance)
    wanted = [entity for entity in known if entity.kind in group.kinds]
    touched = sum(group.name in memberships.groups_of(entity, group.mode) for entity in wanted)
    everyone = (
        group.is_default
        or any(map(_fits_all, (*group.stacks, *group.accounts)))
        or 1 < touched == len(wanted)
    )
    return Reach(touched, len(wanted), everyone, bool(group.tags))


def waiver_reach(waiver: Waiver, known: Sequence[Entity]) -> Reach:
    """The entities that a waiver affects."""
    touched = sum(matches(waiver.entity, entity) for entity in known)
    everyone = _fits_all(waiver.entity) or 1 < touched == len(known)
    return Reach(touched, len(known), everyone)


def _fits_all(pattern: str) -> bool:
    return not pattern.strip("*/")
