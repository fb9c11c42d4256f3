"""Edits of policy groups that are shown before they are made: what files say, and what a group has tested."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import Problem
from packreg.groups.differences import Difference, differences
from packreg.groups.editing import promote
from packreg.groups.group_file import applied
from packreg.groups.stored import Edited
from packreg.services.enable import check_entries
from packreg.services.governance import edit_governance, read_governance
from packreg.services.groups import GroupsEdit, base_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packreg.groups.group_file import GroupFile
    from packreg.groups.model import Governance, PackEntry
    from packreg.services.workspace import Workspace


class GroupsPlan(NamedTuple):
    """An edit of `base`, `what` it is in a few words, and what it would change."""

    edit: Callable[[Governance], Governance]
    what: str
    base: Governance
    planned: Governance
    changes: list[Difference]
    warnings: tuple[Problem, ...]


def plan_groups(
    workspace: Workspace, files: Sequence[GroupFile], what: str, *, prune: bool, dry_run: bool
) -> GroupsPlan:
    """What would change if the groups were as these files say; with `prune` others and their packs go.

    `what` says it in a few words, for the history.

    Raises:
        UsageError: two files contradict each other, or one what is there.
        NotFound, InvalidConfiguration: as `check_entries`.
    """
    base = base_of(workspace, dry_run=dry_run)

    def edit(governance: Governance) -> Governance:
        return applied(governance, files, prune=prune)

    warnings = [Problem("group-file", text) for file in files for text in file.warnings]
    planned = edit(base)
    warnings += check_entries(workspace, _changed_entries(base, planned))
    return GroupsPlan(edit, what, base, planned, differences(base, planned), tuple(warnings))


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
    """Make what was planned, or with `dry_run` say how it would end. Raises what `edit_governance` raises."""
    if dry_run:
        edited = Edited(plan.planned, plan.base.revision, plan.changes, written=False)
    else:
        edited = edit_governance(workspace, plan.edit, plan.what, plan.base, yes=yes)
    return GroupsEdit(edited, plan.warnings, dry_run=dry_run)


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
