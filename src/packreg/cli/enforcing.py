"""`enforce`: the decision about a deployment, without the Pulumi CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.cli.entities import tag_option
from packreg.cli.explaining import strict_option, tags_backend_option
from packreg.cli.installing import offline_option
from packreg.cli.report_output import EXIT_CODES, FORMATS, report_options, target_of, write_report
from packreg.groups.entities import read_tags, stack_entity
from packreg.services.enforce import enforce
from packreg.services.resources import read_judged

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext

no_report_option = click.option("--no-report", is_flag=True, help="Keep no report in the registry.")


@command(
    "enforce",
    examples=(
        "packreg enforce shop/prod --preview preview.json",
        "packreg enforce acme/shop/prod --state state.json --format sarif",
    ),
)
@click.argument("stack", metavar="STACK")
@click.option("--preview", metavar="FILE", help="Judge what `pulumi preview --json` wrote.")
@click.option("--state", metavar="FILE", help="Judge what `pulumi stack export` wrote.")
@tag_option
@tags_backend_option
@strict_option
@report_options(*FORMATS)
@click.option(
    "--allow-hidden-secrets",
    is_flag=True,
    help="Decide although packs cannot be shown all secrets.",
)
@no_report_option
@offline_option
@click.pass_obj
def enforce_command(
    context: CommandContext,
    stack: str,
    preview: str | None,
    state: str | None,
    tags: tuple[str, ...],
    backend: str | None,
    strict_conflicts: bool,
    form: str | None,
    output: str | None,
    allow_hidden_secrets: bool,
    no_report: bool,
    offline: bool,
) -> int:
    """Decide about a deployment, without the Pulumi CLI.

    It decides as the guard does, by what the stack's preventative groups require, for tools that do not run
    the Pulumi CLI. Nothing is remediated, so a change that a policy would make denies. Exit code 3: denied.
    Exit code 4: something could not be evaluated, such as resources with secrets that cannot be read, as in
    every preview.
    """
    target = target_of(context, form, output, FORMATS)
    entity = stack_entity(stack, read_tags(tags))
    found = read_judged(context, state=state, preview=preview, resources=None, stack=None, backend=None)
    enforced = enforce(
        context,
        entity,
        found.snapshot,
        where=found.where,
        backend=backend,
        strict=strict_conflicts,
        offline=offline,
        allow_hidden_secrets=allow_hidden_secrets,
        keep=not no_report,
    )
    write_report(context, enforced.report, target)
    if enforced.unkept is not None:
        context.out.warn(f"the report of this run was not kept: {enforced.unkept}", enforced.unkept.hint)
    return 0 if enforced.passes else EXIT_CODES[enforced.verdict]
