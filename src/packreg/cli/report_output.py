"""Write a report in the chosen format to stdout or a file; compute the exit code from its verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from packreg.cli.base import remember_format
from packreg.cli.output import json_text
from packreg.errors import NotEvaluated, UsageError
from packreg.reports.document import document
from packreg.reports.github import github_report
from packreg.reports.junit import junit_report
from packreg.reports.markdown import markdown_report
from packreg.reports.next_steps import next_steps
from packreg.reports.sarif import sarif_report
from packreg.reports.text import text_report
from packreg.services.named_files import write_named
from packreg.text import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packreg.cli.context import CommandContext
    from packreg.enforcement.verdict import Verdict
    from packreg.reports.report import Report

Decorated = TypeVar("Decorated", bound="Callable[..., Any]")
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


class ReportTarget(NamedTuple):
    """The format of a report, and the file that it is written to; None is stdout."""

    form: str
    file: Path | None


def report_options(*forms: str) -> Callable[[Decorated], Decorated]:
    """The options `--format`, one of `forms`, and `--output` FILE of a command; see `target_of`."""
    form = click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        callback=remember_format,
        help=f"The format of the report. Default: {forms[0]}.",
    )
    output = click.option(
        "-o",
        "--output",
        metavar="FILE",
        callback=remember_format,
        help="Write the report to this file. Default: stdout.",
    )
    return lambda function: form(output(function))


def target_of(
    context: CommandContext, form: str | None, output: str | None, forms: Sequence[str]
) -> ReportTarget:
    """Where a report goes, and as which of `forms`.

    `--output` named the format once: a value that is one of `forms` still does. A file of such a name is
    written `./json`.

    Raises:
        UsageError: two formats, for stdout or in both options.
    """
    named = output if output in forms else None
    if named and form not in (None, named):
        raise UsageError(
            f"--format {form} and --output {named} are two formats",
            hint=f"write --output ./{named} for a file of that name",
        )
    form = form or named or forms[0]
    if output is not None and not named:
        return ReportTarget(form, Path(context.cwd, output))
    if context.out.json and form not in ("text", "json"):
        raise UsageError(
            f"--json and --format {form} are two formats",
            hint="leave one of them out, or write the report to a file: --output FILE",
        )
    return ReportTarget(form, None)


def write_report(context: CommandContext, report: Report, target: ReportTarget) -> None:
    """Write the report of a run that has just ended; as text it ends with what to do, where it denies."""
    for pack in report.evaluation.packs:
        if pack.engine is not None and pack.info is not None:
            asked = "in its own process" if pack.engine.in_process else "over gRPC"
            context.out.detail(f"{pack.pack} was asked {asked}")
    text = rendered(context, [report], target.form)
    if target.form == "text" and report.verdict == "denied" and (steps := list(next_steps(report))):
        text += "\n".join(["", "What to do:", *steps])
    write_target(context, target, text, document(report))


def rendered(context: CommandContext, reports: Sequence[Report], form: str) -> str:
    """Reports in a format other than JSON: SARIF and JUnit are one document, else one follows the other."""
    if form == "sarif":
        return json_text(sarif_report(*reports))
    if form == "junit":
        return junit_report(*reports)
    if form == "markdown":
        return markdown_report(*reports, limit=context.settings.markdown_characters)
    return "\n".join(map(github_report if form == "github" else text_report, reports))


def write_target(context: CommandContext, target: ReportTarget, text: str, as_json: object) -> None:
    """Write a report, `text` in the target's format unless that is JSON, to its file or to stdout.

    Where it goes to a file, `--json` prints its document as well.

    Raises:
        UsageError: the file cannot be written; what was there stays.
    """
    form, file = target
    lines = (json_text(as_json) if form == "json" else text).splitlines()
    if file is not None:
        harmless = lines if form == "github" else map(plain, lines)
        write_named(file, "".join(f"{line}\n" for line in harmless).encode())
    if context.out.json and (file is None or form != "json"):
        context.out.document(as_json)
    elif file is None:
        print_line = {"text": context.out.judged, "github": context.out.command}.get(form, context.out.line)
        for line in lines:
            print_line(line)
