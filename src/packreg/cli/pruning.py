"""`reports prune`: delete old reports by rule, and leave in their chain what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import CommandGroup, command, several_option
from packreg.cli.reporting import entities_argument
from packreg.errors import IntegrityError
from packreg.registry.pruned_reports import LEAST_KEPT
from packreg.reports.report_keys import RUNS
from packreg.services.pruning import KEPT, Retention, find_prunable, prune, prune_json, prune_question
from packreg.text import human_size

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.reports.report_keys import Run
    from packreg.services.pruning import Kept, Prune

reports_command = CommandGroup(
    "reports",
    help="Prune old reports; their chains keep what they were.",
    examples=("packreg reports prune --older-than 365 --dry-run",),
)


@command(
    "prune",
    group=reports_command,
    examples=(
        "packreg reports prune --older-than 365 --dry-run",
        "packreg reports prune '*/dev' --keep-last 50 --run preview --yes",
    ),
)
@entities_argument
@click.option(
    "--older-than", metavar="DAYS", type=click.IntRange(min=1), help="Only reports older than this."
)
@click.option(
    "--keep-last",
    metavar="N",
    type=click.IntRange(min=LEAST_KEPT),
    default=LEAST_KEPT,
    show_default=True,
    help="Keep the newest of each stack and kind of run.",
)
@several_option("--run", "runs", choices=RUNS, help="Only reports of such runs. Default: all.")
@several_option("--also", choices=KEPT, help="Reports that something rests on, which are kept else.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def prune_command(
    context: CommandContext,
    entities: tuple[str, ...],
    older_than: int | None,
    keep_last: int,
    runs: tuple[Run, ...],
    also: tuple[Kept, ...],
    dry_run: bool,
    yes: bool,
) -> int:
    """Delete old reports; their chains keep number, digest and verdict.

    The entry that says so is written before anything is deleted, so `verify` can tell it from tampering, and
    a run that was killed goes on with the next one. The newest two reports of each stack and kind of run
    always stay. Unless --also says otherwise, these stay too: the last report of a day, which `prove` shows;
    reports of updates that no audit has seen yet; reports in which a waiver counted that has not expired.
    Exit code 8: a report is not as it was entered; it stays.
    """
    with context.out.working(None, "reading reports"):
        found = find_prunable(context, Retention(older_than, keep_last, also, entities, runs or RUNS))
    if found.reports and not dry_run:
        context.confirmed(prune_question(found.reports), yes)
        with context.out.working(len(found.reports), "deleting") as work:
            for _ in prune(context, found.reports):
                work.done()
    if context.out.json:
        context.out.document(prune_json(found, deleted=not dry_run))
    else:
        _show(context, found, dry_run=dry_run)
    for wrong in found.unreadable:
        context.out.warn(wrong)
    return IntegrityError.exit_code if found.unreadable else 0


def _show(context: CommandContext, found: Prune, *, dry_run: bool) -> None:
    chains: dict[tuple[str, str], list[str]] = {}
    for each in found.reports:
        chains.setdefault((each.entity.name, each.run), []).append(each.time)
    context.out.table(
        ["entity", "run", "reports", "oldest", "newest"],
        [[*chain, len(times), min(times), max(times)] for chain, times in chains.items()],
    )
    size = human_size(sum(each.size for each in found.reports))
    word = "would be deleted" if dry_run else "deleted"
    context.out.say(f"{len(found.reports)} reports, {size}, {word}" if found.reports else "nothing to delete")
    kept = ", ".join(f"{found.kept[reason]} {reason}" for reason in KEPT if found.kept[reason])
    if kept:
        context.out.say(f"kept, as something rests on them: {kept}")
