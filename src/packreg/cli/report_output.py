"""Print a report on stdout in the chosen format; compute the exit code from its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import remember_format
from packreg.errors import NotEvaluated, UsageError
from packreg.reports.document import document
from packreg.reports.github import github_report
from packreg.reports.junit import junit_report
from packreg.reports.markdown import markdown_report
from packreg.reports.sarif import sarif_report
from packreg.reports.text import text_report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.context import CommandContext
    from packreg.enforcement.verdict import Verdict
    from packreg.reports.report import Report

DENIED = 3
FORMATS = ("text", "json", "sarif", "junit", "github", "markdown")
EXIT_CODES: dict[Verdict, int] = {
    "allowed": 0,
    "denied": DENIED,
    "compliant": 0,
    "not-compliant": 0,
    "nothing-required": 0,
    "not-evaluated": NotEvaluated.exit_code,
}

output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    callback=remember_format,
    help="The format of the report on stdout.",
)


def check_format(context: CommandContext, output: str) -> None:
    """Raise UsageError if two formats were chosen at once."""
    if context.out.json and output not in ("text", "json"):
        raise UsageError(f"--json and --output {output} are two formats", hint="leave one of them out")


def write_report(context: CommandContext, report: Report, output: str) -> None:
    """Print a report; JSON where `--json` says so."""
    if context.out.json:
        context.out.document(document(report))
    else:
        write_reports(context, [report], output)


def write_reports(context: CommandContext, reports: Sequence[Report], output: str) -> None:
    """Print reports in a format other than JSON: SARIF and JUnit as one document, else one by one."""
    if output == "sarif":
        context.out.document(sarif_report(*reports))
        return
    if output == "junit":
        text = junit_report(*reports)
    elif output == "markdown":
        text = markdown_report(*reports, limit=context.settings.markdown_characters)
    else:
        text = "\n".join(map(text_report if output == "text" else github_report, reports))
    if output == "github":
        context.out.commands(text)
        return
    for line in text.splitlines():
        context.out.line(line)
