"""What governance is made of: entities, policy groups, waivers, settings, as frozen values.

A `Governance` is all of this at one revision, so that a decision always reads one consistent state. Its text
form is in `document`; `members` decides who belongs to a group, and `required` which packs must run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

EntityKind = Literal["stack", "account"]
#: Preventative groups block deployments, audit groups only report.
Mode = Literal["preventative", "audit"]

DEFAULT_PREVENTATIVE = "default-preventative-policy-group"
DEFAULT_AUDIT = "default-audit-policy-group"
#: Every entity belongs to these without being listed; they cannot be deleted.
DEFAULT_GROUPS = (DEFAULT_PREVENTATIVE, DEFAULT_AUDIT)
#: The organization of every stack of a self-managed backend (Pulumi CLI behaviour).
SELF_MANAGED = "organization"


@dataclass(frozen=True, slots=True)
class Entity:
    """What packs are required for: a stack, `name` being `organization/project/stack`, or a cloud account.

    Where several backends have a stack of that name it is `BACKEND:organization/project/stack`. `tags` are
    those that are known where the decision is made, and `backend` the operator's name of the backend that has
    the stack, "" where that is not known or has none.
    """

    kind: EntityKind
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    backend: str = ""

    def __str__(self) -> str:
        return self.name

    @property
    def is_one_of_several(self) -> bool:
        """Whether other backends have a stack of this name, so that the backend's is part of it."""
        return self.kind == "stack" and ":" in self.name

    @property
    def in_its_backend(self) -> str:
        """A stack's name in its backend: `organization/project/stack`."""
        return self.name.rpartition(":")[2] if self.kind == "stack" else self.name

    @property
    def project(self) -> str:
        """The project of a stack; "" of an account."""
        return self.in_its_backend.split("/")[-2] if self.kind == "stack" else ""

    @property
    def of_backend(self) -> str:
        """The name of the stack's backend, if it is known."""
        return self.name.rpartition(":")[0] if self.is_one_of_several else self.backend


@dataclass(frozen=True, slots=True)
class PackEntry:
    """A policy pack in a group.

    `version` is an exact version, a range, or `latest`; `config` has the form of a configuration file
    without `environments`; `environments` are references to environments, the weakest first; `modified`
    is when this entry last changed (RFC 3339 in UTC), which decides between entries of one version.
    """

    pack: str
    version: str
    modified: str
    config: Mapping[str, object] = field(default_factory=dict)
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What a group tells people; it decides nothing. Each is a text, "" where nobody said it.

    `owner` answers for what the group requires, `contact` is where they are reached, and `description` says
    what the group is for.
    """

    owner: str = ""
    contact: str = ""
    description: str = ""


#: The names of what `About` has.
ABOUT = tuple(each.name for each in fields(About))


@dataclass(frozen=True, slots=True)
class Group:
    """A policy group. `kinds` are the entities it takes: preventative groups take stacks only.

    `stacks` are `project/stack` or `organization/project/stack` with globs, `accounts` names with globs,
    `tags` rules `name=glob` of which each may be true alone. `packs` are by name.
    """

    name: str
    mode: Mode
    kinds: frozenset[EntityKind]
    stacks: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    packs: Mapping[str, PackEntry] = field(default_factory=dict)
    about: About = About()

    @property
    def is_default(self) -> bool:
        """Whether every entity of its kinds belongs to it."""
        return self.name in DEFAULT_GROUPS


@dataclass(frozen=True, slots=True)
class Waiver:
    """A violation that does not deny until `expires` (RFC 3339 in UTC); its owner answers for it.

    It is for `policy` of `pack` in stacks that match `entity` (a glob as in groups, or an account), on
    resources whose URN or `type::name` matches the glob `resource` ("" is every resource).
    """

    id: str
    pack: str
    policy: str
    entity: str
    owner: str
    reason: str
    expires: str
    created: str
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of governance. With `strict_conflicts` it is an error if a losing entry was stricter.

    `unwaivable` are `pack:policy` globs that no waiver may be for.
    """

    strict_conflicts: bool = False
    unwaivable: tuple[str, ...] = ()


#: Where an object stands in the document: the names of members from its root.
Place = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Governance:
    """All of it. `revision` is 0 where there is none yet; then there are the two default groups.

    `needs` are the features that a reader has to know (`registry.formats`), `unknown` the members, by place,
    that this packreg does not know and keeps.
    """

    revision: int = 0
    groups: Mapping[str, Group] = field(default_factory=dict)
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    rules: Rules = Rules()
    needs: frozenset[str] = frozenset()
    unknown: Mapping[Place, Mapping[str, object]] = field(default_factory=dict)
