"""The program opa: one that is none is said, and what it answers is not believed unread."""

from __future__ import annotations

from pathlib import Path

from packreg.opa.program import analyzer_command
from tests.opa.test_check import problems_of


def test_a_program_that_is_no_opa_is_said(tmp_path: Path) -> None:
    """Too old, something else, or one that crashes: an error, and nothing was checked."""
    program = tmp_path / "opa"
    said = []
    for script in ("echo 'Version: 0.70.0'", "echo hello", "kill -SEGV $$"):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        [problem] = problems_of(str(program), {"a.rego": b"package p\n"}).errors
        said.append(problem.message.partition(str(program))[2] or problem.message)
    program.unlink()
    [problem] = problems_of(str(program), {"a.rego": b"package p\n"}).errors
    said.append(problem.message.partition(str(program))[2])
    assert said == [
        " is OPA 0.70.0; at least 1.6.0 is needed",
        " does not print its version: it wrote nothing",
        "opa version was killed by signal 11",
        " cannot be started: No such file or directory",
    ]


def test_the_command_line_of_an_analyzer() -> None:
    """The interpreter, the program, and what rules may call beyond the ordinary."""
    assert analyzer_command("/opt/opa", python="/venv/bin/python") == [
        *("/venv/bin/python", "-P", "-u", "-m", "packreg.opa", "-opa=/opt/opa")
    ]
    assert analyzer_command("/opt/opa", allowed=["http.send"])[-1] == "-allow=http.send"
