"""The case files below tests/pack/cases: hostile and odd input, with what must be said of each.

A directory of cases holds `expected.txt`, with a line `FILE: OUTCOME; OUTCOME…` for each case. An outcome is
`accept`, `refuse CODE PLACE` or `warn CODE PLACE`; the place is the end of the problem's `where`.
"""

from __future__ import annotations

from pathlib import Path

from packreg.pack.files import File
from packreg.pack.problems import Problems

CASES = Path(__file__).parent / "cases"


def expected(kind: str) -> list[tuple[str, str]]:
    """The cases of a directory as (file name, outcomes), as they stand in its expected.txt."""
    lines = (CASES / kind / "expected.txt").read_text("utf-8").splitlines()
    pairs = [line.split(": ", 1) for line in lines if not line.startswith("#")]
    return [(name, outcomes) for name, outcomes in pairs]


def names_on_disk(kind: str) -> set[str]:
    """The cases that lie in a directory."""
    return {path.name for path in (CASES / kind).iterdir()} - {"expected.txt"}


def files_of(kind: str, name: str) -> dict[str, File]:
    """The files of a case; the one file of a single-file case goes by its own name."""
    root = CASES / kind / name
    paths = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
    base = root if root.is_dir() else root.parent
    return {path.relative_to(base).as_posix(): File(path.read_bytes()) for path in paths}


def outcomes(problems: Problems, main_file: str) -> str:
    """What was said, in the words of expected.txt; places in `main_file` are without its name."""
    said = [("refuse", problem) for problem in problems.errors]
    said += [("warn", problem) for problem in problems.warnings]
    lines = []
    for verdict, problem in said:
        place = problem.where.removeprefix(main_file).lstrip(":")
        lines.append(f"{verdict} {problem.code} {place}".strip())
    return "; ".join(lines) or "accept"
