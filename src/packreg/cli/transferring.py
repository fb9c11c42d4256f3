"""`transfer`: move a registry to another store, and prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.services.transfer import transfer, transfer_json
from packreg.text import human_size

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.services.transfer import Transferring


@command(
    "transfer",
    examples=(
        "packreg transfer /srv/packs 's3://policies/packs?region=eu-central-1'",
        "packreg transfer s3://old/packs s3://new/packs --dry-run",
    ),
)
@click.argument("source", metavar="SOURCE")
@click.argument("target", metavar="TARGET")
@click.option("--dry-run", is_flag=True, help="Only compare, and say what would be copied.")
@click.pass_obj
def transfer_command(context: CommandContext, source: str, target: str, dry_run: bool) -> int:
    """Copy a registry to another store, and prove both hold the same.

    SOURCE and TARGET are directories or URLs. The source is only read. Nothing is overwritten at the target,
    which becomes a registry when all is there: then both sides are listed, and every object is read and
    compared by its digest. After a failure the same command goes on. Exit code 9: the target has something
    else. Exit code 12: the source changed meanwhile, and the target is no registry yet.
    """
    made = transfer(context, source, target, dry_run=dry_run)
    problem = made.problem
    if context.out.json and problem is None:
        context.out.document(transfer_json(made))
    elif not context.out.json:
        _show(context, made)
    if problem is not None:
        return context.out.failure(problem, transfer=transfer_json(made))
    return 0


def _show(context: CommandContext, made: Transferring) -> None:
    out = context.out
    word = "would be copied" if made.dry_run else "copied"
    sizes = f"{human_size(made.copied_size)} of {human_size(made.size)}"
    out.line(f"{made.copied} of {made.objects} objects {word}: {sizes}")
    if made.proof is not None:
        out.line(f"{made.proof.objects} objects are the same on both sides: {made.proof.digest}")
    if made.problem is None and not made.dry_run:
        out.line(f"{made.target} is the registry {made.id}, with governance at revision {made.revision}")
