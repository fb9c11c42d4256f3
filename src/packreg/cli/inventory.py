"""`inventory`: the resources of a cloud account or a cluster, as a list for `analyze` and `audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import CommandGroup, command
from packreg.errors import NotEvaluated
from packreg.services.inventories import list_account
from packreg.states.inventory.aws import AwsInventory
from packreg.states.inventory.azure import AzureInventory
from packreg.states.inventory.google import GoogleInventory
from packreg.states.inventory.kubernetes import KubernetesInventory

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.services.inventories import AccountList

inventory_command = CommandGroup(
    "inventory",
    help="List what an account or a cluster holds, also what no stack manages.\n\n"
    "Prints one JSON object for each resource, shaped as Pulumi's native provider of that cloud reads it. "
    "Reads and changes nothing but that. Exit code 4: something could not be read, so the list has gaps.",
    examples=(
        "packreg inventory aws -o account.jsonl",
        "packreg inventory kubernetes --context production -o cluster.jsonl",
        "packreg analyze s3-rules --resources account.jsonl",
    ),
)
output_option = click.option(
    "-o", "--output", metavar="FILE", help="Write the list there, when it is complete. Default: stdout."
)


@command(
    "aws",
    group=inventory_command,
    examples=(
        "packreg inventory aws -o account.jsonl",
        "packreg inventory aws --region eu-west-1 --type 'AWS::S3::*' -o buckets.jsonl",
    ),
)
@click.option("--region", metavar="REGION", multiple=True, help="Default: the region that is configured.")
@click.option("--type", "types", metavar="TYPE", multiple=True, help="AWS's name of a type, with globs.")
@click.option("--profile", metavar="NAME", help="The AWS profile. Default: as for every AWS tool.")
@output_option
@click.pass_obj
def aws_command(
    context: CommandContext,
    region: tuple[str, ...],
    types: tuple[str, ...],
    profile: str | None,
    output: str | None,
) -> int:
    """List an AWS account through Cloud Control, as `aws-native` reads it.

    Exit code 4: something could not be read, so the list has gaps.
    """
    role = context.settings.instance_role
    listed = list_account(
        context,
        lambda show: AwsInventory(
            regions=region, types=types, profile=profile, instance_role=role, progress=show
        ),
        output,
    )
    return _show(context, listed, output)


@command(
    "azure",
    group=inventory_command,
    examples=(
        "packreg inventory azure --subscription 00000000-0000-0000-0000-000000000000 -o account.jsonl",
        "packreg inventory azure --type 'Microsoft.Storage/*' -o storage.jsonl",
    ),
)
@click.option(
    "--subscription", "subscriptions", metavar="ID", multiple=True, help="Default: AZURE_SUBSCRIPTION_ID."
)
@click.option("--type", "types", metavar="TYPE", multiple=True, help="Azure's name of a type, with globs.")
@click.option("--endpoint", metavar="URL", default="", help="The Resource Manager of another Azure cloud.")
@output_option
@click.pass_obj
def azure_command(
    context: CommandContext,
    subscriptions: tuple[str, ...],
    types: tuple[str, ...],
    endpoint: str,
    output: str | None,
) -> int:
    """List Azure subscriptions through Resource Graph, as `azure-native` reads them.

    Exit code 4: something could not be read, so the list has gaps.
    """
    configured = context.environ.get("AZURE_SUBSCRIPTION_ID")
    listed = list_account(
        context,
        lambda show: AzureInventory(
            subscriptions=subscriptions or ([configured] if configured else []),
            types=types,
            environ=context.environ,
            endpoint_url=endpoint,
            ca_bundle=context.settings.ca_bundle,
            instance_role=context.settings.instance_role,
            progress=show,
        ),
        output,
    )
    return _show(context, listed, output)


@command(
    "google",
    group=inventory_command,
    examples=(
        "packreg inventory google --project shop-prod -o project.jsonl",
        "packreg inventory google --organization 123456 --type 'compute.googleapis.com/*' -o compute.jsonl",
    ),
)
@click.option("--project", "projects", metavar="ID", multiple=True, help="A project.")
@click.option("--folder", "folders", metavar="NUMBER", multiple=True, help="A folder, with all below it.")
@click.option("--organization", "organizations", metavar="NUMBER", multiple=True, help="All of it.")
@click.option("--type", "types", metavar="TYPE", multiple=True, help="An asset type, with globs.")
@click.option("--endpoint", metavar="URL", default="", help="Another address of the API.")
@output_option
@click.pass_obj
def google_command(
    context: CommandContext,
    projects: tuple[str, ...],
    folders: tuple[str, ...],
    organizations: tuple[str, ...],
    types: tuple[str, ...],
    endpoint: str,
    output: str | None,
) -> int:
    """List Google Cloud through Asset Inventory, as `google-native` reads it.

    Exit code 4: something could not be read, so the list has gaps.
    """
    parents = [
        *(f"projects/{each}" for each in projects),
        *(f"folders/{each}" for each in folders),
        *(f"organizations/{each}" for each in organizations),
    ]
    listed = list_account(
        context,
        lambda show: GoogleInventory(
            parents=parents,
            types=types,
            environ=context.environ,
            endpoint_url=endpoint,
            ca_bundle=context.settings.ca_bundle,
            instance_role=context.settings.instance_role,
            progress=show,
        ),
        output,
    )
    return _show(context, listed, output)


@command(
    "kubernetes",
    group=inventory_command,
    examples=(
        "packreg inventory kubernetes -o cluster.jsonl",
        "packreg inventory kubernetes --context production --type pods --type '*.apps' -o workloads.jsonl",
    ),
)
@click.option("--context", "cluster", metavar="NAME", help="Of the kubeconfig. Default: its current one.")
@click.option(
    "--type", "types", metavar="TYPE", multiple=True, help="As kubectl: pods, deployments.apps; with globs."
)
@output_option
@click.pass_obj
def kubernetes_command(
    context: CommandContext, cluster: str | None, types: tuple[str, ...], output: str | None
) -> int:
    """List the objects of a Kubernetes cluster, of every kind that it has.

    They are as the `kubernetes` provider reads them; Secrets come without their data. Exit code 4: something
    could not be read, so the list has gaps.
    """
    kubeconfig = context.environ.get("KUBECONFIG") or None
    listed = list_account(
        context,
        lambda show: KubernetesInventory(context=cluster, kubeconfig=kubeconfig, types=types, progress=show),
        output,
    )
    return _show(context, listed, output)


def _show(context: CommandContext, listed: AccountList, output: str | None) -> int:
    """Print a list, unless it went to the file `output`, and what is not in it; the exit code."""
    resources = listed.resources
    if context.out.json:
        context.out.document(
            {
                "resources": len(resources) if output is not None else resources,
                "unread": [problem._asdict() for problem in listed.unread],
                "unlistable": listed.unlistable,
                "unnamed": listed.unnamed,
            }
        )
    elif output is None:
        context.out.json_lines(resources)
    for problem in listed.unread:
        context.out.warn(problem.message, problem.hint)
    for names, what in (
        (listed.unlistable, "types cannot be listed on their own"),
        (listed.unnamed, "types have no name of their own in Pulumi's provider; their resources are listed"),
    ):
        if names:
            context.out.say(f"{len(names)} {what}")
            context.out.detail(", ".join(names))
    context.out.say(f"{len(resources)} resources, {len(listed.unread)} that could not be read")
    return NotEvaluated.exit_code if listed.unread else 0
