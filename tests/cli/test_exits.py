"""The exit codes in words."""

from __future__ import annotations

from packreg.cli.exits import EXIT_CODES
from tests.cli.test_app import COMMANDS_PAGE, every_error


def test_every_exit_code_of_the_errors_is_explained() -> None:
    """`--help` and the documentation list every exit code that an error has, and say the same of it."""
    page = COMMANDS_PAGE.read_text("utf-8")
    assert {kind.exit_code for kind in every_error()} <= EXIT_CODES.keys()
    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in page
