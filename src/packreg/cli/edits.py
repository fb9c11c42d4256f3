"""Print an edit of governance: what it changes, which stacks and accounts it affects, and warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.groups.differences import difference_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.cli.context import CommandContext
    from packreg.groups.differences import Difference
    from packreg.services.groups import GroupsEdit

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Only show what would change, and whom it would affect."
)
yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask, even if it affects everyone.")


def show_plan(context: CommandContext, changes: Iterable[Difference]) -> None:
    """Print what an edit would change, a line each, before the user confirms it. Nothing with `--json`."""
    for change in changes:
        if not context.out.json:
            for line in difference_lines(change):
                context.out.line(line)
    context.out.flush()


def show_edit(context: CommandContext, changed: GroupsEdit, *, planned: bool = False) -> None:
    """Print what an edit changed or would change (not again if `planned`), its reach and its warnings."""
    edited = changed.edited
    for warning in changed.warnings:
        context.out.warn(str(warning), warning.hint)
    if context.out.json:
        context.out.document(changed.as_json())
        return
    if not planned:
        show_plan(context, edited.changes)
    if changed.reach is not None and edited.changes:
        context.out.say(f"this {'would affect' if changed.dry_run else 'affects'} {changed.reach}")
    if edited.written:
        context.out.say(f"revision {edited.revision}")
    elif changed.dry_run and edited.changes:
        context.out.say("this would change; nothing was written")
    else:
        context.out.say("nothing to change: it is already so")
