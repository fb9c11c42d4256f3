"""`test`: a pack's own cases, run by the pack itself, and what was seen against what was expected."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from packreg.cases.files import CaseFile, case_files, read_case_file, snapshot_of, stack_of
from packreg.cli.base import command, remember_format
from packreg.cli.installing import offline_option, python_option
from packreg.errors import NotEvaluated, PackregError, Problem, UsageError
from packreg.services.pack_programs import configured, is_directory, program_of, ready_packs

if TYPE_CHECKING:
    from packreg.analyzer.pool import Pool
    from packreg.analyzer.program import Program
    from packreg.cases.model import Case
    from packreg.cases.report import CaseResult, TestReport
    from packreg.cli.context import CommandContext
    from packreg.pack.metadata import PackInfo
    from packreg.services.pack_programs import Ready
    from packreg.states.snapshot import Snapshot

DIFFERS = 13
_EXIT_CODES = {"passed": 0, "differs": DIFFERS, "not-evaluated": NotEvaluated.exit_code}


@command(
    "test",
    examples=("packreg test", "packreg test ./guard -k bucket --update", "packreg test guard@1.2.0 -o junit"),
)
@click.argument("pack", metavar="[DIR|REF]", default=".")
@click.option("-k", "only", metavar="TEXT", help="Run only the cases whose names hold this text.")
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

    The pack itself judges, as in `analyze`. A directory is written with a slash (./guard) or as a dot. Exit
    code 13: a case found something else than it expects. Exit code 4: a case could not be evaluated.
    """
    from packreg.install.marker import read_marker

    if schema:
        from packreg.cases.reading import schema_text

        context.out.document(json.loads(schema_text()))
        return 0
    if context.out.json and output == "junit":
        raise UsageError("--json and --output junit are two formats", hint="leave one of them out")
    in_directory = is_directory(pack)
    if update and (not in_directory or read_marker(str(Path(context.cwd, pack))) is not None):
        raise UsageError("the cases of a release cannot be changed", hint="name the pack's own directory")
    if in_directory and Path(context.cwd, pack).is_dir():
        case_files(Path(context.cwd, pack), pack)  # say that there are none before anything is installed
    [ready] = ready_packs(context, [pack], offline=offline, python=python)
    files = [_chosen(file, only) for file in case_files(ready.directory, pack)]
    if only is not None and not any(file.cases or file.problems for file in files):
        raise UsageError(f"no case has {only!r} in its name")
    report = _run(context, ready, files, partly=only is not None)
    if update:
        report = _updated(report, files, ready.directory)
    _write(context, report, output)
    return _EXIT_CODES[report.verdict]


def _chosen(file: CaseFile, only: str | None) -> CaseFile:
    return file if only is None else file._replace(cases=tuple(c for c in file.cases if only in c.name))


class _ToRun(NamedTuple):
    case: Case
    snapshot: Snapshot
    program: Program


def _run(context: CommandContext, ready: Ready, files: Sequence[CaseFile], *, partly: bool) -> TestReport:
    """Run all cases. Raises PackFailed when the pack cannot be started at all."""
    from packreg.analyzer.pool import Pool
    from packreg.cases.report import CaseResult, FileResult, TestReport, never_fired

    results: dict[tuple[str, str], CaseResult] = {}
    todo: dict[Program, list[_ToRun]] = {}
    sources: dict[str, Snapshot] = {}
    for case in (case for file in files for case in file.cases):
        try:
            snapshot = snapshot_of(case, ready.directory, sources)
        except PackregError as error:
            results[case.file, case.name] = CaseResult(case, None, str(error))
            continue
        program = program_of(context, ready, stack_of(case, snapshot))
        # A pool keeps no process of a pack that may change; while this command runs, this one does not.
        program = replace(program, digest=program.digest or str(ready.directory))
        todo.setdefault(program, []).append(_ToRun(case, snapshot, program))
    info: PackInfo | None = None
    notes = [note for each in chain(*todo.values()) for note in each.snapshot.notes]
    with Pool(keep=1) as pool:
        for program, same in todo.items():
            if info is None:
                analyzer = pool.take(program)
                info = analyzer.info()
                pool.give_back(analyzer, reusable=True)
            for each in same:
                results[each.case.file, each.case.name] = _judge(each, ready.version, pool, notes)
    policies = [policy.name for policy in info.policies] if info is not None and not partly else []
    return TestReport(
        info.shown_name if info is not None else ready.name,
        ready.version,
        tuple(
            FileResult(file.path, tuple(results[case.file, case.name] for case in file.cases), file.problems)
            for file in files
        ),
        never_fired(policies, [result.result for result in results.values()]),
        tuple(sorted(set(notes))),
    )


def _judge(each: _ToRun, version: str, pool: Pool, notes: list[Problem]) -> CaseResult:
    from packreg.analyzer.evaluation import PackToRun, evaluate
    from packreg.cases.report import CaseResult

    layers = [each.case.layer] if each.case.layer is not None else []
    pack = PackToRun(each.program, configured(layers, notes), version)
    [result] = evaluate(each.snapshot, [pack], pool=pool).packs
    return CaseResult(each.case, result)


def _updated(report: TestReport, files: Sequence[CaseFile], directory: Path) -> TestReport:
    """Write what was seen into the cases that differ, but for files with one that could not be evaluated.

    Raises:
        UsageError: it cannot be written, or a file changed meanwhile; before anything was written.
    """
    from packreg.cases.rewriting import rewritten
    from packreg.cli.atomic import write_atomically

    texts: dict[str, bytes] = {}
    for file, result in zip(files, report.files, strict=True):
        outcomes = {case.outcome for case in result.cases}
        if "differs" in outcomes and "not-evaluated" not in outcomes:
            differing = [case for case in result.cases if case.outcome == "differs"]
            texts[file.path] = rewritten(file.data, file.path, differing)
            if read_case_file(directory / file.path) != file.data:
                raise UsageError(f"{file.path} changed while its cases ran", hint="run the command again")
    for path, text in texts.items():
        write_atomically(directory / path, text)
    return replace(
        report,
        files=tuple(
            replace(file, cases=tuple(replace(c, updated=c.outcome == "differs") for c in file.cases))
            if file.path in texts
            else file
            for file in report.files
        ),
    )


def _write(context: CommandContext, report: TestReport, output: str) -> None:
    from packreg.cases.document import document
    from packreg.cases.junit import junit_report
    from packreg.cases.text import text_report

    if context.out.json:
        context.out.document(document(report))
        return
    for line in (junit_report if output == "junit" else text_report)(report).splitlines():
        context.out.line(line)
