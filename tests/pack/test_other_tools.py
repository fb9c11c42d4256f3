"""Dependencies that stand where nothing reads them."""

from __future__ import annotations

import pytest

from packreg.pack.files import File
from packreg.pack.other_tools import unread_dependencies, warn_of_node_locks, warn_of_python_locks
from packreg.pack.problems import Problems


@pytest.mark.parametrize(
    ("path", "text", "unread"),
    [
        ("Pipfile", "", True), ("environment.yaml", "", True), ("setup.cfg", "install_requires = a", True),
        ("setup.py", "setup()", False), ("README.md", "", False),
    ],
)  # fmt: skip
def test_another_tool_has_the_dependencies(path: str, text: str, unread: bool) -> None:
    """Each is named, with a way to what works; beside a requirements.txt nothing is said."""
    files, problems = {path: File(text.encode())}, Problems()
    assert unread_dependencies(files, "none", None, problems) is unread
    assert [problem.where for problem in problems.errors] == [path] * unread
    assert all(problem.hint for problem in problems.errors)
    assert not unread_dependencies(files, "requirements", None, problems)


def test_locks_that_are_not_used_are_named() -> None:
    """Those of other tools for Node.js; for Python also the one that another toolchain would read."""
    problems = Problems()
    warn_of_node_locks({"bun.lockb": File(b""), "package-lock.json": File(b"")}, True, problems)
    warn_of_python_locks({"pdm.lock": File(b""), "poetry.lock": File(b"")}, "uv", problems)
    assert [problem.where for problem in problems.warnings] == ["bun.lockb", "pdm.lock", "poetry.lock"]
    quiet = Problems()
    warn_of_python_locks({"uv.lock": File(b"")}, "uv", quiet)
    assert quiet.warnings == []
