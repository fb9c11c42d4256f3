"""Who belongs to a group. Pure.

A stack is listed as `project/stack`, of whatever organization, or as `organization/project/stack`. `*`, `?`
and `[…]` stand for characters of one part, never for a slash: `*/prod` is every project's `prod`, and
`acme/*/prod` the same of one organization. Where an operator has named backends, `east:infra/prod` is the
stack of one of them and `*:infra/prod` that of any named one; a name without a backend means the stack in
every backend. An account's name is one text in which `*` stands for anything, as accounts are named in levels
(`cloud/region`). A tag rule `name=glob` makes a member of every entity that
has the tag; one rule or one name that fits is enough. Case counts, as it does for Pulumi's stacks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import translate

from packreg.groups.model import Entity, EntityKind, Governance, Group, Mode

MAX_MEMBER = 400  # characters

_BACKEND = re.compile(r"[a-z0-9*?\[\]!-]{1,60}", re.ASCII)
_GLOB = re.compile(r"[*?\[]")
_TOKEN = re.compile(r"\[!?\]?[^\]]*\]|.")


def stack_problem(pattern: str) -> str:
    """Why this cannot be a group's stack, or an empty string."""
    if problem := _text_problem(pattern):
        return problem
    backend, colon, name = pattern.rpartition(":")
    if colon and not _BACKEND.fullmatch(backend):
        return "what is before the colon is not the name of a backend"
    parts = name.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        return "it is not project/stack or organization/project/stack; every prod stack is */prod"
    if "**" in pattern:
        return "** means no more than *, which stands for any characters but a slash"
    return ""


def account_problem(pattern: str) -> str:
    """Why this cannot be a group's account, or an empty string."""
    return _text_problem(pattern)


def tag_problem(rule: str) -> str:
    """Why this cannot be a tag rule, or an empty string."""
    name, equals, glob = rule.partition("=")
    if not equals or not name.strip() or not glob:
        return "it is not name=value, where the value may have globs: env=prod"
    return _text_problem(rule)


def matches(pattern: str, entity: Entity) -> bool:
    """Whether a stack's or an account's pattern means this entity."""
    group = Group("", "audit", frozenset({entity.kind}), stacks=(pattern,), accounts=(pattern,))
    return belongs(group, entity)


def belongs(group: Group, entity: Entity) -> bool:
    """Whether the entity is a member of the group; every entity is one of its defaults."""
    return _Membership(group).has(entity, _names_of(entity))


def groups_of(governance: Governance, entity: Entity, mode: Mode) -> tuple[str, ...]:
    """The names of the groups of a mode that the entity belongs to, sorted."""
    return Memberships(governance).groups_of(entity, mode)


def groups_by_tags(governance: Governance, mode: Mode) -> tuple[str, ...]:
    """The names of groups that have packs and choose stacks by tags: they may miss a stack without."""
    groups = sorted(governance.groups.items())
    return tuple(name for name, g in groups if g.mode == mode and "stack" in g.kinds and g.tags and g.packs)


class Memberships:
    """The members of every group, for asking about many entities: patterns are compiled once."""

    def __init__(self, governance: Governance) -> None:
        self._groups = governance.groups
        self._of = [(name, _Membership(group)) for name, group in sorted(governance.groups.items())]

    def groups_of(self, entity: Entity, mode: Mode) -> tuple[str, ...]:
        """The names of the groups of a mode that the entity belongs to, sorted."""
        names = _names_of(entity)
        return tuple(
            name for name, members in self._of if members.mode == mode and members.has(entity, names)
        )

    def rule(self, name: str, entity: Entity) -> str:
        """By what the entity belongs to the group of this name: what it lists, or `tag NAME=GLOB`.

        A name without globs goes first, and a tag last. It is "everyone" for a default group, "" where the
        entity is no member.
        """
        group = self._groups[name]
        if group.is_default:
            return "everyone" if entity.kind in group.kinds else ""
        listed = group.stacks if entity.kind == "stack" else group.accounts
        named = _names_of(entity).intersection(listed)
        by_glob = (pattern for pattern in listed if matches(pattern, entity))
        alone = replace(group, stacks=(), accounts=())
        by_tag = (f"tag {rule}" for rule in group.tags if belongs(replace(alone, tags=(rule,)), entity))
        return next((rule for rules in (sorted(named), by_glob, by_tag) for rule in rules), "")


