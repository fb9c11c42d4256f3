"""`inventory`: the resources of a cloud account, as a list for `analyze` and `audit`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.errors import NotEvaluated
from packreg.services.named_files import write_named
from packreg.states.inventory.aws import AwsInventory

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.states.inventory import Inventory


@command(
    "inventory",
    examples=(
        "packreg inventory aws -o account.jsonl",
        "packreg inventory aws --region eu-west-1 --type 'AWS::S3::*' -o buckets.jsonl",
        "packreg analyze s3-rules --resources account.jsonl",
    ),
)
@click.argument("cloud", type=click.Choice(["aws"]))
@click.option("--region", metavar="REGION", multiple=True, help="Default: the region that is configured.")
@click.option("--type", "types", metavar="TYPE", multiple=True, help="AWS's name of a type, with globs.")
@click.option("--profile", metavar="NAME", help="The AWS profile. Default: as for every AWS tool.")
@click.option(
    "-o", "--output", metavar="FILE", help="Write the list there, when it is complete. Default: stdout."
)
@click.pass_obj
def inventory_command(
    context: CommandContext,
    cloud: str,
    region: tuple[str, ...],
    types: tuple[str, ...],
    profile: str | None,
    output: str | None,
) -> int:
    """List what a cloud account holds, also what no stack manages.

    Prints one JSON object for each resource, shaped as Pulumi's native provider of that cloud reads it
    (aws-native, through Cloud Control). It reads and changes nothing. Exit code 4: something could not be
    read, so the list has gaps.
    """
    with context.out.working() as work:
        inventory: Inventory = AwsInventory(
            regions=region,
            types=types,
            profile=profile,
            instance_role=context.settings.instance_role,
            progress=work.show,
        )
        resources = list(inventory.resources())
    lines = [json.dumps(resource, sort_keys=True) for resource in resources]
    if output is not None:
        write_named(Path(context.cwd, output), "".join(f"{line}\n" for line in lines).encode("ascii"))
    if context.out.json:
        context.out.document(
            {
                "resources": len(resources) if output is not None else resources,
                "unread": [problem._asdict() for problem in inventory.unread],
                "unlistable": inventory.unlistable,
            }
        )
    elif output is None:
        context.out.json_lines(resources)
    for problem in inventory.unread:
        context.out.warn(problem.message, problem.hint)
    if inventory.unlistable:
        context.out.say(f"{len(inventory.unlistable)} types cannot be listed on their own")
        context.out.detail("not listed: " + ", ".join(inventory.unlistable))
    context.out.say(f"{len(resources)} resources, {len(inventory.unread)} that could not be read")
    return NotEvaluated.exit_code if inventory.unread else 0
