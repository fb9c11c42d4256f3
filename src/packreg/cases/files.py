"""The case files of a pack directory: find them, read them, and load the resources that each case judges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packreg.analyzer.program import Stack
from packreg.cases.reading import MAX_FILE, read_cases
from packreg.errors import InvalidState, Problem, UsageError
from packreg.pack.problems import Problems
from packreg.pack.select import read_file
from packreg.states.preview import read_preview
from packreg.states.resources import read_resources
from packreg.states.sources import read_source
from packreg.states.state import read_state

if TYPE_CHECKING:
    from packreg.analyzer.program import Stack
    from packreg.cases.model import Case
    from packreg.states.snapshot import Snapshot

#: The folder of a pack that holds its case files.
DIRECTORY = "tests"
_SUFFIXES = (".yaml", ".yml")
_DEFAULT = "test"  # the stack and the project of a case that names none


class CaseFile(NamedTuple):
    """A case file at `path` in the pack: its bytes, and its cases or, if there are any, its problems."""

    path: str
    data: bytes
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]


def case_files(directory: Path, shown: str) -> list[CaseFile]:
    """All case files of the pack in `directory`, which messages call `shown`, in the order of their names.

    Raises:
        UsageError: there are no case files.
    """
    place = directory / DIRECTORY
    try:
        paths = sorted(path for path in place.iterdir() if path.suffix in _SUFFIXES)
    except OSError:
        paths = []
    if not paths:
        raise UsageError(
            f"{shown} has no cases: there is no {DIRECTORY}/*.yaml",
            hint="write one; in a release, `files` of package.json or an ignore file may have left them out",
        )
    return [_read(path, f"{DIRECTORY}/{path.name}") for path in paths]


def snapshot_of(case: Case, directory: Path, sources: dict[str, Snapshot]) -> Snapshot:
    """The resources that a case judges. `sources` caches the snapshots of files between calls.

    Raises:
        InvalidState, NotFound, UsageError: the resources or the file cannot be read.
    """
    if case.kind == "resources":
        return read_resources(
            case.resources,
            case.file,
            stack=case.stack.name or _DEFAULT,
            project=case.stack.project or _DEFAULT,
            place=lambda index: f"line {case.lines[index]}",
        )
    key = f"{case.kind} {case.source}"
    if key not in sources:
        sources[key] = _from_file(case, directory)
    return sources[key]


def _from_file(case: Case, directory: Path) -> Snapshot:
    path = directory / case.source
    if not path.resolve().is_relative_to(directory.resolve()):
        raise InvalidState(f"{case.source} is a link to something outside the pack")
    data = read_source(str(path), cwd=directory).data
    snapshot = (read_state if case.kind == "state" else read_preview)(data, case.source)
    if snapshot.size == 0:
        raise InvalidState(f"{case.source} has no resources, so there is nothing to judge")
    return snapshot


def stack_of(case: Case, snapshot: Snapshot) -> Stack:
    """The stack that the pack is told about: what the case says, else what the resources' URNs say."""
    given = case.stack
    return Stack(
        given.name or snapshot.stack,
        given.project or snapshot.project,
        given.organization,
        dry_run=case.kind == "preview" if given.dry_run is None else given.dry_run,
        config=given.config,
        tags=given.tags,
    )


def read_case_file(file: Path) -> bytes | None:
    """The bytes of a case file; None if it is a link or no regular file, or larger than `MAX_FILE`."""
    return read_file(file, MAX_FILE)


def _read(file: Path, path: str) -> CaseFile:
    data = read_case_file(file)
    if data is None:
        message = f"it is not a regular file of at most {MAX_FILE:,} bytes that can be read"
        return CaseFile(path, b"", (), (Problem("unreadable", message, path),))
    problems = Problems()
    cases = read_cases(data, path, problems)
    return CaseFile(path, data, cases, tuple(problems.errors))
