"""Edits of governance: each function takes a whole `Governance` and returns a changed one. Pure.

Entries may have any time as `modified` (`times.NEVER`); `merging` sets that of changed entries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from packreg.errors import NotFound, UsageError
from packreg.groups.checks import group_problem, rules_problem, waiver_problem
from packreg.groups.model import (
    DEFAULT_AUDIT,
    DEFAULT_GROUPS,
    DEFAULT_PREVENTATIVE,
    Governance,
    Group,
    PackEntry,
    Rules,
    Waiver,
)
from packreg.groups.waiving import NO_WAIVERS, may_waive
from packreg.text import nearest


@dataclass(frozen=True, slots=True)
class Listed:
    """Members of a group as they are listed: stacks, accounts, tag rules."""

    stacks: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


#: What the default groups are called in Pulumi Cloud.
_PULUMIS = {"default-policy-group": DEFAULT_PREVENTATIVE, "default-accounts-policy-group": DEFAULT_AUDIT}


def found_group(governance: Governance, name: str) -> Group:
    """The group of this name.

    Raises:
        NotFound: there is none; the hint suggests a similar name.
    """
    group = governance.groups.get(name)
    if group is None:
        close = _PULUMIS.get(name) or nearest(name, governance.groups)
        hint = f"did you mean {close}?" if close else "`packreg group ls` lists them"
        raise NotFound(f"there is no policy group {name[:100]!r}", hint=hint)
    return group


def with_group(governance: Governance, group: Group) -> Governance:
    """Governance with this group, in place of the one of its name.

    Raises:
        UsageError: it is no valid group; the message says why.
    """
    if problem := group_problem(group):
        raise UsageError(f"the policy group {group.name[:100]!r} is refused: {problem}")
    return replace(governance, groups={**governance.groups, group.name: group})


def new_group(governance: Governance, group: Group) -> Governance:
    """Governance with a new group. Raises UsageError if its name is taken or it is not valid."""
    if group.name in governance.groups:
        raise UsageError(
            f"there is a policy group {group.name} already",
            hint=f"`packreg group edit {group.name}` changes it, `packreg group get {group.name}` shows it",
        )
    return with_group(governance, group)


def edit_members(governance: Governance, name: str, add: Listed, remove: Listed) -> Governance:
    """Governance with members of a group added and removed. A member is never listed twice.

    Raises:
        NotFound: there is no such group, or it does not list what is to be removed.
        UsageError: it is a default group, or one of the members is not valid.
    """
    group = found_group(governance, name)
    return with_group(
        governance,
        replace(
            group,
            stacks=_edited(group.stacks, add.stacks, remove.stacks, name),
            accounts=_edited(group.accounts, add.accounts, remove.accounts, name),
            tags=_edited(group.tags, add.tags, remove.tags, name),
        ),
    )


def describe_group(governance: Governance, name: str, about: Mapping[str, str]) -> Governance:
    """Governance with a group whose owner, contact or description (`about`, by name) is another; "" is none.

    Raises:
        NotFound: there is no such group.
        UsageError: a text is not valid.
    """
    group = found_group(governance, name)
    return with_group(governance, replace(group, about=replace(group.about, **about)))


def rename_group(governance: Governance, name: str, new_name: str) -> Governance:
    """Governance with a group under another name.

    Raises:
        NotFound: there is no such group.
        UsageError: it is a default group, or the new name is taken or not valid.
    """
    group = found_group(governance, name)
    without = remove_group(governance, name)
    unknown = {
        ("groups", new_name, *place[2:]) if place[:2] == ("groups", name) else place: members
        for place, members in governance.unknown.items()
    }
    return replace(new_group(without, replace(group, name=new_name)), unknown=unknown)


def remove_group(governance: Governance, name: str) -> Governance:
    """Governance without a group.

    Raises:
        NotFound: there is no such group.
        UsageError: it is a default group.
    """
    found_group(governance, name)
    if name in DEFAULT_GROUPS:
        raise UsageError(
            f"{name} is always there, and can be neither removed nor renamed",
            hint=f"`packreg disable PACK --group {name}` takes a pack out of it",
        )
    return replace(governance, groups={n: g for n, g in governance.groups.items() if n != name})


def enable(governance: Governance, group: str, *entries: PackEntry) -> Governance:
    """Governance with these entries in a group, each in place of the group's entry for that pack.

    Raises:
        NotFound: there is no such group.
        UsageError: an entry is not valid.
    """
    found = found_group(governance, group)
    packs = {**found.packs, **{entry.pack: entry for entry in entries}}
    return with_group(governance, replace(found, packs=packs))


def disable(governance: Governance, group: str, *packs: str) -> Governance:
    """Governance without these packs in a group. Raises NotFound: no such group, or it has no such pack."""
    found = found_group(governance, group)
    for pack in packs:
        if pack not in found.packs:
            raise NotFound(
                f"the policy group {group} does not have the pack {pack[:100]!r}",
                hint=f"it has {_words(found.packs)}",
            )
    left = {name: entry for name, entry in found.packs.items() if name not in packs}
    return with_group(governance, replace(found, packs=left))


def promote(governance: Governance, source: str, target: str) -> Governance:
    """Governance with all pack entries of an audit group copied to a preventative group.

    Entries of the source replace those of the same pack in the target; the target's other packs and its
    members stay, and so does the source, which goes on reporting.

    Raises:
        NotFound: there is no such group.
        UsageError: the source is not an audit group, the target not a preventative one, or no pack is there.
    """
    tested, blocking = found_group(governance, source), found_group(governance, target)
    if tested.mode != "audit" or blocking.mode != "preventative":
        wrong = tested if tested.mode != "audit" else blocking
        raise UsageError(
            f"packs are promoted from an audit group to a preventative one, and {wrong.name} is {wrong.mode}",
            hint="`packreg group ls` shows which group is which",
        )
    if not tested.packs:
        raise UsageError(f"{source} has no packs to promote", hint=f"`packreg enable REF --group {source}`")
    return enable(governance, target, *tested.packs.values())


def waive(governance: Governance, waiver: Waiver, forbidden: Collection[str] = ()) -> Governance:
    """Governance with one more waiver; `forbidden` are the policies of its pack that forbid waivers.

    Raises:
        UsageError: the policy may not be waived, or the waiver is not valid.
    """
    if problem := waiver_problem(waiver):
        raise UsageError(f"this cannot be a waiver: {problem}")
    name = f"{waiver.pack}:{waiver.policy}"
    if not may_waive(governance.rules, waiver.pack, waiver.policy):
        raise UsageError(
            f"{name} may not be waived: the settings of the groups list it as unwaivable",
            hint="fix the resource, or ask whoever keeps the registry's settings",
        )
    if waiver.policy in forbidden:
        raise UsageError(
            f"{name} may not be waived: its pack gives it the tag {NO_WAIVERS}",
            hint="fix the resource, or ask the pack's author",
        )
    return replace(governance, waivers={**governance.waivers, waiver.id: waiver})


def unwaive(governance: Governance, id: str) -> Governance:
    """Governance without a waiver. Raises NotFound: there is none with this id."""
    if id not in governance.waivers:
        raise NotFound(f"there is no waiver {id[:100]!r}", hint="`packreg waiver ls` lists them")
    return replace(governance, waivers={i: w for i, w in governance.waivers.items() if i != id})


def set_rules(governance: Governance, rules: Rules) -> Governance:
    """Governance with other settings. Raises UsageError: they are not valid."""
    if problem := rules_problem(rules):
        raise UsageError(f"the settings are refused: {problem}")
    return replace(governance, rules=rules)


def _edited(
    there: tuple[str, ...], add: Iterable[str], remove: Collection[str], group: str
) -> tuple[str, ...]:
    for member in remove:
        if member not in there:
            raise NotFound(
                f"the policy group {group} does not list {member[:100]!r}", hint=f"it lists {_words(there)}"
            )
    return tuple(sorted({*there, *add} - set(remove)))


def _words(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "") or "nothing"
