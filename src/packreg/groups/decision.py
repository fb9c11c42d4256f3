"""The answer to "which packs must run on this entity, and why", as frozen values. `required` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from packreg.errors import Problem
from packreg.groups.model import Entity, Mode, PackEntry
from packreg.pack.version import Version


@dataclass(frozen=True, slots=True)
class GroupRequest:
    """A group that asks for a pack: its entry, and the version that the entry means now."""

    group: str
    entry: PackEntry
    version: Version


@dataclass(frozen=True, slots=True)
class Lost:
    """An entry that does not count, and the rule that it lost by.

    "newer-version": the winner's is newer. Of the same version: "modified-later", or "first-by-name" (of its
    group) where both were modified at the same time; "same" where it asks for just what the winner does.
    """

    asked: GroupRequest
    rule: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """A pack that must run: exactly this version, configured and with environments as the winner has it.

    `warnings` say what a person should know: it is yanked, a losing entry was stricter.
    """

    pack: str
    version: Version
    winner: GroupRequest
    lost: tuple[Lost, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def config(self) -> Mapping[str, object]:
        """The configuration of the entry that won."""
        return self.winner.entry.config

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments of the entry that won."""
        return self.winner.entry.environments


class Unavailable(NamedTuple):
    """A pack that is asked for and is not available: removed, missing, unreadable, or a refused conflict.

    `version` is as the group writes it.
    """

    pack: str
    version: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Required:
    """What an entity must run in a mode, at a revision of governance.

    `groups` are the names of the groups it belongs to. `unavailable` are required packs that are not
    available: evaluation errors, never a pass.
    """

    entity: Entity
    mode: Mode
    revision: int
    groups: tuple[str, ...]
    packs: tuple[Requirement, ...]
    unavailable: tuple[Unavailable, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why packs are not available."""
        return tuple(each.problem for each in self.unavailable)

    @property
    def nothing(self) -> bool:
        """Whether nothing at all is required; callers report that."""
        return not self.packs and not self.unavailable
