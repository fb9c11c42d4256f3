"""`group apply` and `group export`: policy groups as code."""

from __future__ import annotations

import json
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.cli.edits import show_edit, show_plan
from packreg.cli.exits import WOULD_CHANGE
from packreg.errors import UsageError
from packreg.groups.group_file import MAX_FILE
from packreg.groups.group_file import read_groups as read_file
from packreg.groups.group_text import write_groups
from packreg.services.group_plans import carry_out, export_governance, plan_groups
from packreg.services.groups import read_groups
from packreg.services.named_files import read_named, write_named

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext


@command(
    "apply",
    examples=(
        "packreg group apply groups.yaml",
        "packreg group apply groups/ --prune --yes",
        "packreg group apply groups.yaml --dry-run --json",
    ),
)
@click.argument("files", metavar="FILE|DIR...", nargs=-1)
@click.option("--prune", is_flag=True, help="Remove what the files do not name.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of the files.")
@click.pass_obj
def apply_command(
    context: CommandContext, files: tuple[str, ...], prune: bool, dry_run: bool, yes: bool, schema: bool
) -> int:
    """Change groups, waivers, settings and environments to what YAML files say, after showing the changes.

    Of a directory all its files *.yaml and *.yml count. What the files do not name stays, unless --prune is
    given: then what they do not name goes, of the kinds of things that they have. Changes of governance make
    one revision, or none, and those of environments one each; applying the same files again changes
    nothing. With --dry-run, exit code 14 says that something would change.
    """
    if schema:
        _print_schema(context)
        return 0
    if not files:
        raise UsageError("no file was given", hint="write packreg group apply FILE")
    paths = [path for word in files for path in _files(context, word)]
    read = [read_file(read_named(context.cwd, path, MAX_FILE), path) for path in paths]
    plan = plan_groups(context, read, f"apply {', '.join(files)}", prune=prune, dry_run=dry_run)
    if plan.changes and not dry_run:
        show_plan(context, plan.changes)
        context.confirmed("applying these changes", yes)
    show_edit(context, carry_out(context, plan, dry_run=dry_run, yes=yes), planned=not dry_run)
    return WOULD_CHANGE if dry_run and plan.changes else 0


@command("export", examples=("packreg group export > groups.yaml", "packreg group export prod -o prod.yaml"))
@click.argument("names", metavar="[GROUP...]", nargs=-1)
@click.option("--output", "-o", metavar="FILE", help="Write to this file.")
@click.pass_obj
def export_command(context: CommandContext, names: tuple[str, ...], output: str | None) -> None:
    """Print all that governs as the YAML that `group apply` takes, or these policy groups.

    That is groups, waivers, settings and environments. Secrets of environments are encrypted in it, as they
    are in the registry; tags of environments are not in it.
    """
    if names:
        found, others = read_groups(context, names), {}
        text = write_groups(found.groups)
    else:
        exported = export_governance(context)
        found, text, others = exported.groups, exported.text, exported.others
    if output:
        write_named(Path(context.cwd, output), text.encode())
    if context.out.json:
        context.out.document({"revision": found.revision, "path": output, **found.as_json(), **others})
    elif not output:
        for line in text.splitlines():
            context.out.line(line)


def _files(context: CommandContext, word: str) -> list[str]:
    """A file, or the files of a directory. Raises UsageError: it has none."""
    place = Path(context.cwd, word)
    if not place.is_dir():
        return [word]
    found = sorted(str(Path(word, each.name)) for each in place.iterdir() if each.suffix in (".yaml", ".yml"))
    if not found:
        raise UsageError(f"{word} has no file *.yaml", hint="`packreg group export -o FILE` writes one")
    return found


def _print_schema(context: CommandContext) -> None:
    text = resources("packreg.groups").joinpath("policy-groups.schema.json").read_text("utf-8")
    if context.out.json:
        context.out.document(json.loads(text))
        return
    for line in text.splitlines():
        context.out.line(line)
