"""Packs that cannot be loaded, or may not be: each is named before its version is used, and no other is.

A case is one file in tests/pack/cases/loadable: its first line is what must be said, in the words of
`case_files`, and each line `--- PATH` begins a file of the pack.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from packreg.pack.bundle import encode
from packreg.pack.check import check_bundle, check_directory
from packreg.pack.problems import Problems
from tests.pack.case_files import CASES, outcomes

LOADABLE = sorted(path.stem for path in (CASES / "loadable").glob("*.txt"))


def plant(case: str, directory: Path) -> str:
    """Write the files of a case; what must be said of them."""
    said, *files = (CASES / "loadable" / f"{case}.txt").read_text("utf-8").split("\n--- ")
    for file in files:
        path, _, text = file.partition("\n")
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text + "\n", "utf-8")
    return said.strip()


@pytest.mark.parametrize("case", LOADABLE)
def test_what_keeps_a_pack_from_being_loaded_is_said(case: str, tmp_path: Path) -> None:
    """Exactly the expected errors and warnings, each with its code, file and line, and errors with a fix."""
    expected = plant(case, tmp_path)
    report, _ = check_directory(tmp_path, loadable=True)
    problems = Problems()
    problems.errors, problems.warnings = list(report.errors), list(report.warnings)
    said = re.sub(r"(python-syntax [^ ;:]+:\d+):\d+", r"\1", outcomes(problems, ""))  # columns differ
    assert sorted(said.split("; ")) == sorted(expected.split("; "))
    assert all(problem.hint for problem in report.errors)


@pytest.mark.parametrize("case", ["python-syntax-entry", "nodejs-import-outside", "uv-out-of-step"])
def test_a_release_is_not_held_to_it(case: str, tmp_path: Path) -> None:
    """What makes a pack readable is asked alone, unless more is asked for: installs go on as they did."""
    plant(case, tmp_path)
    report, pack = check_directory(tmp_path, name="guard")
    assert report.ok and pack is not None
    data = encode(pack.files).data
    assert check_bundle(data, name="guard")[1] == pack
    assert not check_bundle(data, name="guard", loadable=True)[0].ok
