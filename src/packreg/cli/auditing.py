"""`audit`: judge stacks and accounts by their audit groups; nothing is ever blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.audit_output import write_results
from packreg.cli.base import command
from packreg.cli.enforcing import no_report_option
from packreg.cli.entities import tag_option
from packreg.cli.explaining import strict_option
from packreg.cli.installing import offline_option
from packreg.errors import UsageError
from packreg.groups.entities import account_entity, read_tags
from packreg.services.audit import AuditOptions, audit_account, audit_stacks
from packreg.services.audit_dask import audit_on_cluster
from packreg.services.stacks import Shard, StackSelection, backend_of, read_since
from packreg.states.resources import read_resources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.context import CommandContext
    from packreg.groups.model import Entity
    from packreg.states.snapshot import Snapshot

jobs_option = click.option(
    "--jobs", type=click.IntRange(1, 256), help="Stacks at the same time.  [default: processors]"
)
share_option = click.option(
    "--share-processes",
    is_flag=True,
    help="Let a pack's process judge many stacks; for packs that do not ask for the stack's name.",
)
stacks_backend_option = click.option(
    "--backend",
    metavar="URL",
    help="The stacks' self-managed backend. Default: PULUMI_BACKEND_URL, that of `pulumi login`.",
)


@command(
    "audit",
    examples=(
        "packreg audit --all --backend s3://states",
        "packreg audit shop/prod shop/dev --backend file:///srv/states",
        "packreg audit --all --since last --shard 2/8 --json",
        "packreg audit --account aws/production --resources account.jsonl",
    ),
)
@click.argument("stacks", metavar="[STACK]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every stack of the backend.")
@stacks_backend_option
@click.option("--account", metavar="ACCOUNT", help="A cloud account, instead of stacks.")
@click.option("--resources", metavar="FILE|URL", help="What the account holds, in JSON Lines.")
@tag_option
@click.option(
    "--since",
    metavar="TIME|last",
    help="Skip stacks that did not change since then, or since their last audit.",
)
@click.option("--shard", metavar="I/N", help="Only the I-th of N parts of the stacks.")
@jobs_option
@click.option("--dask", metavar="ADDRESS", help="Let the workers of the Dask cluster there audit the stacks.")
@share_option
@click.option(
    "--fail-on",
    type=click.Choice(["past-the-guard", "never"]),
    default="never",
    show_default=True,
    help="End with exit code 3 if an update went past the guard and is not waived.",
)
@strict_option
@no_report_option
@offline_option
@click.pass_obj
def audit_command(
    context: CommandContext,
    stacks: tuple[str, ...],
    everything: bool,
    backend: str | None,
    account: str | None,
    resources: str | None,
    tags: tuple[str, ...],
    since: str | None,
    shard: str | None,
    jobs: int | None,
    dask: str | None,
    share_processes: bool,
    fail_on: str,
    strict_conflicts: bool,
    no_report: bool,
    offline: bool,
) -> int:
    """Judge stacks and accounts by their audit groups.

    Never blocks: violations are reported and kept, and the exit code is 0. Exit code 4: some could not be
    evaluated. Updates that went past the guard are violations of packreg:past-the-guard, and a history that
    is gone one of packreg:history-lost. Exit code 3: there are some, and --fail-on past-the-guard.
    """
    _check_options(stacks, everything, backend, account, resources, tags, since, shard)
    if dask is not None and (account is not None or jobs is not None):
        raise UsageError("--dask goes with neither --account nor --jobs", hint="leave one of them out")
    options = AuditOptions(since == "last", share_processes, not no_report, strict_conflicts, offline)
    if account is not None and resources is not None:
        results = [audit_account(context, *_held(context, account, resources, tags), options)]
    else:
        where = backend_of(context, stacks, backend)
        selection = StackSelection(
            stacks,
            Shard.parse(shard) if shard is not None else None,
            read_since(since) if since not in (None, "last") else None,
        )
        if dask is not None:
            results = audit_on_cluster(context, dask, where, selection, options)
        else:
            results = audit_stacks(context, where, selection, options, jobs=jobs)
    return write_results(context, results, fail_on=fail_on)


def _check_options(
    stacks: Sequence[str],
    everything: bool,
    backend: str | None,
    account: str | None,
    resources: str | None,
    tags: Sequence[str],
    since: str | None,
    shard: str | None,
) -> None:
    """Refuse options for stacks together with an account, and options for accounts with stacks."""
    if account is not None:
        if stacks or everything or backend is not None or shard is not None or since is not None:
            raise UsageError(
                "an account has no stacks", hint="leave --account out, or the options for stacks"
            )
        if resources is None:
            raise UsageError("--account needs --resources", hint="`packreg inventory` lists what there is")
    elif resources is not None or tags:
        raise UsageError("--resources and --tag need --account", hint="add --account NAME")
    elif everything == bool(stacks):
        raise UsageError("say which stacks", hint="name some, or give --all; or --account NAME")


def _held(
    context: CommandContext, account: str, resources: str, tags: Sequence[str]
) -> tuple[Entity, Snapshot]:
    """An account, and its resources as a snapshot."""
    source = context.read_source(resources)
    return account_entity(account, read_tags(tags)), read_resources(*source)
