"""Changing what others must pass: shown with whom it touches, and asked for where that is everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.edits import show_edit
from packreg.groups.differences import differences
from packreg.groups.stored import Edited
from packreg.services.governance import edit_governance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packreg.cli.context import CommandContext
    from packreg.errors import Problem
    from packreg.groups.model import Entity, Governance
    from packreg.groups.reach import Reach

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Only show what would change, and whom it would touch."
)
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask, though it is for everyone.")


def known_entities(context: CommandContext) -> list[Entity]:
    """Who is known: who has reports in the registry. A request for each kind of run and 1,000 of them."""
    from packreg.reports.report_keys import RUNS
    from packreg.services.reports import ReportStore

    return ReportStore(context).entities(RUNS)


def change_for(
    context: CommandContext,
    edit: Callable[[Governance], Governance],
    what: str,
    base: Governance,
    reach: Reach,
    warnings: Iterable[Problem] = (),
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Make an edit that `reach` is told of, and show it; `what` says it in a few words.

    Raises:
        UsageError: it is for everyone, and nobody said yes; nothing was written.
        PackregError: what `edit_governance` raises.
    """
    planned = edit(base)
    changes = differences(base, planned)
    if dry_run:
        edited = Edited(planned, base.revision, changes, written=False)
        show_edit(context, edited, warnings, reach=reach, dry_run=True)
        return
    if changes and reach.everyone:
        context.confirmed(f"{what}: this is for {reach}; going on", yes)
    edited = edit_governance(context, edit, what, base, yes=yes)
    show_edit(context, edited, warnings, reach=reach)
