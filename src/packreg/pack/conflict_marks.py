"""Find files of an unfinished merge, by the conflict markers that git writes into them."""

from __future__ import annotations

import re

from packreg.pack.files import Files
from packreg.pack.paths import shown
from packreg.pack.problems import Problems

_READ = re.compile(r".*\.(?:py|[cm]?[jt]sx?|json|ya?ml|toml|lock|txt|rego)|.*\.lockb?")
_MARKS = re.compile(
    rb"^<<<<<<< [^\n]*\n(?:(?!>>>>>>> )[^\n]*\n)*?=======\r?\n(?:(?!>>>>>>> )[^\n]*\n)*?>>>>>>> ",
    re.MULTILINE,
)


def tell_conflicts(files: Files, problems: Problems) -> None:
    """For each file that has errors and conflict markers, replace all its problems by one error."""
    wrong = {problem.where.partition(":")[0] for problem in problems.errors}
    for path, file in files.items():
        if shown(path) not in wrong or not _READ.fullmatch(path) or b"<<<<<<< " not in file.data:
            continue
        marks = _MARKS.search(file.data)
        if marks is None:
            continue
        for kept in (problems.errors, problems.warnings):
            kept[:] = [each for each in kept if each.where.partition(":")[0] != shown(path)]
        line = file.data.count(b"\n", 0, marks.start()) + 1
        message = "the file holds the marks of a merge that was not finished"
        hint = "choose what is to stay, and remove the lines <<<<<<<, ======= and >>>>>>>"
        if path.endswith((".lock", "-lock.json")):
            hint = "resolve pyproject.toml or package.json first, then have the lock made anew"
        problems.error("merge-conflict", message, f"{shown(path)}:{line}", hint)
