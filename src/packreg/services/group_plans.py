"""Edits of policy groups that are shown before they are made: what files say, and what a group has tested."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import Problem
from packreg.groups.differences import Difference, differences
from packreg.groups.document import waiver_json
from packreg.groups.editing import promote
from packreg.groups.group_file import applied, environments_of_files
from packreg.groups.group_text import write_governance
from packreg.groups.stored import Edited
from packreg.services.enable import check_entries
from packreg.services.environment_plans import carry_out_environments, plan_environments
from packreg.services.environment_revisions import list_environments
from packreg.services.governance import edit_governance, read_governance
from packreg.services.groups import GroupsEdit, ReadGroups, base_of, rules_json
from packreg.services.waivers import check_waivers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packreg.groups.group_file import GroupFile
    from packreg.groups.model import Governance, PackEntry
    from packreg.services.environment_plans import EnvironmentPlan
    from packreg.services.workspace import Workspace


class GroupsPlan(NamedTuple):
    """An edit of `base`, `what` it is in a few words, and what it and `environments` would change."""

    edit: Callable[[Governance], Governance]
    what: str
    base: Governance
    planned: Governance
    changes: list[Difference]
    warnings: tuple[Problem, ...]
    environments: tuple[EnvironmentPlan, ...] = ()


def plan_groups(
    workspace: Workspace, files: Sequence[GroupFile], what: str, *, prune: bool, dry_run: bool
) -> GroupsPlan:
    """What would change if all were as these files say; with `prune` others go, of the kinds that they have.

    `what` says it in a few words, for the history.

    Raises:
        UsageError: two files contradict each other, or one what is there.
        NotFound, InvalidConfiguration: as `check_entries`, `check_waivers` and `plan_environments`.
    """
    base, now = base_of(workspace, dry_run=dry_run), workspace.now()

    def edit(governance: Governance) -> Governance:
        return applied(governance, files, prune=prune, now=now)

    warnings = [Problem("group-file", text) for file in files for text in file.warnings]
    planned = edit(base)
    pruned = prune and any("environments" in file.sections for file in files)
    environments, told, opener = plan_environments(workspace, environments_of_files(files), prune=pruned)
    warnings += [*told, *check_entries(workspace, _changed_entries(base, planned), opener)]
    warnings += check_waivers(workspace, base, planned)
    changes = [*(each.difference for each in environments), *differences(base, planned)]
    return GroupsPlan(edit, what, base, planned, changes, tuple(warnings), tuple(environments))


def plan_promotion(workspace: Workspace, name: str, target: str) -> GroupsPlan:
    """What would change if a preventative group required every pack of an audit group as that has it.

    Raises:
        NotFound: there is no such group.
        UsageError: they are not an audit group and a preventative one, or there is no pack.
        InvalidConfiguration: as `check_entries`.
    """
    base = read_governance(workspace)
    planned = promote(base, name, target)
    packs = planned.groups[target].packs
    entries = [
        (entry, f"the group {name}") for entry in packs.values() if entry.pack in base.groups[name].packs
    ]
    warnings = check_entries(workspace, entries)
    return GroupsPlan(
        lambda governance: promote(governance, name, target),
        f"promote {name} to {target}",
        base,
        planned,
        differences(base, planned),
        tuple(warnings),
    )


def carry_out(
    workspace: Workspace, plan: GroupsPlan, *, dry_run: bool = False, yes: bool = False
) -> GroupsEdit:
    """Make what was planned, or with `dry_run` say how it would end.

    Environments are set before groups name them, and removed when no group does any more.

    Raises what `carry_out_environments` and `edit_governance` raise; the same again goes on.
    """
    if dry_run:
        edited = Edited(plan.planned, plan.base.revision, plan.changes, written=False)
    else:
        first = [each for each in plan.environments if each.text is not None]
        carry_out_environments(workspace, first, plan.what)
        edited = edit_governance(workspace, plan.edit, plan.what, plan.base, yes=yes)
        gone = [each for each in plan.environments if each.text is None]
        carry_out_environments(workspace, gone, plan.what)
        edited = edited._replace(
            changes=[*(each.difference for each in plan.environments), *edited.changes],
            written=edited.written or bool(plan.environments),
        )
    return GroupsEdit(edited, plan.warnings, dry_run=dry_run)


class ExportedGovernance(NamedTuple):
    """All that governs: the groups, a file that says everything, and the rest of it for `--json`."""

    groups: ReadGroups
    text: str
    others: dict[str, Any]


def export_governance(workspace: Workspace) -> ExportedGovernance:
    """Groups, waivers, settings and environments as they are; secrets stay encrypted."""
    governance = read_governance(workspace)
    environments = {each.name: each.text.decode() for each in list_environments(workspace)}
    rules = rules_json(governance)
    others = {
        "waivers": {id: waiver_json(waiver) for id, waiver in sorted(governance.waivers.items())},
        "settings": {name: value for name, value in rules.items() if name != "revision"},
        "environments": environments,
    }
    groups = ReadGroups(governance.revision, [group for _, group in sorted(governance.groups.items())])
    return ExportedGovernance(groups, write_governance(governance, environments), others)


def _changed_entries(before: Governance, after: Governance) -> list[tuple[PackEntry, str]]:
    """The entries that are new or other than they were, each with the group that it is in."""
    found = []
    for name, group in sorted(after.groups.items()):
        there = before.groups[name].packs if name in before.groups else {}
        for pack, entry in sorted(group.packs.items()):
            old = there.get(pack)
            if old is None or replace(entry, modified=old.modified) != old:
                found.append((entry, f"the group {name}"))
    return found
