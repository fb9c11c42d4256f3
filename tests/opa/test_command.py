"""The command line that runs an OPA pack."""

from __future__ import annotations

from packreg.opa.command import analyzer_command


def test_the_command_line() -> None:
    """The interpreter, the program, and what rules may call beyond the ordinary."""
    assert analyzer_command("/opt/opa", python="/venv/bin/python") == [
        *("/venv/bin/python", "-P", "-u", "-m", "packreg.opa", "-opa=/opt/opa")
    ]
    assert analyzer_command("/opt/opa", allowed=["http.send"])[-1] == "-allow=http.send"
