"""`enable` and `disable`: the policy packs of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import PULUMIS, NameType, command, with_version
from packreg.cli.edits import dry_run_option, show_edit, yes_option
from packreg.configuration.file import MAX_FILE, Layer, read_layer
from packreg.errors import UsageError
from packreg.groups.model import DEFAULT_PREVENTATIVE
from packreg.services.groups import disable_pack, enable_pack
from packreg.services.named_files import read_named

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext

group_option = click.option(
    "--group",
    "--policy-group",
    "group",
    metavar="GROUP",
    default=DEFAULT_PREVENTATIVE,
    show_default=True,
    help="The policy group.",
)


@command(
    "enable",
    examples=(
        "packreg enable s3-rules@latest --dry-run",
        "packreg enable s3-rules@latest --yes",
        "packreg enable 's3-rules@^1.2' --group prod --config s3-rules.json --environment prod",
    ),
)
@click.argument("text", metavar="REF", type=PULUMIS)
@click.argument("version", metavar="[VERSION]", required=False)
@group_option
@click.option("--config", metavar="FILE", help="The pack's configuration, in place of the one it has.")
@click.option(
    "--environment",
    "-e",
    metavar="ENVIRONMENT",
    multiple=True,
    help="An environment, in place of those it has. Later ones override earlier ones.",
)
@click.option("--no-config", is_flag=True, help="Take its configuration away.")
@click.option("--no-environment", is_flag=True, help="Take its environments away.")
@dry_run_option
@yes_option
@click.pass_obj
def enable_command(
    context: CommandContext,
    text: str,
    version: str | None,
    group: str,
    config: str | None,
    environment: tuple[str, ...],
    no_config: bool,
    no_environment: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Enable a pack in a policy group.

    REF is NAME, NAME@VERSION or, as in `pulumi policy enable`, [ORGANIZATION/]NAME and VERSION as two words.

    Or change the version and the configuration that it has there: options that are left out change nothing. A
    name alone pins the newest version. A range or 'latest' is looked up whenever a stack is judged, so the
    configuration is checked for every version that REF could mean.

    It says how many of the stacks and accounts with reports it affects. Where that is everyone, as in a
    default group, it asks for confirmation, or needs --yes.
    """
    text = with_version(text, version)
    if (config and no_config) or (environment and no_environment):
        raise UsageError("one option gives what another takes away", hint="leave one of them out")
    layer = _layer(context, config) if config else None
    changed = enable_pack(
        context,
        group,
        text,
        config=Layer("", {}) if no_config else layer,
        environments=environment if environment or no_environment else None,
        dry_run=dry_run,
        yes=yes,
    )
    show_edit(context, changed)


@command("disable", examples=("packreg disable s3-rules --group prod", "packreg disable s3-rules --dry-run"))
@click.argument("pack", metavar="NAME", type=NameType(organization=True))
@click.option("--version", metavar="VERSION", help="Only if the group asks for this version.")
@group_option
@dry_run_option
@yes_option
@click.pass_obj
def disable_command(
    context: CommandContext, pack: str, version: str | None, group: str, dry_run: bool, yes: bool
) -> None:
    """Take a pack out of a policy group.

    Its configuration there goes with it. Like `enable`, it says whom that affects, and asks where that is
    everyone.
    """
    show_edit(context, disable_pack(context, group, pack, version, dry_run=dry_run, yes=yes))


def _layer(context: CommandContext, path: str) -> Layer:
    return read_layer(read_named(context.cwd, path, MAX_FILE), path)
