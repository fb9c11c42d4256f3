"""What the Python that a pack runs with says of files that packreg's own does not compile."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from packreg.errors import InstallError, Problem
from packreg.install.interpreter import Interpreter, find_interpreter
from packreg.pack.entry import PYPROJECT
from packreg.pack.paths import shown
from packreg.pack.problems import Problems
from packreg.pack.pyproject import parse_pyproject
from packreg.pack.python_check import PYTHONS

if TYPE_CHECKING:
    from packreg.install.tools import Tools
    from packreg.pack.check import PackReport
    from packreg.pack.files import File

SYNTAX = "python-syntax"
_HINT = "the pack cannot be loaded with it"
_PROGRAM = """
import json, sys, warnings
warnings.simplefilter("ignore")
faults = {}
for path, text in json.load(sys.stdin).items():
    try:
        compile(text.encode("utf-8"), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        faults[path] = [error.msg, error.lineno or 1]
    except (ValueError, RecursionError, MemoryError, OverflowError):
        pass
json.dump(faults, sys.stdout)
"""


def judged_by_its_python(report: PackReport, python: str | None, tools: Tools) -> PackReport:
    """The report, with errors of syntax only where the Python that the pack runs with finds them.

    That is packreg's own unless the operator chose `python`, or requires-python excludes our own; then one
    that it allows. Where there is none here, what our own Python says is a warning.
    """
    syntax = [problem for problem in report.errors if problem.code == SYNTAX]
    bounds = _bounds(report.contents)
    own = platform.python_version()
    if not syntax or (python is None and bounds.contains(own, prereleases=True)):
        return report
    others = tuple(problem for problem in report.errors if problem.code != SYNTAX)
    interpreter = _interpreter(bounds, python, tools)
    if interpreter is None:
        message = f"Python {own} refuses this, and none that the pack allows is here"
        unsure = (each._replace(message=f"{message}: {each.message}") for each in syntax)
        return replace(report, errors=others, warnings=(*report.warnings, *unsure))
    wrong = {problem.where.partition(":")[0] for problem in syntax}
    files = {path: file for path, file in report.contents.items() if shown(path) in wrong}
    return replace(report, errors=(*others, *_compiled(files, interpreter, tools)))


def _compiled(files: Mapping[str, File], interpreter: Interpreter, tools: Tools) -> list[Problem]:
    """What another interpreter says of these files."""
    texts = {path: file.data.decode("utf-8", "replace") for path, file in files.items()}
    command = [interpreter.path, "-I", "-c", _PROGRAM]
    said = json.loads(tools.run(command, "compile the pack's files", stdin=json.dumps(texts).encode()))
    return [
        Problem(SYNTAX, f"{message} (Python {interpreter.release})", f"{shown(path)}:{line}", _HINT)
        for path, (message, line) in sorted(said.items())
    ]


def _bounds(files: Mapping[str, File]) -> SpecifierSet:
    project = parse_pyproject(files[PYPROJECT].data, Problems()) if PYPROJECT in files else None
    return SpecifierSet((project.requires_python if project else None) or "")


def _interpreter(bounds: SpecifierSet, python: str | None, tools: Tools) -> Interpreter | None:
    wanted = (
        [each.strip() for each in python.split(",")]
        if python
        else [f"{a}.{b}" for a, b in PYTHONS if bounds.contains(f"{a}.{b}.99")]
    )
    for each in wanted:
        try:
            return find_interpreter(each, tools)
        except InstallError:
            continue
    return None
