"""`group apply` and `group export`: policy groups as code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.cli.edits import show_edit, show_plan
from packreg.cli.enabling import read_named
from packreg.cli.exits import WOULD_CHANGE
from packreg.errors import UsageError
from packreg.groups.stored import Edited
from packreg.services.governance import edit_governance, read_governance
from packreg.services.groups import GroupsEdit, group_json, plan_groups

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext


@command(
    "apply",
    examples=(
        "packreg group apply groups.yaml",
        "packreg group apply groups/*.yaml --prune --yes",
        "packreg group apply groups.yaml --dry-run --json",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option("--prune", is_flag=True, help="Remove what the files do not name: groups, packs, members.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of the files.")
@click.pass_obj
def apply_command(
    context: CommandContext, files: tuple[str, ...], prune: bool, dry_run: bool, yes: bool, schema: bool
) -> int:
    """Change the policy groups to what YAML files say, after showing what would change.

    What the files do not name stays, unless --prune is given. All changes make one revision, or none;
    applying the same files again changes nothing. With --dry-run, exit code 14 says that something would
    change.
    """
    from packreg.groups.group_file import MAX_FILE, applied, read_groups

    if schema:
        _print_schema(context)
        return 0
    if not files:
        raise UsageError("no file was given", hint="write packreg group apply FILE")
    read = [read_groups(read_named(context, path, MAX_FILE), path) for path in files]
    plan = plan_groups(context, read, prune=prune, dry_run=dry_run)
    if dry_run:
        edited = Edited(plan.planned, plan.base.revision, plan.changes, written=False)
        show_edit(context, GroupsEdit(edited, plan.warnings, dry_run=True))
        return WOULD_CHANGE if plan.changes else 0
    if plan.changes:
        show_plan(context, plan.changes)
        context.confirmed("applying these changes", yes)
    edited = edit_governance(
        context,
        lambda governance: applied(governance, read, prune=prune),
        f"apply {', '.join(files)}",
        plan.base,
        yes=yes,
    )
    show_edit(context, GroupsEdit(edited, plan.warnings), planned=True)
    return 0


@command("export", examples=("packreg group export > groups.yaml", "packreg group export prod -o prod.yaml"))
@click.argument("names", metavar="[GROUP...]", nargs=-1)
@click.option("--output", "-o", metavar="FILE", help="Write to this file.")
@click.pass_obj
def export_command(context: CommandContext, names: tuple[str, ...], output: str | None) -> None:
    """Print policy groups as the YAML that `group apply` takes: all, or these."""
    from pathlib import Path

    from packreg.cli.atomic import write_atomically
    from packreg.groups.editing import found_group
    from packreg.groups.group_text import write_groups

    governance = read_governance(context)
    groups = [found_group(governance, name) for name in names or sorted(governance.groups)]
    text = write_groups(groups)
    if output:
        write_atomically(Path(context.cwd, output), text.encode())
    if context.out.json:
        context.out.document(
            {
                "revision": governance.revision,
                "path": output,
                "groups": [group_json(group) for group in groups],
            }
        )
    elif not output:
        for line in text.splitlines():
            context.out.line(line)


def _print_schema(context: CommandContext) -> None:
    import json
    from importlib.resources import files

    text = files("packreg.groups").joinpath("policy-groups.schema.json").read_text("utf-8")
    if context.out.json:
        context.out.document(json.loads(text))
        return
    for line in text.splitlines():
        context.out.line(line)
