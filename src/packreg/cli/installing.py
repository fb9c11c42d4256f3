"""`install`, `path` and `uninstall`: releases as directories that the stock Pulumi CLI can use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import REFERENCE, WRITTEN, command
from packreg.errors import UsageError
from packreg.install.several import NotInstalled
from packreg.services.install import install_releases
from packreg.services.uninstall import uninstall_packs
from packreg.text import human_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.context import CommandContext
    from packreg.install.installer import Installed
    from packreg.pack.reference import Reference

offline_option = click.option("--offline", is_flag=True, help="Use what is on this machine, ask no network.")
env_option = click.option("--no-env", is_flag=True, help="Leave the pack's dependencies to yourself.")
python_option = click.option("--python", metavar="PYTHON", help="A version such as 3.12, or a path.")


@command(
    "install",
    examples=(
        "packreg install s3-rules@1.2.0 limits@^2",
        "packreg install s3-rules@1.2.0 --to policies/s3-rules --no-env",
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
    wanted, digests = list(references), {}
    if locked:
        from packreg.install.lockfile import pins_of

        pins = pins_of(Path(context.cwd), references)
        wanted, digests = [pin.reference for pin in pins], {pin.reference: pin.digest for pin in pins}
    if not wanted:
        raise UsageError("nothing to install", hint="name a pack: packreg install s3-rules@1.2.0")
    if to is not None and len(wanted) > 1:
        raise UsageError("--to is for one pack", hint="leave it out, or install them one by one")
    results = install_releases(
        context,
        wanted,
        digests=digests,
        to=None if to is None else Path(context.cwd, to),
        env=not no_env,
        force=force,
        offline=offline,
        python=context.python(python),
    )
    done = [result for result in results if not isinstance(result, NotInstalled)]
    failed = [result for result in results if isinstance(result, NotInstalled)]
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
    examples=("packreg path s3-rules@1.2.0", 'pulumi preview --policy-pack "$(packreg path s3-rules@1.2.0)"'),
)
@click.argument("reference", metavar="REF", type=REFERENCE)
@env_option
@offline_option
@python_option
@click.pass_obj
def path_command(
    context: CommandContext, reference: Reference, no_env: bool, offline: bool, python: str | None
) -> None:
    """Print the directory of a pack, installing it if needed.

    Nothing else is printed on stdout; warnings go to stderr. On failure it is a path that does not exist
    (below could-not-install/), so that `--policy-pack "$(packreg path REF)"` stops instead of running without
    the pack.
    """
    interpreter = context.python(python)
    [result] = install_releases(context, [reference], env=not no_env, offline=offline, python=interpreter)
    if isinstance(result, NotInstalled):
        raise result.error
    for note in result.notes:
        context.out.warn(note)
    if context.out.json:
        context.out.document(result.as_json())
    else:
        context.out.raw_path(result.path)


@command("uninstall", examples=("packreg uninstall s3-rules@1.1.0", "packreg uninstall s3-rules limits@^1"))
@click.argument("words", metavar="NAME[@VERSION]...", nargs=-1, required=True, type=WRITTEN)
@click.option("--force", is_flag=True, help="Also what was changed since it was installed.")
@click.pass_obj
def uninstall_command(context: CommandContext, words: tuple[str, ...], force: bool) -> None:
    """Remove installed packs from this machine.

    A name alone means every version that is installed from the registry; a range and a digest mean those
    that are installed. The registry is not asked and keeps its releases. Directories of `install --to` are
    yours to delete.
    """
    gone = uninstall_packs(context, words, force=force)
    if context.out.json:
        context.out.document([each.as_json() for each in gone])
        return
    for each in gone:
        context.out.line(each.name)
    context.out.say(
        f"removed {human_size(sum(each.size for each in gone))}; "
        "`packreg cache prune` removes what no other pack needs"
    )


def tell(context: CommandContext, done: Sequence[Installed]) -> None:
    """Print what was done with each pack, and its warnings."""
    for installed in done:
        context.out.say(
            f"{installed.reference} {'installed' if installed.changed else 'is already installed'}"
        )
        for note in installed.notes:
            context.out.warn(note)
