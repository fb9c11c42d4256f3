"""`test`: run a pack's own test cases with the pack, and compare the findings with the expected ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from packreg.cases.document import document
from packreg.cases.junit import junit_report
from packreg.cases.reading import schema_text
from packreg.cases.text import text_report
from packreg.cli.base import command, remember_format
from packreg.cli.installing import offline_option, python_option
from packreg.errors import NotEvaluated, UsageError
from packreg.services.named_files import write_named
from packreg.services.pack_tests import run_cases

if TYPE_CHECKING:
    from packreg.cases.report import TestReport
    from packreg.cli.context import CommandContext

DIFFERS = 13
_EXIT_CODES = {"passed": 0, "differs": DIFFERS, "not-evaluated": NotEvaluated.exit_code}


@command(
    "test",
    examples=(
        "packreg test",
        "packreg test ./s3-rules -k bucket --update",
        "packreg test s3-rules@1.2.0 -o junit",
    ),
)
@click.argument("pack", metavar="[DIR|REF]", default=".")
@click.option("-k", "only", metavar="TEXT", help="Run only the cases whose names contain this text.")
@click.option("--update", is_flag=True, help="Write what is seen into the cases that differ.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of case files, and run nothing.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    callback=remember_format,
    help="The format of the report on stdout.",
)
@offline_option
@python_option
@click.pass_obj
def test_command(
    context: CommandContext,
    pack: str,
    only: str | None,
    update: bool,
    schema: bool,
    output: str,
    offline: bool,
    python: str | None,
) -> int:
    """Run a pack's test cases, tests/*.yaml beside it.

    The pack itself judges, as in `analyze`. A name alone is the directory, where there is one, and a release
    otherwise; the report says what was tested.
    Exit code 13: a case found something other than it expects. Exit code 4: a case could not be evaluated.
    """
    if schema:
        context.out.document(json.loads(schema_text()))
        return 0
    if context.out.json and output == "junit":
        raise UsageError("--json and --output junit are two formats", hint="leave one of them out")
    tested = run_cases(context, pack, only=only, update=update, offline=offline, python=python)
    report = tested.report
    if update:
        report, texts = tested.expecting_found()
        for path, text in texts.items():
            write_named(path, text)
    _write(context, report, output)
    return _EXIT_CODES[report.verdict]


def _write(context: CommandContext, report: TestReport, output: str) -> None:
    if context.out.json:
        context.out.document(document(report))
        return
    for line in (junit_report if output == "junit" else text_report)(report).splitlines():
        context.out.line(line)
