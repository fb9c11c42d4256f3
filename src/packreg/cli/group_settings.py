"""`group settings`: what holds for all policy groups of a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.cli.edits import show_edit
from packreg.errors import NotFound, Problem
from packreg.services.governance import edit_governance, governance_to_edit, read_governance

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.groups.model import Governance


@command(
    "settings",
    examples=(
        "packreg group settings",
        "packreg group settings --strict-conflicts",
        "packreg group settings --unwaivable 'guard:no-*'",
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
    from packreg.groups.editing import set_rules
    from packreg.groups.model import Rules
    from packreg.groups.waiving import may_waive

    if strict is None and not unwaivable and not waivable:
        _show(context, read_governance(context))
        return
    base = governance_to_edit(context)
    for glob in waivable:
        if glob not in base.rules.unwaivable:
            listed = ", ".join(base.rules.unwaivable) or "nothing"
            raise NotFound(f"{glob} is not listed as unwaivable", hint=f"listed is {listed}")
    globs = tuple(sorted({*base.rules.unwaivable, *unwaivable} - {*waivable}))
    rules = Rules(base.rules.strict_conflicts if strict is None else strict, globs)
    edited = edit_governance(
        context, lambda governance: set_rules(governance, rules), "change the settings", base
    )
    without = [
        Problem(
            "waiver-without-effect",
            f"the waiver {waiver.id} of {waiver.pack}:{waiver.policy} does not count any more",
            hint=f"`packreg waiver rm {waiver.id}`",
        )
        for _, waiver in sorted(edited.governance.waivers.items())
        if not may_waive(rules, waiver.pack, waiver.policy)
    ]
    show_edit(context, edited, without)


def _show(context: CommandContext, governance: Governance) -> None:
    rules = governance.rules
    if context.out.json:
        context.out.document(
            {
                "revision": governance.revision,
                "strict_conflicts": rules.strict_conflicts,
                "unwaivable": list(rules.unwaivable),
            }
        )
        return
    context.out.line(f"strict conflicts: {'yes' if rules.strict_conflicts else 'no'}")
    for glob in rules.unwaivable:
        context.out.line(f"unwaivable: {glob}")
