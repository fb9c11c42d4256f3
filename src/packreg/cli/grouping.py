"""`group`: making and changing policy groups, their members and their packs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import WRITTEN, CommandGroup, command
from packreg.cli.edits import dry_run_option, show_edit, show_plan, yes_option
from packreg.cli.group_files import apply_command, export_command
from packreg.cli.group_settings import settings_command
from packreg.cli.group_views import get_command, history_command, ls_command, show_command
from packreg.errors import UsageError
from packreg.groups.editing import Listed
from packreg.groups.model import ABOUT
from packreg.services.group_plans import carry_out, plan_promotion
from packreg.services.groups import edit_group, new_group, remove_group

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.groups.model import EntityKind, Mode

group_command = CommandGroup(
    "group",
    help="Policy groups: which packs which stacks and accounts must run.",
    examples=(
        "packreg group new prod --add-stack '*/prod'",
        "packreg enable s3-rules@^1.2 --group prod",
        "packreg group get prod",
    ),
)
_add = [
    click.option(
        "--add-stack", metavar="STACK", multiple=True, help="[organization/]project/stack; may have globs."
    ),
    click.option(
        "--add-account",
        "--add-insights-account",
        "add_account",
        metavar="ACCOUNT",
        multiple=True,
        help="A cloud account; may have globs.",
    ),
    click.option("--add-tag", metavar="NAME=GLOB", multiple=True, help="Whatever has such a tag."),
]
_about = [
    click.option("--owner", metavar="NAME", help="Who answers for what it requires; '' for nobody."),
    click.option(
        "--contact", metavar="TEXT", help="Where the owner is reached: an address, a URL, a channel."
    ),
    click.option("--description", metavar="TEXT", help="What the group is for."),
]
_remove = [
    click.option("--remove-stack", metavar="STACK", multiple=True, help="As it is listed."),
    click.option(
        "--remove-account",
        "--remove-insights-account",
        "remove_account",
        metavar="ACCOUNT",
        multiple=True,
        help="As it is listed.",
    ),
    click.option("--remove-tag", metavar="NAME=GLOB", multiple=True, help="As it is listed."),
]


@command(
    "new",
    group=group_command,
    examples=(
        "packreg group new prod --add-stack '*/prod'",
        "packreg group new cloud --mode audit --entity-type accounts --add-account 'aws/*'",
    ),
)
@click.argument("name", metavar="GROUP")
@click.option(
    "--mode",
    type=click.Choice(["preventative", "audit"]),
    default="preventative",
    show_default=True,
    help="Preventative groups stop deployments, audit groups report.",
)
@click.option(
    "--entity-type",
    "entity_types",
    type=click.Choice(["stacks", "accounts"]),
    multiple=True,
    help="The kinds of its members; give it twice for both.  [default: stacks]",
)
@_add[0]
@_add[1]
@_add[2]
@_about[0]
@_about[1]
@_about[2]
@click.pass_obj
def new_command(
    context: CommandContext,
    name: str,
    mode: str,
    entity_types: tuple[str, ...],
    add_stack: tuple[str, ...],
    add_account: tuple[str, ...],
    add_tag: tuple[str, ...],
    owner: str | None,
    contact: str | None,
    description: str | None,
) -> None:
    """Create a policy group.

    A preventative group takes stacks only. A stack or account is a member if one name, glob or tag rule
    matches. The guard tells whoever it stops the group's owner and contact.
    """
    kinds: set[EntityKind] = {"account" if kind == "accounts" else "stack" for kind in entity_types}
    members = Listed(add_stack, add_account, add_tag)
    made_mode: Mode = "audit" if mode == "audit" else "preventative"
    about = _given(owner, contact, description)
    edit = new_group(context, name, members, mode=made_mode, kinds=kinds or {"stack"}, about=about)
    show_edit(context, edit)


def _given(*texts: str | None) -> dict[str, str]:
    """The owner, the contact and the description, those that were given."""
    return {name: text for name, text in zip(ABOUT, texts, strict=True) if text is not None}


@command(
    "edit",
    group=group_command,
    examples=(
        "packreg group edit prod --add-stack acme/web/prod --remove-stack '*/prod'",
        "packreg group edit prod --name production",
        "packreg group edit prod --owner 'platform team' --contact '#platform'",
        "packreg group edit prod --add-policy-pack s3-rules@1.2.0",
    ),
)
@click.argument("name", metavar="GROUP")
@click.option("--name", "new_name", metavar="NEW", help="Rename it.")
@_about[0]
@_about[1]
@_about[2]
@_add[0]
@_add[1]
@_add[2]
@click.option(
    "--add-policy-pack",
    metavar="REF",
    type=WRITTEN,
    multiple=True,
    help="Like `enable` without a configuration.",
)
@_remove[0]
@_remove[1]
@_remove[2]
@click.option("--remove-policy-pack", metavar="NAME", multiple=True, help="Like `disable`.")
@dry_run_option
@yes_option
@click.pass_obj
def edit_command(
    context: CommandContext,
    name: str,
    new_name: str | None,
    owner: str | None,
    contact: str | None,
    description: str | None,
    add_stack: tuple[str, ...],
    add_account: tuple[str, ...],
    add_tag: tuple[str, ...],
    add_policy_pack: tuple[str, ...],
    remove_stack: tuple[str, ...],
    remove_account: tuple[str, ...],
    remove_tag: tuple[str, ...],
    remove_policy_pack: tuple[str, ...],
    dry_run: bool,
    yes: bool,
) -> None:
    """Change a policy group: its members, its packs, its name, who owns it.

    All changes of one command make one revision, or none. The default groups have everyone as members, and
    keep their names.
    """
    about = _given(owner, contact, description)
    if not any(
        [new_name, *about, *add_stack, *add_account, *add_tag, *add_policy_pack, *remove_policy_pack]
    ) and not (remove_stack or remove_account or remove_tag):
        raise UsageError("nothing to change was given", hint="see `packreg group edit --help`")
    changed = edit_group(
        context,
        name,
        add=Listed(add_stack, add_account, add_tag),
        remove=Listed(remove_stack, remove_account, remove_tag),
        add_packs=add_policy_pack,
        remove_packs=remove_policy_pack,
        new_name=new_name,
        about=about,
        dry_run=dry_run,
        yes=yes,
    )
    show_edit(context, changed)


@command("rm", group=group_command, examples=("packreg group rm prod --yes",))
@click.argument("name", metavar="GROUP")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def rm_command(context: CommandContext, name: str, yes: bool) -> None:
    """Delete a policy group: what it required is no longer required.

    Its history stays. The default groups cannot be deleted.
    """
    show_edit(context, remove_group(context, name, yes=yes))


@command("promote", group=group_command, examples=("packreg group promote trial --to prod",))
@click.argument("name", metavar="GROUP")
@click.option("--to", "target", metavar="GROUP", required=True, help="A preventative group.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def promote_command(context: CommandContext, name: str, target: str, yes: bool) -> None:
    """Let a preventative group require what an audit group has tested.

    Every pack of GROUP, with its version, configuration and environments, replaces that pack in the other
    group; its other packs and its members stay. GROUP keeps reporting.
    """
    plan = plan_promotion(context, name, target)
    if plan.changes:
        show_plan(context, plan.changes)
        context.confirmed(f"promoting {name} to {target}", yes)
    show_edit(context, carry_out(context, plan, yes=yes), planned=True)


for each in (
    ls_command,
    get_command,
    show_command,
    history_command,
    apply_command,
    export_command,
    settings_command,
):
    group_command.add_command(each)
