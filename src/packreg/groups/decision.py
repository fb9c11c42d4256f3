"""The answer to "which packs must run on this entity, and why", as frozen values. `required` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from packreg.errors import Problem
from packreg.groups.model import About, Entity, Mode, PackEntry
from packreg.pack.version import Version


@dataclass(frozen=True, slots=True)
class GroupMembership:
    """A group that an entity belongs to, by which of its rules, and what the group says of itself.

    `rule` is as `members.Memberships.rule` returns it.
    """

    group: str
    rule: str
    about: About

    def as_json(self) -> dict[str, Any]:
        """For `--json`, and for a report that is kept."""
        return {"group": self.group, "rule": self.rule, **asdict(self.about)}

    def __str__(self) -> str:
        """`prod (rule: */prod), owned by platform team: #platform`, as far as it is known."""
        rule = f" (rule: {self.rule})" if self.rule else ""
        owner = f", owned by {self.about.owner}" if self.about.owner else ""
        contact = f"{':' if owner else ', contact'} {self.about.contact}" if self.about.contact else ""
        return f"{self.group}{rule}{owner}{contact}"


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

    `groups` are the names of the groups it belongs to, and `memberships` say more of each; they are empty in
    reports of older packregs. `unavailable` are required packs that are not available: evaluation errors,
    never a pass.
    """

    entity: Entity
    mode: Mode
    revision: int
    groups: tuple[str, ...]
    packs: tuple[Requirement, ...]
    unavailable: tuple[Unavailable, ...] = ()
    memberships: tuple[GroupMembership, ...] = ()

    def membership(self, pack: str) -> GroupMembership | None:
        """The group whose entry decided about a pack; None if that is not known."""
        group = next((each.winner.group for each in self.packs if each.pack == pack), "")
        return next((each for each in self.memberships if each.group == group), None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why packs are not available."""
        return tuple(each.problem for each in self.unavailable)

    @property
    def nothing(self) -> bool:
        """Whether nothing at all is required; callers report that."""
        return not self.packs and not self.unavailable
