"""`findings`, `compliance` and `report`: what runs found, as it is kept in the registry."""

from __future__ import annotations

from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from packreg._version import __version__
from packreg.cli.base import Group, command
from packreg.cli.report_output import FORMATS, write_reports
from packreg.errors import IntegrityError, UsageError
from packreg.services.reports import CURRENT, ReportStore, newest_of_each_mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.context import CommandContext
    from packreg.findings.tracking import Tracked
    from packreg.groups.model import Entity
    from packreg.reports.report_keys import Run
    from packreg.services.reports import History

#: Runs of each entity that the trend of a page goes back over.
TREND_RUNS = 30

entities_argument = click.argument("entities", metavar="[STACK|ACCOUNT...]", nargs=-1)
run_option = click.option(
    "--run",
    "runs",
    type=click.Choice(["preview", "update", "enforce", "audit"]),
    multiple=True,
    help="Only what such runs found. Default: all but previews, which only judge plans.",
)

findings_command = Group(
    "findings",
    help="Show what the last runs found, and what became of it since.",
    examples=("packreg findings ls", "packreg findings ls shop/prod --level mandatory --status new"),
)


@command(
    "ls",
    group=findings_command,
    examples=(
        "packreg findings ls --status new --level mandatory",
        "packreg findings ls '*/prod' --pack guard --json",
        "packreg findings ls shop/prod --status fixed",
    ),
)
@entities_argument
@click.option("--pack", metavar="GLOB", multiple=True, help="Of these packs.")
@click.option("--policy", metavar="GLOB", multiple=True, help="Of these policies.")
@click.option(
    "--level",
    type=click.Choice(["mandatory", "advisory", "remediate", "error", "hidden"]),
    multiple=True,
    help="At it.",
)
@click.option(
    "--severity", type=click.Choice(["low", "medium", "high", "critical"]), multiple=True, help="As severe."
)
@click.option(
    "--status",
    type=click.Choice(["new", "open", "fixed", "unknown", "dropped"]),
    multiple=True,
    help="What became of it. Default: new, open and unknown.",
)
@run_option
@click.pass_obj
def ls_command(
    context: CommandContext,
    entities: tuple[str, ...],
    pack: tuple[str, ...],
    policy: tuple[str, ...],
    level: tuple[str, ...],
    severity: tuple[str, ...],
    status: tuple[str, ...],
    runs: tuple[Run, ...],
) -> int:
    """List what the last run of each stack and account found.

    `new` was not found by the run before, `open` was. `fixed` was found then and looked for again; `unknown`
    could not be looked for now, and `dropped` is of a pack that is not required any more.
    """
    kept = ReportStore(context)
    wanted = set(status or ("new", "open", "unknown"))
    found = [
        each
        for each in tracked(current(context, kept, entities, runs, 2))
        if each.status in wanted
        and _fits(each.pack, pack)
        and _fits(each.policy, policy)
        and (not level or (each.level or "error") in level)
        and (not severity or each.severity in severity)
    ]
    if context.out.json:
        context.out.document([tracked_json(each) for each in found])
    else:
        from packreg.reports.plain import resource_label

        context.out.table(
            ["status", "level", "severity", "entity", "policy", "resource"],
            [
                [
                    each.status,
                    (each.level or "error") + (", waived" if each.waiver else ""),
                    each.severity or "-",
                    each.entity.name,
                    f"{each.pack}:{each.policy}" if each.policy else each.pack or "-",
                    resource_label(each.urn, each.resource_type),
                ]
                for each in found
            ],
        )
        context.out.say(f"{len(found)} findings")
    return _ended(context, kept)


@command(
    "compliance",
    examples=("packreg compliance", "packreg compliance '*/prod' --json"),
)
@entities_argument
@run_option
@click.pass_obj
def compliance_command(context: CommandContext, entities: tuple[str, ...], runs: tuple[Run, ...]) -> int:
    """Show how many policies each stack and account passed.

    By its last runs, pack by pack: policies passed of all that are enabled. What could not be evaluated has
    not passed, and is marked.
    """
    from packreg.findings.compliance import compliance
    from packreg.reports.report import counted

    kept = ReportStore(context)
    table = compliance(history.reports[0] for history in current(context, kept, entities, runs, 1))
    if context.out.json:
        context.out.document(
            [
                {"entity": entity.name, "kind": entity.kind, "pack": pack, **score._asdict()}
                | {"hidden": table.hidden.get(entity.name, 0)}
                for entity in table.entities
                for pack in table.packs
                if (score := table.score(entity, pack)) is not None
            ]
        )
        return _ended(context, kept)

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
    context.out.say(f"{overall.passed} of {overall.total} policies passed")
    return _ended(context, kept)


