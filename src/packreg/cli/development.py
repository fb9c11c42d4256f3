"""`dev`: the environment of a pack that is being written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.authoring import checked_pack, directory_argument, name_option, version_option, with_wheel
from packreg.cli.base import command
from packreg.cli.installing import offline_option, python_option

if TYPE_CHECKING:
    from packreg.cli.session import Session


@command("dev", examples=("packreg dev guard", "packreg dev guard --python 3.12"))
@directory_argument
@name_option
@version_option
@python_option
@offline_option
@click.pass_obj
def dev_command(
    session: Session,
    directory: Path,
    name: str | None,
    version: str | None,
    python: str | None,
    offline: bool,
) -> None:
    """Make or refresh the environment of a pack directory, in place.

    It is what an install would make, from the same store. Run it again when the dependencies changed. A pack
    without __main__.py is built for it; if its package is not at the top, as in src/, run it again when the
    code changed. The manifest is left alone.
    """
    from packreg.cli.progress import working
    from packreg.install.dev import dev

    pack = with_wheel(session, checked_pack(session, directory, name, version))
    with working(session.out) as work:
        done = dev(
            Path(session.cwd, directory).resolve(),
            pack,
            session.tools,
            python=session.python(python),
            offline=offline,
            say=work.show,
        )
    for note in done.notes:
        session.out.warn(note)
    if session.out.json:
        session.out.document(done.as_json())
        return
    if done.environment is None:
        session.out.say(f"{pack.name} needs no environment")
        return
    session.out.raw_path(done.environment)
    session.out.say(f"the environment of {pack.name} {'is ready' if done.changed else 'was up to date'}")
