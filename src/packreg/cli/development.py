"""`dev`: the environment of a pack that is being written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.authoring import directory_argument, name_option, version_option
from packreg.cli.base import command
from packreg.cli.installing import offline_option, python_option
from packreg.services.check import checked_pack, with_wheel

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext


@command("dev", examples=("packreg dev s3-rules", "packreg dev s3-rules --python 3.12"))
@directory_argument
@name_option
@version_option
@python_option
@offline_option
@click.pass_obj
def dev_command(
    context: CommandContext,
    directory: Path,
    name: str | None,
    version: str | None,
    python: str | None,
    offline: bool,
) -> None:
    """Make or refresh the environment of a pack directory, in place.

    It is the environment that an install would make. Run the command again when the dependencies change. A
    pack without __main__.py is built for it; if its package is not at the top, as in src/, run it again when
    the code changes. The manifest is left alone.
    """
    from packreg.install.dev import dev

    pack = with_wheel(context, checked_pack(context, directory, name, version))
    with context.out.working() as work:
        done = dev(
            Path(context.cwd, directory).resolve(),
            pack,
            context.tools,
            python=context.python(python),
            offline=offline,
            say=work.show,
        )
    for note in done.notes:
        context.out.warn(note)
    if context.out.json:
        context.out.document(done.as_json())
        return
    if done.environment is None:
        context.out.say(f"{pack.name} needs no environment")
        return
    context.out.raw_path(done.environment)
    context.out.say(f"the environment of {pack.name} {'is ready' if done.changed else 'was up to date'}")
