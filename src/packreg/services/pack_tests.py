"""A pack's own test cases are run by the pack itself, and may be told to expect what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packreg.analyzer.evaluation import PackToRun, evaluate
from packreg.analyzer.pool import Pool
from packreg.cases.files import CaseFile, case_files, read_case_file, snapshot_of, stack_of
from packreg.cases.report import CaseResult, FileResult, TestReport, never_fired
from packreg.cases.rewriting import rewritten
from packreg.errors import PackregError, Problem, UsageError
from packreg.install.marker import read_marker
from packreg.services.pack_programs import configured, program_of, ready_packs
from packreg.services.pack_words import is_directory, own_directory

if TYPE_CHECKING:
    from packreg.analyzer.program import Program
    from packreg.cases.model import Case
    from packreg.pack.metadata import PackInfo
    from packreg.services.pack_programs import Ready
    from packreg.services.workspace import Workspace
    from packreg.states.snapshot import Snapshot


class TestedPack(NamedTuple):
    """A pack's cases, run: the report, and the case files in the pack's directory that it is of."""

    report: TestReport
    files: list[CaseFile]
    directory: Path

    def expecting_found(self) -> tuple[TestReport, dict[Path, bytes]]:
        """The case files that differ with what was found in them, and the report that then holds.

        A file with a case that could not be evaluated is left as it is.

        Raises:
            UsageError: what was found cannot be written down, or a file changed while its cases ran.
        """
        texts: dict[Path, bytes] = {}
        files = list(self.report.files)
        for number, (file, result) in enumerate(zip(self.files, self.report.files, strict=True)):
            outcomes = {case.outcome for case in result.cases}
            if "differs" not in outcomes or "not-evaluated" in outcomes:
                continue
            differing = [case for case in result.cases if case.outcome == "differs"]
            path = self.directory / file.path
            texts[path] = rewritten(file.data, file.path, differing)
            if read_case_file(path) != file.data:
                raise UsageError(f"{file.path} changed while its cases ran", hint="run the command again")
            cases = tuple(replace(case, updated=case.outcome == "differs") for case in result.cases)
            files[number] = replace(result, cases=cases)
        return replace(self.report, files=tuple(files)), texts


def run_cases(
    workspace: Workspace,
    pack: str,
    *,
    only: str | None = None,
    update: bool = False,
    offline: bool = False,
    python: str | None = None,
) -> TestedPack:
    """Run the cases of a pack, or `only` those with this text in their names.

    `pack` is a directory or a reference; a name alone is the directory, where there is one.

    Raises:
        UsageError: there are no such cases, or they are to `update`, and are those of a release.
        PackFailed: the pack cannot be started at all.
        PackregError: it is not available.
    """
    pack = own_directory(workspace, pack)
    directory, in_directory = Path(workspace.cwd, pack), is_directory(pack)
    if update and (not in_directory or read_marker(str(directory)) is not None):
        raise UsageError("the cases of a release cannot be changed", hint="name the pack's own directory")
    if in_directory and directory.is_dir():
        case_files(directory, pack)  # say that there are none before anything is installed
    [ready] = ready_packs(workspace, [pack], offline=offline, python=python)
    files = [_chosen(file, only) for file in case_files(ready.directory, pack)]
    if only is not None and not any(file.cases or file.problems for file in files):
        raise UsageError(f"no case has {only!r} in its name")
    report = _run(workspace, ready, files, partly=only is not None)
    report = replace(report, directory=pack if in_directory else "")
    return TestedPack(report, files, ready.directory)


def _chosen(file: CaseFile, only: str | None) -> CaseFile:
    return file if only is None else file._replace(cases=tuple(c for c in file.cases if only in c.name))


class _ToRun(NamedTuple):
    case: Case
    snapshot: Snapshot
    program: Program


def _run(workspace: Workspace, ready: Ready, files: Sequence[CaseFile], *, partly: bool) -> TestReport:
    """Run all cases. Raises PackFailed when the pack cannot be started at all."""
    results: dict[tuple[str, str], CaseResult] = {}
    todo: dict[Program, list[_ToRun]] = {}
    sources: dict[str, Snapshot] = {}
    for case in (case for file in files for case in file.cases):
        try:
            snapshot = snapshot_of(case, ready.directory, sources)
        except PackregError as error:
            results[case.file, case.name] = CaseResult(case, None, str(error))
            continue
        program = program_of(workspace, ready, stack_of(case, snapshot))
        # A pool keeps no process of a pack that may change; while its cases run, this one does not.
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
    layers = [each.case.layer] if each.case.layer is not None else []
    pack = PackToRun(each.program, configured(layers, notes), version)
    [result] = evaluate(each.snapshot, [pack], pool=pool).packs
    return CaseResult(each.case, result)
