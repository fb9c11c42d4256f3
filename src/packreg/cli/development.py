"""`dev`: the environment of a pack that is being written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.authoring import directory_argument, name_option, version_option
from packreg.cli.base import command
from packreg.cli.installing import offline_option, python_option
from packreg.services.development import develop

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

    A Python pack gets a virtual environment with the packages that an install would give it, and pip; one
    that somebody made is taken over. Run the command again when the dependencies change. A pack without
    __main__.py is built for it; if its package is not at the top, as in src/, run it again when the code
    changes. The manifest is left alone.
    """
    interpreter = context.python(python)
    pack, done = develop(context, directory, name, version, python=interpreter, offline=offline)
    if context.out.json:
        context.out.document(done.as_json())
        return
    if done.environment is None:
        context.out.say(f"{pack.name} needs no environment")
        return
    context.out.raw_path(done.environment)
    context.out.say(f"the environment of {pack.name} {'is ready' if done.changed else 'was up to date'}")
