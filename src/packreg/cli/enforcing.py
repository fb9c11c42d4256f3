"""`enforce`: the decision about a deployment, without the Pulumi CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import command
from packreg.cli.entities import tag_option
from packreg.cli.explaining import strict_option, tags_backend_option
from packreg.cli.installing import offline_option
from packreg.cli.report_output import EXIT_CODES, check_format, output_option, write_report
from packreg.errors import InvalidState, PackregError, UsageError
from packreg.groups.entities import read_tags, stack_entity
from packreg.services.decisions import Decisions
from packreg.services.judge import judged_report, stored_report
from packreg.services.prepare import RequiredPacks
from packreg.services.reports import ReportStore
from packreg.services.resources import read_judged
from packreg.services.stack_tags import with_tags
from packreg.states.preview import FAILED_PREVIEW, MISSING_RESOURCES

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.enforcement.waivers import Finding
    from packreg.groups.model import Entity
    from packreg.states.snapshot import Snapshot

no_report_option = click.option("--no-report", is_flag=True, help="Keep no report in the registry.")


@command(
    "enforce",
    examples=(
        "packreg enforce shop/prod --preview preview.json",
        "packreg enforce acme/shop/prod --state state.json -o sarif",
    ),
)
@click.argument("stack", metavar="STACK")
@click.option("--preview", metavar="FILE", help="Judge what `pulumi preview --json` wrote.")
@click.option("--state", metavar="FILE", help="Judge what `pulumi stack export` wrote.")
@tag_option
@tags_backend_option
@strict_option
@output_option
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
    output: str,
    allow_hidden_secrets: bool,
    no_report: bool,
    offline: bool,
) -> int:
    """Decide about a deployment, without the Pulumi CLI.

    It is the guard's decision, by what the stack's preventative groups require, for tools that do not run the
    Pulumi CLI; nothing is remediated, so what a policy would change counts. Exit code 3: denied. Exit code 4:
    something could not be evaluated; so it is where secrets cannot be read, as in every preview.
    """
    from dataclasses import replace

    from packreg.analyzer.program import Stack
    from packreg.enforcement.hidden import HIDDEN_SECRETS
    from packreg.services.clock import now

    check_format(context, output)
    entity = stack_entity(stack, read_tags(tags))
    found = read_judged(context, state=state, preview=preview, resources=None, stack=None, backend=None)
    _check_stack(entity, found.snapshot)
    _check_preview(found.snapshot)
    decisions = Decisions.read(context, strict=strict_conflicts)
    entity = with_tags(context, entity, decisions.governance, ("preventative",), backend, told=True)
    organization, project, name = entity.in_its_backend.split("/")
    told = Stack(name, project, organization, dry_run=preview is not None, tags=entity.tags)
    packs = RequiredPacks(context, decisions, offline=offline)
    required = decisions.required(entity, "preventative")
    packs.install(required.packs)
    ready = packs.ready(required, told)
    report = judged_report(
        found.snapshot,
        ready,
        decisions.governance,
        where=found.where,
        now=now(),
        hidden_secrets="allowed" if allow_hidden_secrets else "refused",
    )
    evaluation = report.evaluation
    findings: tuple[Finding, ...] = (*evaluation.violations, *evaluation.remediations)
    denied = any(map(report.counts, findings))
    passed = report.verdict == "not-evaluated" and not denied and bool(context.failing_open)
    passed = passed and not any(error.code == HIDDEN_SECRETS for error in evaluation.errors)
    if passed:
        assert report.governed is not None
        report = replace(report, governed=replace(report.governed, failed_open=True))
    write_report(context, report, output)
    if not no_report:
        try:
            ReportStore(context).save(stored_report("enforce", report, ready, found.snapshot.digest()))
        except PackregError as error:
            context.out.warn(f"the report of this run was not kept: {error}", error.hint)
    return 0 if passed else EXIT_CODES[report.verdict]


def _check_stack(entity: Entity, snapshot: Snapshot) -> None:
    """Refuse what is of another stack than the one that is decided about."""
    name = entity.in_its_backend.partition("/")[2]
    there = f"{snapshot.project}/{snapshot.stack}"
    if snapshot.stack and there != name:
        raise UsageError(f"{snapshot.where} is of the stack {there[:200]!r}, not of {name!r}")


def _check_preview(snapshot: Snapshot) -> None:
    """Refuse to decide by a preview that does not hold everything: what is not in it would pass unseen."""
    for note in snapshot.notes:
        if note.code == FAILED_PREVIEW:
            raise InvalidState(
                f"the preview {snapshot.where} did not succeed, so nobody knows what would be deployed",
                hint="make the preview succeed; `packreg analyze --preview` shows what there is of it",
            )
        if note.code == MISSING_RESOURCES:
            raise InvalidState(
                f"the preview {snapshot.where} does not hold everything: {note.message}",
                hint="decide by the output of `pulumi preview --json --show-sames`",
            )
