"""`cache`: what is kept on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import REFERENCE, CommandGroup, command
from packreg.cli.installing import python_option
from packreg.errors import UsageError
from packreg.install.cache import clean, list_cache, prune
from packreg.install.carried import carried
from packreg.install.transfer import export_cache, import_cache
from packreg.services.opa_program import fit_opa
from packreg.text import human_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.context import CommandContext
    from packreg.install.cache import CachedThing
    from packreg.install.transfer import Contents
    from packreg.pack.reference import Reference


cache_command = CommandGroup(
    "cache",
    help="""Manage what is kept on this machine.

    Installed packs, their environments and everything that was downloaded. All of it can be downloaded or
    made again, except what `cache import` brought.
    """,
    examples=(
        "packreg cache list",
        "packreg cache prune",
        "packreg cache export s3-rules@1.2.0 -o s3-rules.tar",
    ),
)


@command("dir", group=cache_command, examples=("packreg cache dir", 'du -sh "$(packreg cache dir)"'))
@click.pass_obj
def dir_command(context: CommandContext) -> None:
    """Print the directory that holds packs and caches."""
    if context.out.json:
        context.out.document({"path": str(context.home.root)})
    else:
        context.out.raw_path(context.home.root)


@command("list", group=cache_command, examples=("packreg cache list", "packreg cache list --json"))
@click.pass_obj
def list_command(context: CommandContext) -> None:
    """List what is kept, how large it is, and who needs it."""
    found = list_cache(context.home)
    if context.out.json:
        context.out.document([kept.as_json() for kept in found])
        return
    context.out.table(
        ["kind", "name", "size", "used by"],
        [[kept.kind, kept.name, human_size(kept.size), ", ".join(kept.users) or "-"] for kept in found],
    )
    context.out.say(f"{human_size(sum(kept.size for kept in found))} in {context.home.root}")


@command(
    "prune", group=cache_command, examples=("packreg cache prune", "packreg cache prune --dry-run --json")
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.pass_obj
def prune_command(context: CommandContext, dry_run: bool) -> None:
    """Remove what no installed pack needs."""
    _show_removed(context, prune(context.home, dry_run=dry_run), removed=not dry_run)


@command("clean", group=cache_command, examples=("packreg cache clean --yes",))
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def clean_command(context: CommandContext, yes: bool) -> None:
    """Remove everything that is kept, installed packs too; a registry beside it stays."""
    context.confirmed(f"removing every installed pack and cache from {context.home.root}", yes)
    _show_removed(context, clean(context.home), removed=True)


@command(
    "export",
    group=cache_command,
    examples=(
        "packreg cache export s3-rules@1.2.0 limits@^2 -o packs.tar",
        "packreg cache export s3-rules -o g.tar --json",
        "packreg cache export limits@1.2.0 --with-opa -o packs.tar",
    ),
)
@click.argument("references", metavar="REF...", nargs=-1, required=True, type=REFERENCE)
@click.option("-o", "--output", metavar="FILE", required=True, type=click.Path(path_type=Path))
@click.option("--with-opa", is_flag=True, help="Add this machine's program opa, which OPA packs need.")
@python_option
@click.pass_obj
def export_command(
    context: CommandContext,
    references: tuple[Reference, ...],
    output: Path,
    with_opa: bool,
    python: str | None,
) -> None:
    """Write packs with all their dependencies to one file, for a machine without a network.

    It is made for the platform and the Python of this machine.
    """
    target = Path(context.cwd, output)
    if target.is_dir():
        raise UsageError(f"{target} is a directory", hint="name the file to write: -o packs.tar")
    if not target.parent.is_dir():
        raise UsageError(f"there is no directory {target.parent}", hint="make it, or name another place")
    programs = {}
    if with_opa:
        opa, version = fit_opa(context)
        programs[carried("opa", version, opa)] = opa
    with context.out.working() as work:
        contents = export_cache(
            context.installer(),
            references,
            target,
            python=context.python(python),
            programs=programs,
            say=work.show,
        )
    _show_contents(context, contents, target)
    judged = [record.reference for record in contents.records if record.runtime == "opa"]
    if judged and not with_opa:
        context.out.say(f"{', '.join(judged)}: the other machine needs opa; --with-opa brings it")


@command(
    "import",
    group=cache_command,
    examples=("packreg cache import packs.tar", "packreg install s3-rules@1.2.0 --offline"),
)
@click.argument("archive", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_obj
def import_command(context: CommandContext, archive: Path) -> None:
    """Import what `cache export` wrote; `install --offline` then finds it.

    Trust the file as you would a registry: it says which digest a version has. If it carries the program opa,
    that one is used where no setting names another and none is on PATH.
    """
    path = Path(context.cwd, archive)
    _show_contents(context, import_cache(path, context.home), path)


def _show_removed(context: CommandContext, found: Sequence[CachedThing], *, removed: bool) -> None:
    total = sum(kept.size for kept in found)
    if context.out.json:
        context.out.document(
            {"removed": removed, "size": total, "things": [kept.as_json() for kept in found]}
        )
        return
    context.out.table(["kind", "name", "size"], [[k.kind, k.name, human_size(k.size)] for k in found])
    word = "removed" if removed else "would be removed"
    context.out.say(f"{human_size(total)} {word}" if found else "nothing to remove")


def _show_contents(context: CommandContext, contents: Contents, path: Path) -> None:
    if context.out.json:
        packs = [{"name": r.name, "version": str(r.version), "digest": r.digest} for r in contents.records]
        programs = {each.name: {"version": each.version, "sha256": each.sha256} for each in contents.programs}
        context.out.document({"path": str(path), "packs": packs, **programs})
        return
    for record in contents.records:
        context.out.line(f"{record.reference} {record.digest}")
    for program in contents.programs:
        context.out.line(f"{program.name} {program.version} sha256:{program.sha256}")
