"""A report on stdout, in the format that was asked for, and the exit code of its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import remember_format
from packreg.errors import NotEvaluated, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packreg.cli.session import Session
    from packreg.enforcement.report import Report
    from packreg.enforcement.verdict import Verdict

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


def check_format(session: Session, output: str) -> None:
    """Refuse two formats at once. Raises UsageError."""
    if session.out.json and output not in ("text", "json"):
        raise UsageError(f"--json and --output {output} are two formats", hint="leave one of them out")


def write_report(session: Session, report: Report, output: str) -> None:
    """Print a report; JSON where `--json` says so."""
    from packreg.enforcement.document import document

    if session.out.json:
        session.out.document(document(report))
    else:
        write_reports(session, [report], output)


def write_reports(session: Session, reports: Sequence[Report], output: str) -> None:
    """Print reports in a format other than JSON: SARIF and JUnit as one document, else one by one."""
    from packreg.enforcement.github import github_report
    from packreg.enforcement.junit import junit_report
    from packreg.enforcement.markdown import markdown_report
    from packreg.enforcement.sarif import sarif_report
    from packreg.enforcement.text import text_report

    if output == "sarif":
        session.out.document(sarif_report(*reports))
        return
    each_alone: dict[str, Callable[[Report], str]] = {
        "text": text_report,
        "github": github_report,
        "markdown": markdown_report,
    }
    text = junit_report(*reports) if output == "junit" else "\n".join(map(each_alone[output], reports))
    if output == "github":
        session.out.commands(text)
        return
    for line in text.splitlines():
        session.out.line(line)