@command(
    "report",
    examples=(
        "packreg report --format html > compliance.html",
        "packreg report shop/prod --format markdown",
        "packreg report '*/prod' --format csv > findings.csv",
    ),
)
@entities_argument
@click.option(
    "-o",
    "--output",
    "--format",
    "form",
    type=click.Choice([*FORMATS, "html", "csv"]),
    default="text",
    show_default=True,
    help="The format of the report on stdout.",
)
@run_option
@click.pass_obj
def report_command(
    context: CommandContext, entities: tuple[str, ...], form: str, runs: tuple[Run, ...]
) -> int:
    """Print the reports of the last runs, as HTML or CSV too.

    Of all stacks and accounts, or of those that are named. The HTML page is complete in itself: a heat map of
    compliance, a trend, and the findings with what has become of them. CSV has a row for each finding.
    """
    if context.out.json and form not in ("text", "json"):
        raise UsageError(f"--json and --format {form} are two formats", hint="leave one of them out")
    kept = ReportStore(context)
    histories = current(context, kept, entities, runs, TREND_RUNS if form == "html" else 2)
    _print(context, histories, "json" if context.out.json else form)
    if not histories:
        context.out.say("no reports are kept of that")
    return _ended(context, kept)


def _print(context: CommandContext, histories: Sequence[History], form: str) -> None:
    from packreg.findings.findings_csv import findings_csv
    from packreg.reports.document import document

    newest = [history.reports[0] for history in histories]
    if form == "json":
        context.out.document(
            [
                {"run": stored.run, "time": stored.time, "id": stored.id, "state": stored.state}
                | {"ran": [asdict(pack) for pack in stored.packs]}
                | document(stored.report)
                for stored in newest
            ]
        )
    elif form in FORMATS:
        write_reports(context, [stored.report for stored in newest], form)
    else:
        text = _page(histories) if form == "html" else findings_csv(tracked(histories))
        for line in text.splitlines():
            context.out.line(line)


def _page(histories: Sequence[History]) -> str:
    from packreg.findings.compliance import compliance
    from packreg.findings.html import html_report
    from packreg.findings.trend import trend
    from packreg.services.clock import now

    return html_report(
        compliance(history.reports[0] for history in histories),
        tracked(histories),
        trend(report for history in histories for report in history.reports),
        title="Policy compliance",
        made=now(),
        tool=__version__,
    )


def current(
    context: CommandContext, kept: ReportStore, entities: Sequence[str], runs: Sequence[Run], count: int
) -> list[History]:
    """The last runs of each mode of every entity that is meant, with up to `count` reports each.

    Raises:
        UsageError: an entity was named of which there are no reports.
    """
    from packreg.groups.members import matches

    chosen = runs or CURRENT
    known = kept.entities(chosen)
    for pattern in entities:
        if not any(matches(pattern, entity) for entity in known):
            raise UsageError(
                f"no reports are kept of {pattern!r}", hint="`packreg compliance` lists whom there are any of"
            )
    meant = [each for each in known if not entities or any(matches(pattern, each) for pattern in entities)]
    found = newest_of_each_mode(kept.histories(meant, chosen, count))
    kept.look_beside(found)
    return found


def tracked(histories: Sequence[History]) -> list[Tracked]:
    """The findings of the last run of each, against the run before."""
    from packreg.findings.tracking import track

    found: list[Tracked] = []
    for history in histories:
        found += track(history.reports[0], history.reports[1] if len(history.reports) > 1 else None)
    return found


def tracked_json(each: Tracked) -> dict[str, Any]:
    """A finding for programs."""
    waiver = asdict(each.waiver) if each.waiver else None
    entity = {"entity": each.entity.name, "entity_kind": each.entity.kind}
    return {**each._asdict(), **entity, "waiver": waiver}


def _fits(name: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)


def _ended(context: CommandContext, kept: ReportStore) -> int:
    """Say which times cannot be right, and what could not be trusted, which is an exit code of its own."""
    for doubt in kept.doubted:
        context.out.warn(doubt)
    for text in kept.unreadable:
        context.out.warn(text)
    return IntegrityError.exit_code if kept.unreadable else 0
