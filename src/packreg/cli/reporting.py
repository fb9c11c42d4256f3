"""`findings`, `compliance` and `report`: what runs found, from the reports in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import CommandGroup, command, several_option
from packreg.cli.finding_output import write_finding, write_findings
from packreg.cli.report_output import FORMATS, rendered, report_options, target_of, write_target
from packreg.errors import IntegrityError
from packreg.findings.findings_csv import findings_csv
from packreg.reports.report import counted
from packreg.services.findings import (
    TREND_RUNS,
    FindingFilter,
    LatestRuns,
    compliance_json,
    finding_json,
    policy_finding_json,
    report_json,
)

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.findings.tracking import Status
    from packreg.groups.model import Entity
    from packreg.reports.report_keys import Run

_REPORT_FORMATS = (*FORMATS, "html", "csv")

entities_argument = click.argument("entities", metavar="[STACK|ACCOUNT...]", nargs=-1)
run_option = several_option(
    "--run",
    "runs",
    choices=["preview", "update", "enforce", "audit"],
    help="Only the findings of such runs. Default: all but previews, which only judge plans.",
)

findings_command = CommandGroup(
    "findings",
    help="Show what the last runs found, and what became of it since.",
    examples=("packreg findings ls", "packreg findings ls shop/prod --level mandatory --status new"),
)


@command(
    "ls",
    group=findings_command,
    examples=(
        "packreg findings ls --status new --level mandatory",
        "packreg findings ls '*/prod' --pack s3-rules --severity high,critical",
        "packreg findings ls --project shop --policy s3-rules:no-public --json",
        "packreg findings ls shop/prod --status fixed",
    ),
)
@entities_argument
@click.option("--project", metavar="GLOB", multiple=True, help="Of stacks of these projects.")
@click.option("--pack", metavar="PACK", multiple=True, help="Of these packs; may have globs.")
@click.option("--policy", metavar="[PACK:]POLICY", multiple=True, help="Of these policies; may have globs.")
@several_option(
    "--level", choices=["mandatory", "advisory", "remediate", "error", "hidden"], help="At these levels."
)
@several_option("--severity", choices=["low", "medium", "high", "critical"], help="As severe as these.")
@several_option(
    "--status",
    choices=["new", "open", "fixed", "unknown", "dropped"],
    help="What became of it. Default: new, open and unknown.",
)
@run_option
@click.pass_obj
def ls_command(
    context: CommandContext,
    entities: tuple[str, ...],
    project: tuple[str, ...],
    pack: tuple[str, ...],
    policy: tuple[str, ...],
    level: tuple[str, ...],
    severity: tuple[str, ...],
    status: tuple[Status, ...],
    runs: tuple[Run, ...],
) -> int:
    """List what the last run of each stack and account found, the worst first.

    The run before did not find what is `new`, and found what is `open`. What is `fixed` was found then,
    looked for again and is gone; what is `unknown` could not be looked for now, and what is `dropped` is of a
    pack that is no longer required. Several values of an option are written with commas.
    """
    latest = LatestRuns(context, entities, runs)
    wanted = FindingFilter(project, pack, policy, level, severity, status or FindingFilter.statuses)
    found = latest.findings(wanted)
    if context.out.json:
        context.out.document([finding_json(each) for each in found])
    else:
        write_findings(context.out, found)
        context.out.say(counted(len(found), "finding"))
    for what, word, known in latest.unknown_words(wanted):
        hint = f"there is {', '.join(known[:20])}" if known else ""
        context.out.warn(f"no {what} of these runs is called {word!r}", hint)
    return _ended(context, latest)


@command(
    "show",
    group=findings_command,
    examples=("packreg findings show 5d41402abc4b", "packreg findings show 5d41402abc4b --json"),
)
@click.argument("finding", metavar="ID")
@click.pass_obj
def show_command(context: CommandContext, finding: str) -> int:
    """Show all that is known of one finding.

    ID is what `packreg findings ls` shows, or its first characters. It stays the same from run to run: it
    names a policy and a resource of a stack, or of an account. Exit code 6: no last run found it.
    """
    latest = LatestRuns(context, (), ("preview", "update", "enforce", "audit"))
    found = latest.find(finding)
    if context.out.json:
        context.out.document([policy_finding_json(each) for each in found])
    else:
        for each in found:
            write_finding(context.out, each)
    return _ended(context, latest)


@command(
    "compliance",
    examples=("packreg compliance", "packreg compliance '*/prod' --json"),
)
@entities_argument
@run_option
@click.pass_obj
def compliance_command(context: CommandContext, entities: tuple[str, ...], runs: tuple[Run, ...]) -> int:
    """Show how many policies each stack and account passed.

    Shows, by the last runs and pack by pack, how many of the enabled policies passed. What could not be
    evaluated has not passed, and is marked.
    """
    latest = LatestRuns(context, entities, runs, count=1)
    table = latest.compliance()
    if context.out.json:
        context.out.document(compliance_json(table))
        return _ended(context, latest)

    def shown(passed: int, total: int, errors: int) -> str:
        return f"{passed}/{total}" + (f" ({errors} errors)" if errors else "") if total else "-"

    def row(entity: Entity) -> list[str]:
        scores = [table.score(entity, pack) for pack in table.packs]
        cells = [shown(s.passed, s.total, s.errors) if s else "-" for s in scores]
        whole = table.overall(entity=entity)
        hidden = table.hidden.get(entity.name, 0)
        said = f", {counted(hidden, 'resource')} with hidden secrets" if hidden else ""
        return [entity.name, *cells, shown(whole.passed, whole.total, whole.errors) + said]

    context.out.table(["entity", *table.packs, "all"], [row(entity) for entity in table.entities])
    overall = table.overall()
    if table.entities:
        context.out.say(f"{overall.passed} of {overall.total} policies passed")
    else:
        context.out.say("no reports are kept of these stacks and accounts")
    return _ended(context, latest)


@command(
    "report",
    examples=(
        "packreg report --format html -o compliance.html",
        "packreg report shop/prod --format markdown",
        "packreg report '*/prod' --format csv > findings.csv",
    ),
)
@entities_argument
@report_options(*_REPORT_FORMATS)
@run_option
@click.pass_obj
def report_command(
    context: CommandContext,
    entities: tuple[str, ...],
    form: str | None,
    output: str | None,
    runs: tuple[Run, ...],
) -> int:
    """Print the reports of the last runs, as HTML or CSV too.

    Of all stacks and accounts, or of those that are named. The HTML page is self-contained: what is open and
    where it is worst, what is new and fixed, a trend, a heat map of compliance, and the findings with how to
    fix them. CSV has a row for each finding.
    """
    target = target_of(context, form, output, _REPORT_FORMATS)
    latest = LatestRuns(context, entities, runs, count=TREND_RUNS if target.form == "html" else 2)
    if target.form == "html":
        text = latest.page()
    elif target.form == "csv":
        text = findings_csv(latest.findings())
    else:
        text = rendered(context, [stored.report for stored in latest.newest], target.form)
    write_target(context, target, text, [report_json(stored) for stored in latest.newest])
    if not latest.newest:
        context.out.say("no reports are kept of these stacks and accounts")
    return _ended(context, latest)


def _ended(context: CommandContext, latest: LatestRuns) -> int:
    """Warn of times that cannot be right; report what could not be trusted; returns the exit code."""
    for doubt in latest.doubted:
        context.out.warn(doubt)
    if latest.gaps:
        context.out.say(latest.gaps)
    for text in latest.unreadable:
        context.out.warn(text)
    return IntegrityError.exit_code if latest.unreadable else 0
