"""`group settings`: the settings that hold for all policy groups of a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.cli.edits import show_edit
from packreg.services.governance import read_governance
from packreg.services.groups import change_rules, rules_json

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.groups.model import Governance


@command(
    "settings",
    examples=(
        "packreg group settings",
        "packreg group settings --strict-conflicts",
        "packreg group settings --unwaivable 's3-rules:no-*'",
    ),
)
@click.option(
    "--strict-conflicts/--no-strict-conflicts",
    "strict",
    default=None,
    help="Refuse where a group that lost had a policy stricter than the one that won.",
)
@click.option(
    "--unwaivable", metavar="PACK:POLICY", multiple=True, help="No waiver for these; may have globs."
)
@click.option("--waivable", metavar="PACK:POLICY", multiple=True, help="Take that back, as it is listed.")
@click.pass_obj
def settings_command(
    context: CommandContext, strict: bool | None, unwaivable: tuple[str, ...], waivable: tuple[str, ...]
) -> None:
    """Show or change what holds for all policy groups: conflicts, and policies that are never waived."""
    if strict is None and not unwaivable and not waivable:
        _show(context, read_governance(context))
        return
    show_edit(context, change_rules(context, strict, unwaivable, waivable))


def _show(context: CommandContext, governance: Governance) -> None:
    rules = governance.rules
    if context.out.json:
        context.out.document(rules_json(governance))
        return
    context.out.line(f"strict conflicts: {'yes' if rules.strict_conflicts else 'no'}")
    for glob in rules.unwaivable:
        context.out.line(f"unwaivable: {glob}")
