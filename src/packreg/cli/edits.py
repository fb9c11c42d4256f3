"""How an edit of governance is shown: what it changes, whom it touches, and what should be known about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.cli.context import CommandContext
    from packreg.errors import Problem
    from packreg.groups.differences import Difference
    from packreg.groups.reach import Reach
    from packreg.groups.stored import Edited


def show_plan(context: CommandContext, changes: Iterable[Difference]) -> None:
    """What an edit would change, a line each, for whoever is to say yes to it; JSON has it at the end."""
    for change in changes:
        if not context.out.json:
            context.out.line(str(change))
    context.out.flush()


def show_edit(
    context: CommandContext,
    edited: Edited,
    warnings: Iterable[Problem] = (),
    *,
    planned: bool = False,
    dry_run: bool = False,
    reach: Reach | None = None,
) -> None:
    """What an edit changed, unless the plan showed it already, and what should be known about it.

    With `dry_run` it is what it would change; `reach` says whom it touches.
    """
    warned = list(warnings)
    for warning in warned:
        context.out.warn(str(warning), warning.hint)
    if context.out.json:
        context.out.document(
            {
                "revision": edited.revision,
                "written": edited.written,
                "changes": [change._asdict() for change in edited.changes],
                "warnings": [warning._asdict() for warning in warned],
                **({"reach": asdict(reach)} if reach is not None else {}),
            }
        )
        return
    if not planned:
        show_plan(context, edited.changes)
    if reach is not None and edited.changes:
        context.out.say(f"{'it would be' if dry_run else 'this is'} for {reach}")
    if edited.written:
        context.out.say(f"revision {edited.revision}")
    elif dry_run and edited.changes:
        context.out.say("this would change; nothing was written")
    else:
        context.out.say("nothing to change: it is so already")
