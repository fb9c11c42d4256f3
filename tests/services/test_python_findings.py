"""Files that packreg's own Python does not compile are judged by the one that the pack runs with."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from packreg.install.interpreter import find_interpreter
from packreg.pack.check import PackReport
from packreg.services.check import check_path
from packreg.services.workspace import Workspace
from tests.install.conftest import other_python as other_python

BROKEN = "a b\n"
PACK = 'from pulumi_policy import PolicyPack\n\nPolicyPack("guard", policies=[])\n'


def _report(workspace: Workspace, entry: str, requires: str = ">=3.11") -> PackReport:
    pack = Path(workspace.cwd, "p")
    pack.mkdir(exist_ok=True)
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
    project = f'[project]\nname = "guard"\nversion = "1"\nrequires-python = "{requires}"\n'
    (pack / "pyproject.toml").write_text(project + 'dependencies = ["pulumi-policy>=1,<2"]\n')
    (pack / "__main__.py").write_text(entry + PACK)
    return check_path(workspace, Path("p"), None, None, loadable=True)[0]


def test_our_own_python_judges_a_pack_that_runs_with_it(workspace: Workspace) -> None:
    """The error names file and line, and what to do if the pack is for a newer Python."""
    [problem] = _report(workspace, BROKEN).errors
    assert (problem.code, problem.where.split(":")[:2]) == ("python-syntax", ["__main__.py", "1"])
    assert "requires-python" in problem.hint
    assert _report(workspace, "").errors == ()


def test_without_the_python_that_a_pack_allows_nothing_is_sure(workspace: Workspace) -> None:
    """It is a warning, which says that no such Python is here."""
    report = _report(workspace, BROKEN, requires=">=3.99")
    assert [problem.code for problem in report.errors] == []
    assert any("none that the pack allows is here" in problem.message for problem in report.warnings)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="no other Python is looked for")
def test_a_newer_python_judges_what_is_for_it(workspace: Workspace, other_python: str) -> None:
    """What is wrong for it too is an error, with its version."""
    newer = find_interpreter(other_python, workspace.tools)
    wanted = f"=={newer.minor}.*"
    workspace.settings.values["install.python"] = other_python
    [problem] = _report(workspace, BROKEN, requires=wanted).errors
    assert f"(Python {newer.release})" in problem.message and problem.where == "__main__.py:1"
    nested = "NAME = f'{'guard'}'\n"  # read from Python 3.12 on
    assert _report(workspace, nested, requires=wanted).errors == ()
