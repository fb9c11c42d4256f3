"""A pack's own cases, run without a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.services.pack_tests import run_cases
from packreg.services.workspace import Workspace
from tests.cli.conftest import write_pack

CASES = """\
- name: good
  resource: {type: "aws:s3/bucket:Bucket", name: a, properties: {}}
  expect: {violations: []}
- name: bad
  resource: {type: "aws:s3/bucket:Bucket", name: b, properties: {}}
"""


@pytest.fixture
def guard(workspace: Workspace) -> Path:
    """A pack that says no to everything, with two cases of which one expects that it does not."""
    directory = write_pack(Path(workspace.cwd) / "guard", "guard", "1.0.0")
    (directory / "tests").mkdir()
    (directory / "tests" / "a.yaml").write_text(CASES)
    return directory


@pytest.mark.usefixtures("opa", "guard")
def test_what_was_found_may_become_what_is_expected(workspace: Workspace, guard: Path) -> None:
    """The texts are given, not written; once written, the same cases pass."""
    tested = run_cases(workspace, "./guard")
    assert tested.report.verdict == "differs"
    assert len(run_cases(workspace, "./guard", only="goo").report.files[0].cases) == 1
    report, texts = tested.expecting_found()
    assert {case.outcome for file in report.files for case in file.cases} == {"updated"}
    [(path, text)] = texts.items()
    assert (path, path.read_text()) == (guard / "tests" / "a.yaml", CASES)
    path.write_text(CASES + "# changed meanwhile\n")
    with pytest.raises(UsageError, match="changed while its cases ran"):
        tested.expecting_found()
    path.write_bytes(text)
    assert run_cases(workspace, "./guard").report.verdict == "passed"


@pytest.mark.usefixtures("opa", "guard")
def test_no_case_is_no_pass(workspace: Workspace) -> None:
    """Nothing to run is an error, and a release's cases are never told what to expect."""
    with pytest.raises(UsageError, match="no case has 'x' in its name"):
        run_cases(workspace, "./guard", only="x")
    with pytest.raises(UsageError, match="cases of a release"):
        run_cases(workspace, "guard@1.0.0", update=True)
