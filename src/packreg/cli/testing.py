"""`test`: run a pack's own test cases with the pack, and compare the findings with the expected ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from packreg.cases.document import document
from packreg.cases.junit import junit_report
from packreg.cases.reading import schema_text
from packreg.cases.text import text_report
from packreg.cli.base import command
from packreg.cli.installing import offline_option, python_option
from packreg.cli.report_output import report_options, target_of, write_target
from packreg.errors import NotEvaluated
from packreg.services.named_files import write_named
from packreg.services.pack_tests import run_cases

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext

DIFFERS = 13
_FORMATS = ("text", "json", "junit")
_EXIT_CODES = {"passed": 0, "differs": DIFFERS, "not-evaluated": NotEvaluated.exit_code}


@command(
    "test",
    examples=(
        "packreg test",
        "packreg test ./s3-rules -k bucket --update",
        "packreg test s3-rules@1.2.0 --format junit",
    ),
)
@click.argument("pack", metavar="[DIR|REF]", default=".")
@click.option("-k", "only", metavar="TEXT", help="Run only the cases whose names contain this text.")
@click.option("--update", is_flag=True, help="Write what is seen into the cases that differ.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of case files, and run nothing.")
@report_options(*_FORMATS)
@offline_option
@python_option
@click.pass_obj
def test_command(
    context: CommandContext,
    pack: str,
    only: str | None,
    update: bool,
    schema: bool,
    form: str | None,
    output: str | None,
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
    target = target_of(context, form, output, _FORMATS)
    tested = run_cases(context, pack, only=only, update=update, offline=offline, python=python)
    report = tested.report
    if update:
        report, texts = tested.expecting_found()
        for path, data in texts.items():
            write_named(path, data)
    text = (junit_report if target.form == "junit" else text_report)(report)
    write_target(context, target, text, document(report))
    return _EXIT_CODES[report.verdict]
