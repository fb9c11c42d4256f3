"""The error tree: its exit codes, its words, its JSON."""

from __future__ import annotations

import re

from packreg import errors
from packreg.errors import (
    InstallError,
    IntegrityError,
    InvalidConfiguration,
    PackregError,
    Problem,
    VersionUsed,
    error_code,
    error_json,
)


def test_error_words() -> None:
    """The code of an error is its class in kebab case; an install error names its log."""
    assert error_code(VersionUsed("x")) == "version-used"
    assert error_json(InstallError("x", log="/tmp/log"))["log"] == "/tmp/log"


def test_the_tree_is_the_one_that_is_drawn() -> None:
    """Each class stands in the drawing with its exit code, and nothing else does."""
    drawn = dict(re.findall(r"^[ │├└─]+([A-Z][A-Za-z]+) +([0-9]+) ", errors.__doc__ or "", re.MULTILINE))

    def below(kind: type[PackregError]) -> dict[str, str]:
        found = {kind.__name__: str(kind.exit_code)}
        for each in kind.__subclasses__():
            if each.__module__ == errors.__name__:
                found |= below(each)
        return found

    assert below(PackregError) == drawn | {"PackregError": "1"}


def test_an_error_as_json_has_every_problem_and_the_log() -> None:
    """Tools read all that a person reads; `log` is there where there is one."""
    problem = Problem("bad-name", "no name", "a.yaml:1", "give one")
    assert str(problem) == "a.yaml:1: no name [bad-name]" and str(Problem("x", "y")) == "y [x]"
    found = error_json(InvalidConfiguration("it is wrong", (problem,), hint="mend it"))
    assert found == {
        "code": "invalid-configuration",
        "exit": 4,
        "message": "it is wrong",
        "hint": "mend it",
        "problems": [problem._asdict()],
    }
    assert error_json(InstallError("no", log="/tmp/log"))["log"] == "/tmp/log"
    assert "log" not in error_json(InstallError("no"))
    assert IntegrityError("whole", problem="part").problem == "part"
    assert IntegrityError("whole").problem == "whole"
