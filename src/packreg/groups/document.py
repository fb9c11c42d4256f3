"""Governance as text: the value of a revision of its chain. Pure.

    {"format": 1,
     "changed": {"by": "Ada <ada@acme.io>", "at": "2026-08-01T12:00:00.000000Z", "what": "enable guard"},
     "groups": {"prod": {"mode": "preventative", "kinds": ["stack"], "stacks": ["*/prod"],
                         "packs": {"guard": {"version": "^1.2", "modified": "2026-08-01T12:00:00.000000Z"}}}},
     "waivers": {}, "settings": {}}

Empty members are left out. Members that this packreg does not know are skipped, and an edit keeps them, as
`registry.formats` has it: what a reader may not pass over, because it decides what must run or what is
waived, is a feature that the document needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from packreg.errors import IntegrityError, UsageError
from packreg.groups.checks import MAX_PACKS, group_problem, rules_problem, waiver_problem
from packreg.groups.model import (
    ABOUT,
    DEFAULT_AUDIT,
    DEFAULT_PREVENTATIVE,
    About,
    EntityKind,
    Governance,
    Group,
    Mode,
    PackEntry,
    Place,
    Rules,
    Waiver,
)
from packreg.groups.times import is_precise
from packreg.registry.clocks import Dated
from packreg.registry.formats import beginning
from packreg.registry.members import Members
from packreg.text import one_line

#: As much as a revision of the chain may have.
MAX_DOCUMENT = 4 * 2**20  # bytes
MAX_GROUPS = 2_000
MAX_WAIVERS = 10_000

T = TypeVar("T")
_MODES: tuple[Mode, ...] = ("preventative", "audit")
_KINDS: tuple[EntityKind, ...] = ("stack", "account")
_TOP = ("changed", "groups", "waivers", "settings")
_GROUP = ("mode", "kinds", "stacks", "accounts", "tags", "packs", *ABOUT)
_ENTRY = ("version", "modified", "config", "environments")
_WAIVER = ("pack", "policy", "entity", "owner", "reason", "expires", "created")
_RULES = ("strict_conflicts", "unwaivable")


@dataclass(frozen=True, slots=True)
class Change:
    """Who made a revision, when (RFC 3339 in UTC, microseconds), and what it was for in a few words."""

    by: str
    at: str
    what: str


@dataclass(frozen=True, slots=True)
class Document:
    """Governance at a revision, and the change that made it; None where nobody changed anything yet.

    `stored` is the store's time of the revision in seconds since the epoch, where it was listed, else 0.
    """

    governance: Governance
    change: Change | None = None
    stored: float = 0.0

    @property
    def dated(self) -> Dated | None:
        """The revision's own time and the store's time of it; None if there is no revision."""
        if self.change is None:
            return None
        return Dated(f"revision {self.governance.revision} of governance", self.change.at, self.stored)


def default_groups() -> dict[str, Group]:
    """The two groups that are always there, as they are before anybody edits them."""
    return {
        DEFAULT_PREVENTATIVE: Group(DEFAULT_PREVENTATIVE, "preventative", frozenset({"stack"})),
        DEFAULT_AUDIT: Group(DEFAULT_AUDIT, "audit", frozenset({"stack", "account"})),
    }


def nothing_written() -> Document:
    """The governance before the first revision: the default groups, without packs."""
    return Document(Governance(groups=default_groups()))


def encode(governance: Governance, change: Change) -> bytes:
    """The text of a revision; it does not say the revision's number, which is the chain's.

    Raises:
        UsageError: readers would not accept it: it is too large, or a part of it is not valid.
    """
    document = {
        **beginning(governance.needs),
        "changed": {"by": change.by, "at": change.at, "what": change.what},
        **governance_json(governance),
    }
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    try:
        decode(data, governance.revision, "governance")
    except IntegrityError as error:
        raise UsageError(f"governance cannot be kept: {error.problem}") from None
    return data


def decode(data: bytes, revision: int, where: str) -> Document:
    """Read the value of a revision; `where` is its key, for messages.

    A default group that is missing is there all the same, without packs.

    Raises:
        IntegrityError: it is not what `encode` writes: a wrong type, name or time, too much of anything.
        StoreRefused: it was written in a newer format.
    """
    found = Members.read(data, where, MAX_DOCUMENT)
    groups = _all(found.members("groups"), MAX_GROUPS)
    waivers = _all(found.members("waivers"), MAX_WAIVERS)
    governance = Governance(
        revision,
        {**default_groups(), **{name: _group(each, name) for name, each in groups.items()}},
        {id: _waiver(each, id) for id, each in waivers.items()},
        _rules(found.members("settings")),
        found.needs,
        dict(_unknown(found)),
    )
    changed = found.members("changed")
    return Document(
        governance, Change(changed.text("by"), changed.matching("at", is_precise), changed.text("what"))
    )


def governance_json(governance: Governance) -> dict[str, Any]:
    """Groups, waivers and settings as the document has them, with members that this packreg does not know."""
    found: dict[str, Any] = {
        "groups": {name: group_json(group) for name, group in sorted(governance.groups.items())},
        "waivers": {id: waiver_json(waiver) for id, waiver in sorted(governance.waivers.items())},
        "settings": rules_json(governance.rules),
    }
    for place, members in governance.unknown.items():
        inner = found
        for name in place:
            inner = inner.get(name, {})  # unknown members of a removed object are dropped with it
        inner.update(members)
    return found


def group_json(group: Group) -> dict[str, Any]:
    """A group as the document has it, without its name."""
    return {
        "mode": group.mode,
        "kinds": [kind for kind in _KINDS if kind in group.kinds],
        **_without_empty(stacks=list(group.stacks), accounts=list(group.accounts), tags=list(group.tags)),
        **_without_empty(**asdict(group.about)),
        "packs": {name: entry_json(entry) for name, entry in sorted(group.packs.items())},
    }


def entry_json(entry: PackEntry) -> dict[str, Any]:
    """A pack's entry as the document has it, without its name."""
    return {
        "version": entry.version,
        "modified": entry.modified,
        **_without_empty(config=dict(entry.config), environments=list(entry.environments)),
    }


