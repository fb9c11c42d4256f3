"""`install` and `path`: releases become directories that the stock Pulumi CLI can use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import REFERENCE, command
from packreg.errors import UsageError
from packreg.services.installs import Failed, Wanted, install_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.context import CommandContext
    from packreg.cli.lockfile import Pin
    from packreg.install.installer import Installed
    from packreg.pack.reference import Reference

offline_option = click.option("--offline", is_flag=True, help="Use what is on this machine, ask no network.")
env_option = click.option("--no-env", is_flag=True, help="Leave the pack's dependencies to yourself.")
python_option = click.option("--python", metavar="PYTHON", help="A version such as 3.12, or a path.")


@command(
    "install",
    examples=(
        "packreg install guard@1.2.0 limits@^2",
        "packreg install guard@1.2.0 --to policies/guard --no-env",
        "packreg install --locked --offline --json",
    ),
)
@click.argument("references", metavar="[REF]...", nargs=-1, type=REFERENCE)
@click.option(
    "--to", metavar="DIR", type=click.Path(path_type=Path), help="Install one pack into this directory."
)
@env_option
@offline_option
@click.option("--force", is_flag=True, help="Install again what is installed.")
@python_option
@click.option(
    "--locked", is_flag=True, help="Install exactly the packs of packreg.lock (or those REFs of it)."
)
@click.pass_obj
def install_command(
    context: CommandContext,
    references: tuple[Reference, ...],
    to: Path | None,
    no_env: bool,
    offline: bool,
    force: bool,
    python: str | None,
    locked: bool,
) -> int:
    """Install packs, verified and ready to run.

    REF is name, name@latest, name@1.2.0, a range such as name@^1.2, or name@sha256:… Several are installed at
    the same time. Prints the directory of each, in order.
    """
    wanted = from_lock(context, references) if locked else [Wanted(reference) for reference in references]
    if not wanted:
        raise UsageError("nothing to install", hint="name a pack: packreg install guard@1.2.0")
    if to is not None and len(wanted) > 1:
        raise UsageError("--to is for one pack", hint="leave it out, or install them one by one")
    options = {
        "to": None if to is None else Path(context.cwd, to),
        "env": not no_env,
        "force": force,
        "offline": offline,
        "python": context.python(python),
    }
    results = install_all(context, wanted, options)
    done = [result for result in results if not isinstance(result, Failed)]
    failed = [result for result in results if isinstance(result, Failed)]
    tell(context, done)
    for failure in failed[1:]:
        context.out.error(f"{failure.reference}: {failure.error}", failure.error.hint)
    if context.out.json and not failed:
        context.out.document([installed.as_json() for installed in done])
    elif not context.out.json:
        for installed in done:
            context.out.raw_path(installed.path)
    if failed:
        context.done["installed"] = [installed.as_json() for installed in done]
        raise failed[0].error
    return 0


@command(
    "path",
    examples=("packreg path guard@1.2.0", 'pulumi preview --policy-pack "$(packreg path guard@1.2.0)"'),
)
@click.argument("reference", metavar="REF", type=REFERENCE)
@env_option
@offline_option
@python_option
@click.pass_obj
def path_command(
    context: CommandContext, reference: Reference, no_env: bool, offline: bool, python: str | None
) -> None:
    """Print the directory of a pack, installing it if need be.

    Nothing else is printed on stdout; warnings go to stderr. On failure it is a path that does not exist
    (below could-not-install/), so that `--policy-pack "$(packreg path REF)"` stops instead of running without
    the pack.
    """
    options = {"env": not no_env, "offline": offline, "python": context.python(python)}
    (result,) = install_all(context, [Wanted(reference)], options)
    if isinstance(result, Failed):
        raise result.error
    for note in result.notes:
        context.out.warn(note)
    if context.out.json:
        context.out.document(result.as_json())
    else:
        context.out.raw_path(result.path)


def from_lock(context: CommandContext, references: Sequence[Reference]) -> list[Wanted]:
    """The pins of the nearest packreg.lock that `references` mean, all of them without any.

    Raises:
        UsageError: there is no lock, or a reference is none of its pins.
    """
    from packreg.cli.lockfile import FILE_NAME, find_lock, read_lock

    path = find_lock(Path(context.cwd))
    if path is None:
        raise UsageError(
            f"there is no {FILE_NAME} here or above", hint="write one with `packreg lock REF...`"
        )
    pins = read_lock(path).pins
    chosen: list[Pin] = list(pins.values()) if not references else []
    for reference in references:
        pin = pins.get(reference.name)
        if pin is None:
            raise UsageError(
                f"{path} does not pin {reference.name}", hint=f"add it with `packreg lock {reference}`"
            )
        if not pin.admits(reference):
            raise UsageError(
                f"{path} pins {pin.name} to {pin.version}, not to {reference.wanted}",
                hint=f"change it with `packreg lock {reference}`",
            )
        chosen.append(pin)
    return [Wanted(pin.reference, pin.digest) for pin in chosen]


def tell(context: CommandContext, done: Sequence[Installed]) -> None:
    """Say what happened to each pack, and what the user should know about it."""
    for installed in done:
        context.out.say(
            f"{installed.reference} {'installed' if installed.changed else 'is already installed'}"
        )
        for note in installed.notes:
            context.out.warn(note)
