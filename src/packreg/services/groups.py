"""Policy groups are changed: what an edit changes, whom it is for, and what should be known about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import NotFound, Problem
from packreg.groups import editing
from packreg.groups.differences import differences
from packreg.groups.editing import found_group
from packreg.groups.model import About, Group, Rules
from packreg.groups.reach import Reach, group_reach
from packreg.groups.stored import Edited
from packreg.groups.waiving import may_waive
from packreg.pack.version import pack_name
from packreg.reports.report_keys import RUNS
from packreg.services.enable import check_entries, with_environments, with_layer, written_version
from packreg.services.governance import (
    edit_governance,
    governance_to_edit,
    read_governance,
    stored_governance,
)
from packreg.services.reports import ReportStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from packreg.configuration.file import Layer
    from packreg.groups.editing import Listed
    from packreg.groups.model import Entity, EntityKind, Governance, Mode
    from packreg.services.workspace import Workspace


class GroupsEdit(NamedTuple):
    """How an edit ended, or with `dry_run` would end; whom it is for, where that is known."""

    edited: Edited
    warnings: tuple[Problem, ...] = ()
    reach: Reach | None = None
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "revision": self.edited.revision,
            "written": self.edited.written,
            "changes": [change._asdict() for change in self.edited.changes],
            "warnings": [warning._asdict() for warning in self.warnings],
            **({"reach": asdict(self.reach)} if self.reach is not None else {}),
        }


def known_entities(workspace: Workspace) -> list[Entity]:
    """Who is known: who has reports in the registry. A request for each kind of run and 1,000 of them."""
    return ReportStore(workspace).entities(RUNS)


def change_for(
    workspace: Workspace,
    edit: Callable[[Governance], Governance],
    what: str,
    base: Governance,
    reach: Reach,
    warnings: Iterable[Problem] = (),
    *,
    dry_run: bool,
    yes: bool,
) -> GroupsEdit:
    """Make an edit of `base` that is for `reach`; `what` says it in a few words.

    Raises:
        UsageError: it is for everyone, and was not confirmed; nothing was written.
        PackregError: what `edit_governance` raises.
    """
    planned = edit(base)
    changes = differences(base, planned)
    if dry_run:
        edited = Edited(planned, base.revision, changes, written=False)
    else:
        if changes and reach.everyone:
            workspace.confirmed(f"{what}: this affects {reach}; going on", yes)
        edited = edit_governance(workspace, edit, what, base, yes=yes)
    return GroupsEdit(edited, tuple(warnings), reach, dry_run)


def enable_pack(
    workspace: Workspace,
    group: str,
    reference: str,
    *,
    config: Layer | None = None,
    environments: Sequence[str] | None = None,
    dry_run: bool = False,
    yes: bool = False,
) -> GroupsEdit:
    """Enable a pack in a group, or change its entry: None leaves a part as it is, an empty value removes it.

    Raises:
        NotFound: there is no such group, pack, version or environment.
        InvalidConfiguration: with every problem, for every version that the reference could mean.
        PackregError: as `change_for`.
    """
    base = base_of(workspace, dry_run=dry_run)
    target = found_group(base, group)
    warnings: list[Problem] = []
    keep = config is not None or environments is not None
    entry = written_version(workspace, target, reference, warnings, keep=keep)
    if config is not None:
        entry = with_layer(entry, config)
        warnings += config.warnings
    if environments is not None:
        entry = with_environments(entry, environments)
    where = config.where if config is not None and config.where else f"the group {group}"
    warnings += check_entries(workspace, [(entry, where)])
    return change_for(
        workspace,
        lambda governance: editing.enable(governance, group, entry),
        f"enable {entry.pack}@{entry.version} in {group}",
        base,
        group_reach(base, target, known_entities(workspace)),
        warnings,
        dry_run=dry_run,
        yes=yes,
    )


def disable_pack(
    workspace: Workspace,
    group: str,
    pack: str,
    version: str | None = None,
    *,
    dry_run: bool = False,
    yes: bool = False,
) -> GroupsEdit:
    """Take a pack and its configuration out of a group, or only a `version` of it, as the group asks for it.

    Raises:
        NotFound: there is no such group, or no such pack in it, or it asks for another version.
        PackregError: as `change_for`.
    """
    base = read_governance(workspace)
    editing.disable(base, group, pack)  # raises where there is none
    asked = base.groups[group].packs[pack].version
    if version not in (None, asked):
        raise NotFound(f"the policy group {group} asks for {pack}@{asked}, not for {pack}@{version}")
    return change_for(
        workspace,
        lambda governance: editing.disable(governance, group, pack),
        f"disable {pack} in {group}",
        base,
        group_reach(base, found_group(base, group), known_entities(workspace)),
        dry_run=dry_run,
        yes=yes,
    )


def edit_group(
    workspace: Workspace,
    name: str,
    *,
    add: Listed,
    remove: Listed,
    add_packs: Sequence[str] = (),
    remove_packs: Sequence[str] = (),
    new_name: str | None = None,
    about: Mapping[str, str] | None = None,
    dry_run: bool = False,
    yes: bool = False,
) -> GroupsEdit:
    """Change a group's members, packs and name in one revision; packs are references, as for `enable_pack`.

    `about` has another owner, contact or description, "" for none. It is for whoever it is wider for: the
    members before, or after; and for nobody if only `about` is given.

    Raises:
        PackregError: as `enable_pack`.
    """
    base = base_of(workspace, dry_run=dry_run)
    target = found_group(base, name)
    warnings: list[Problem] = []
    entries = [written_version(workspace, target, text, warnings) for text in add_packs]
    warnings += check_entries(workspace, [(entry, f"the group {name}") for entry in entries])

    def edit(governance: Governance) -> Governance:
        governance = editing.disable(governance, name, *remove_packs)
        governance = editing.enable(governance, name, *entries)
        governance = editing.edit_members(governance, name, add, remove)
        governance = editing.describe_group(governance, name, about or {})
        return editing.rename_group(governance, name, new_name) if new_name else governance

    planned, known = edit(base), known_entities(workspace)
    reaches = (
        group_reach(base, target, known),
        group_reach(planned, planned.groups[new_name or name], known),
    )
    reach = max(reaches, key=lambda one: (one.everyone, one.touched))
    if not (add_packs or remove_packs or new_name or add != remove):
        reach = Reach(0, reach.known, everyone=False)
    return change_for(
        workspace, edit, f"edit the group {name}", base, reach, warnings, dry_run=dry_run, yes=yes
    )


def new_group(
    workspace: Workspace,
    name: str,
    members: Listed,
    *,
    mode: Mode = "preventative",
    kinds: Iterable[EntityKind] = ("stack",),
    about: Mapping[str, str] | None = None,
) -> GroupsEdit:
    """Make a policy group without packs, which takes entities of these kinds; `about` as in `edit_group`.

    Raises:
        UsageError: there is one of its name, or it cannot be one.
        PackregError: as `edit_governance`.
    """
    made = Group(
        pack_name(name, "group's name"),
        mode,
        frozenset(kinds),
        tuple(sorted({*members.stacks})),
        tuple(sorted({*members.accounts})),
        tuple(sorted({*members.tags})),
        about=About(**(about or {})),
    )
    base = governance_to_edit(workspace)
    edited = edit_governance(
        workspace,
        lambda governance: editing.new_group(governance, made),
        f"create the group {made.name}",
        base,
    )
    return GroupsEdit(edited)


def remove_group(workspace: Workspace, name: str, *, yes: bool = False) -> GroupsEdit:
    """Delete a policy group: what it required is no longer required.

    Raises:
        NotFound: there is no such group.
        UsageError: it is a default group, or was not confirmed.
        PackregError: as `edit_governance`.
    """
    base = read_governance(workspace)
    editing.remove_group(base, name)
    workspace.confirmed(f"deleting the policy group {name}", yes)
    edited = edit_governance(
        workspace,
        lambda governance: editing.remove_group(governance, name),
        f"delete the group {name}",
        base,
    )
    return GroupsEdit(edited)


def change_rules(
    workspace: Workspace, strict: bool | None, unwaivable: Sequence[str], waivable: Sequence[str]
) -> GroupsEdit:
    """Change what holds for all groups; None leaves `strict`, globs are added and taken back.

    Raises:
        NotFound: what is taken back is not listed.
        PackregError: as `edit_governance`.
    """
    base = governance_to_edit(workspace)
    for glob in waivable:
        if glob not in base.rules.unwaivable:
            listed = ", ".join(base.rules.unwaivable) or "nothing"
            raise NotFound(f"{glob} is not listed as unwaivable", hint=f"listed is {listed}")
    globs = tuple(sorted({*base.rules.unwaivable, *unwaivable} - {*waivable}))
    rules = Rules(base.rules.strict_conflicts if strict is None else strict, globs)
    edited = edit_governance(
        workspace, lambda governance: editing.set_rules(governance, rules), "change the settings", base
    )
    without = [
        Problem(
            "waiver-without-effect",
            f"the waiver {waiver.id} of {waiver.pack}:{waiver.policy} no longer counts",
            hint=f"`packreg waiver rm {waiver.id}`",
        )
        for _, waiver in sorted(edited.governance.waivers.items())
        if not may_waive(rules, waiver.pack, waiver.policy)
    ]
    return GroupsEdit(edited, tuple(without))


def base_of(workspace: Workspace, *, dry_run: bool) -> Governance:
    """What an edit starts from. Raises what `governance_to_edit` raises, which a dry run does not call."""
    return read_governance(workspace) if dry_run else governance_to_edit(workspace)


class ReadGroups(NamedTuple):
    """Policy groups as they are at one revision of governance."""

    revision: int
    groups: list[Group]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"revision": self.revision, "groups": [group_json(group) for group in self.groups]}


def read_groups(workspace: Workspace, names: Sequence[str] = (), *, at: int | None = None) -> ReadGroups:
    """These policy groups, or all by name, now or at a revision. Raises: NotFound: one is not there."""
    governance = read_governance(workspace) if at is None else stored_governance(workspace).at(at).governance
    groups = [found_group(governance, name) for name in names or sorted(governance.groups)]
    return ReadGroups(governance.revision, groups)


def group_json(group: Group) -> dict[str, Any]:
    """A group for `--json`, always with the same members."""
    return {
        "name": group.name,
        "mode": group.mode,
        "entity_types": [f"{kind}s" for kind in ("stack", "account") if kind in group.kinds],
        "default": group.is_default,
        **asdict(group.about),
        "stacks": list(group.stacks),
        "accounts": list(group.accounts),
        "tags": list(group.tags),
        "packs": [
            {
                "name": entry.pack,
                "version": entry.version,
                "modified": entry.modified,
                "config": dict(entry.config),
                "environments": list(entry.environments),
            }
            for _, entry in sorted(group.packs.items())
        ],
    }


def rules_json(governance: Governance) -> dict[str, Any]:
    """What holds for all groups, for `--json`."""
    rules = governance.rules
    return {
        "revision": governance.revision,
        "strict_conflicts": rules.strict_conflicts,
        "unwaivable": list(rules.unwaivable),
    }