def waiver_json(waiver: Waiver) -> dict[str, Any]:
    """A waiver as the document has it, without its id."""
    return {
        "pack": waiver.pack,
        "policy": waiver.policy,
        "entity": waiver.entity,
        **_without_empty(resource=waiver.resource),
        "owner": waiver.owner,
        "reason": waiver.reason,
        "expires": waiver.expires,
        "created": waiver.created,
    }


def rules_json(rules: Rules) -> dict[str, Any]:
    """The settings as the document has them."""
    return _without_empty(strict_conflicts=rules.strict_conflicts, unwaivable=list(rules.unwaivable))


def _without_empty(**members: object) -> dict[str, object]:
    return {name: value for name, value in members.items() if value}


def _group(found: Members, name: str) -> Group:
    packs = found.members("packs")
    group = Group(
        name,
        _one_of(found.raw("mode", str), _MODES, found, "mode"),
        frozenset(_one_of(kind, _KINDS, found, "kinds") for kind in found.raw("kinds", list)),
        _texts(found, "stacks"),
        _texts(found, "accounts"),
        _texts(found, "tags"),
        {pack: _entry(packs.members(pack), pack) for pack in packs.values},
        About(**{name: found.raw(name, str) for name in ABOUT if name in found.values}),
    )
    return _without(group_problem(group), group, found)


def _entry(found: Members, name: str) -> PackEntry:
    return PackEntry(
        name,
        found.raw("version", str),
        found.raw("modified", str),
        found.raw("config", dict) if "config" in found.values else {},
        _texts(found, "environments"),
    )


def _waiver(found: Members, id: str) -> Waiver:
    resource = found.raw("resource", str) if "resource" in found.values else ""
    waiver = Waiver(id, **{name: found.raw(name, str) for name in _WAIVER}, resource=resource)
    return _without(waiver_problem(waiver), waiver, found)


def _rules(found: Members) -> Rules:
    strict = found.raw("strict_conflicts", bool) if "strict_conflicts" in found.values else False
    rules = Rules(strict, _texts(found, "unwaivable"))
    return _without(rules_problem(rules), rules, found)


def _all(found: Members, most: int) -> dict[str, Members]:
    """The objects in an object, each by its name."""
    if len(found.values) > most:
        raise found._replace(path=found.path.rstrip(".")).wrong(
            "", f"{len(found.values)} are too many; at most {most} are allowed"
        )
    return {name: found.members(name) for name in found.values}


def _unknown(found: Members) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The members that this packreg does not know, by the place of the object that has them."""

    def known(place: Place, inner: Members, names: tuple[str, ...]) -> Iterator[tuple[Place, dict[str, Any]]]:
        if rest := inner.unknown(*names):
            yield place, rest

    yield from known((), found, _TOP)
    yield from known(("settings",), found.members("settings"), _RULES)
    for name, group in _all(found.members("groups"), MAX_GROUPS).items():
        yield from known(("groups", name), group, _GROUP)
        for pack, entry in _all(group.members("packs"), MAX_PACKS).items():
            yield from known(("groups", name, "packs", pack), entry, _ENTRY)
    for id, waiver in _all(found.members("waivers"), MAX_WAIVERS).items():
        yield from known(("waivers", id), waiver, (*_WAIVER, "resource"))


def _texts(found: Members, member: str) -> tuple[str, ...]:
    """A list of texts, exactly as they are; a missing one is empty."""
    return found.exact_texts(member) if member in found.values else ()


def _one_of(value: object, words: tuple[T, ...], found: Members, member: str) -> T:
    for word in words:
        if value == word:
            return word
    raise found.wrong(member, f"it is not one of {', '.join(map(str, words))}")


def _without(problem: str, value: T, found: Members) -> T:
    """The value, if there is no problem with it."""
    if problem:
        raise found._replace(path=found.path.rstrip(".")).wrong("", one_line(problem))
    return value
