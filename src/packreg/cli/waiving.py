"""`waiver`: exceptions for violations, with an owner and an expiry date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import CommandGroup, command
from packreg.cli.edits import dry_run_option, show_edit, yes_option
from packreg.cli.entities import tag_option
from packreg.cli.explaining import tags_backend_option
from packreg.errors import UsageError
from packreg.groups.entities import read_tags, stack_entity
from packreg.services.waiver_requests import request_waiver
from packreg.services.waivers import add_waiver, list_waivers, remove_waivers

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext

waiver_command = CommandGroup(
    "waiver",
    help="Waivers: somebody answers for a violation until a given day.",
    examples=(
        "packreg waiver add s3-rules:no-public --stack web/prod --expires 30d --reason 'a website'",
        "packreg waiver ls",
    ),
)


@command(
    "add",
    group=waiver_command,
    examples=(
        "packreg waiver add s3-rules:no-public --stack web/prod --expires 30d --reason 'a website'",
        "packreg waiver add s3-rules:no-public --resource '*::site' --expires 2w --reason OPS-1 --owner web",
    ),
)
@click.argument("policy", metavar="PACK:POLICY")
@click.option("--stack", metavar="STACK", help="The stack, [organization/]project/stack; may have globs.")
@click.option("--account", metavar="ACCOUNT", help="The cloud account; may have globs.")
@click.option("--resource", metavar="GLOB", default="", help="Only resources with such a URN or type::name.")
@click.option("--expires", metavar="WHEN", required=True, help="30d, 2w, 12h, or a day such as 2026-12-31.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; shown wherever it counts.")
@click.option("--owner", metavar="NAME", help="Who answers for it.  [default: you, as git knows you]")
@dry_run_option
@yes_option
@click.pass_obj
def add_command(
    context: CommandContext,
    policy: str,
    stack: str | None,
    account: str | None,
    resource: str,
    expires: str,
    reason: str,
    owner: str | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Waive a policy for a stack, an account or a resource.

    The violation is still shown and counted, but does not deny until the waiver expires, after a year at
    most. A policy that forbids waivers cannot be waived: one that `group settings` lists, or that its pack
    gives the tag 'no-waivers'. Like `enable`, it says whom that affects, and asks where that is everyone.
    """
    if stack and account:
        raise UsageError("a waiver is for a stack, an account or a resource", hint="give one of them")
    changed = add_waiver(
        context,
        policy,
        entity=stack or account or "",
        resource=resource,
        expires=expires,
        reason=reason,
        owner=owner or context.author(),
        dry_run=dry_run,
        yes=yes,
    )
    show_edit(context, changed)


@command(
    "request",
    group=waiver_command,
    examples=(
        "packreg waiver request --stack shop/prod --policy s3-rules:no-public --reason 'a website'",
        "packreg waiver request --stack shop/prod --policy s3-rules:no-public --urn 'urn:…' --reason OPS-1",
    ),
)
@click.option("--stack", metavar="STACK", required=True, help="The stack, [organization/]project/stack.")
@click.option("--policy", metavar="PACK:POLICY", required=True, help="The policy that stopped it.")
@click.option("--urn", "urns", metavar="URN", multiple=True, help="Only this resource; may be repeated.")
@click.option("--reason", metavar="TEXT", required=True, help="Why; shown wherever it counts.")
@click.option(
    "--expires", metavar="WHEN", default="", help="As for `waiver add`.  [default: waivers.expires]"
)
@click.option("--owner", metavar="NAME", help="Who answers for it.  [default: you, as git knows you]")
@tag_option
@tags_backend_option
@click.pass_obj
def request_command(
    context: CommandContext,
    stack: str,
    policy: str,
    urns: tuple[str, ...],
    reason: str,
    expires: str,
    owner: str | None,
    tags: tuple[str, ...],
    backend: str | None,
) -> None:
    """Ask for a policy to be waived in a stack.

    Prints the commands that an owner of the stack's groups runs for it, and to whom to send them. It is
    checked as `waiver add` checks it, and nothing is written.
    """
    asked = request_waiver(
        context,
        policy,
        stack_entity(stack, read_tags(tags)),
        resources=urns,
        reason=reason,
        owner=owner or context.author(),
        expires=expires,
        backend=backend,
    )
    for warning in asked.warnings:
        context.out.warn(warning.message, warning.hint)
    if context.out.json:
        context.out.document(asked.as_json())
        return
    for line in asked.commands:
        context.out.line(line)
    to = "the owner of a group that requires this pack" if asked.groups else "whoever keeps the groups"
    context.out.say(f"nothing was written; send this to {to}")
    for group in asked.groups:
        context.out.say(f"  {group}")


@command("ls", group=waiver_command, examples=("packreg waiver ls", "packreg waiver ls --json"))
@click.pass_obj
def ls_command(context: CommandContext) -> None:
    """List the waivers: the first to expire first, expired ones too."""
    waivers = list_waivers(context)
    if context.out.json:
        context.out.document([each.as_json() for each in waivers])
        return
    context.out.table(
        ["id", "policy", "in", "resource", "owner", "expires", "state", "reason"],
        [
            [
                waiver.id,
                f"{waiver.pack}:{waiver.policy}",
                waiver.entity,
                waiver.resource or "every one",
                waiver.owner,
                waiver.expires,
                state,
                waiver.reason,
            ]
            for waiver, state in waivers
        ],
    )
    if not waivers:
        context.out.say("there are no waivers")
    for waiver, state in waivers:
        if state == "expiring":
            context.out.warn(f"the waiver {waiver.id} of {waiver.owner} expires at {waiver.expires}")


@command("rm", group=waiver_command, examples=("packreg waiver rm w-3f9a2c1b",))
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.pass_obj
def rm_command(context: CommandContext, ids: tuple[str, ...]) -> None:
    """Take waivers back: what they waived denies again."""
    show_edit(context, remove_waivers(context, ids))