class _Membership:
    """A group's members: plain names in a set, everything else in one pattern."""

    def __init__(self, group: Group) -> None:
        self.mode = group.mode
        self._kinds = group.kinds
        self._everyone = group.is_default
        stacks = [pattern for pattern in group.stacks if ":" not in pattern]
        self._named = {"stack": frozenset(stacks), "account": frozenset(group.accounts)}
        self._of_backends = [
            (re.compile(translate(backend)), re.compile(_stack_expression(name)))
            for backend, colon, name in (pattern.rpartition(":") for pattern in group.stacks)
            if colon
        ]
        self._globs = {
            "stack": _compiled([p for p in stacks if _GLOB.search(p)], "stack"),
            "account": _compiled([p for p in group.accounts if _GLOB.search(p)], "account"),
        }
        rules = (rule.partition("=") for rule in group.tags)
        self._tags = [(name, re.compile(translate(glob))) for name, _, glob in rules]

    def has(self, entity: Entity, names: frozenset[str]) -> bool:
        kind = entity.kind
        if kind not in self._kinds:
            return False
        if self._everyone or not names.isdisjoint(self._named[kind]):
            return True
        name, globs = entity.in_its_backend, self._globs[kind]
        if globs is not None and globs.match(name):
            return True
        if kind == "stack" and any(
            backend.match(entity.of_backend) and stack.match(name)
            for backend, stack in (self._of_backends if entity.of_backend else ())
        ):
            return True
        if not self._tags:
            return False
        return any(name in entity.tags and glob.match(entity.tags[name]) for name, glob in self._tags)


def _names_of(entity: Entity) -> frozenset[str]:
    """The names that a list without globs may have for it."""
    _, slash, rest = entity.in_its_backend.partition("/")
    return frozenset({entity.in_its_backend, rest} if entity.kind == "stack" and slash else {entity.name})


def _compiled(patterns: Sequence[str], kind: EntityKind) -> re.Pattern[str] | None:
    """One expression for all patterns; None without any."""
    translated = [_stack_expression(p) if kind == "stack" else translate(p) for p in patterns]
    return re.compile("|".join(translated)) if translated else None


def _stack_expression(pattern: str) -> str:
    """A stack's pattern over `organization/project/stack`, in which only a slash is a slash."""
    parts = pattern.split("/")
    return "/".join(["[^/]*"] * (3 - len(parts)) + [_part_expression(part) for part in parts]) + r"\Z"


def _part_expression(part: str) -> str:
    """One part of a pattern; groups are atomic, as in `fnmatch`, so that no pattern takes long to fail."""
    first, *more = [_plain_expression(piece) for piece in re.split(r"\*+", part)]
    if not more:
        return first
    return first + "".join(f"(?>[^/]*?{piece})" for piece in more[:-1]) + "[^/]*" + more[-1]


def _plain_expression(piece: str) -> str:
    return "".join(
        "[^/]" if part == "?" else f"(?!/){_class_expression(part)}" if len(part) > 1 else re.escape(part)
        for part in _TOKEN.findall(piece)
    )


def _class_expression(part: str) -> str:
    return translate(part).removeprefix("(?s:").removesuffix(r")\Z")


def _text_problem(text: str) -> str:
    if not text or len(text) > MAX_MEMBER:
        return f"it has {len(text)} characters; 1 to {MAX_MEMBER} are allowed"
    if not text.isprintable() or text != text.strip():
        return "it has a character that cannot be seen, or space around it"
    return ""
