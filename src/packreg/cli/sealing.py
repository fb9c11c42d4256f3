"""`seal`: the registry keeps what installs of a release need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import REFERENCE, command
from packreg.errors import InstallError
from packreg.services.catalog import kept_in_words
from packreg.services.sealing import missing_in_words, seal_release
from packreg.text import human_size

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.pack.reference import Reference


@command("seal", examples=("packreg seal s3-rules@1.2.0", "packreg seal s3-rules --json"))
@click.argument("reference", metavar="REF", type=REFERENCE)
@click.pass_obj
def seal_command(context: CommandContext, reference: Reference) -> int:
    """Keep the files of a release's dependencies in the registry.

    Installing it then needs no package index. Wheels and npm's packages are fetched from the index of this
    machine, and taken if they have the digests that the release was locked with; each is kept once, whatever
    releases need it. `seal_platforms` and `seal_pythons` below [publish] say for which machines. Again, it
    adds only what is missing. Exit code 10 if something cannot be had: what can be is kept.
    """
    done = seal_release(context, reference)
    if context.out.json:
        context.out.document(done.as_json())
        return InstallError.exit_code if done.missing else 0
    said = kept_in_words(done.sealed) or "it has no dependencies"
    word = "is sealed" if done.changed or done.missing else "is sealed already"
    context.out.line(f"{done.record.reference} {word}: {said}")
    if done.added:
        size = human_size(sum(artifact.size for artifact in done.added))
        context.out.detail(f"added {len(done.added)} files, {size}")
    if done.missing:
        context.out.warn(
            f"not all of it can be had:\n{missing_in_words(done.missing)}",
            "name fewer platforms or Pythons below [publish], or run it where the index has them",
        )
        return InstallError.exit_code
    return 0
