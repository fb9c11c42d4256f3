"""Completion scripts, and what they complete."""

from __future__ import annotations

import pytest

from tests.cli.conftest import User


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(user: User, shell: str) -> None:
    """Each shell gets click's script for packreg."""
    assert "_PACKREG_COMPLETE" in user.must("completion", shell).out


def test_completion_knows_commands_options_and_packs(user: User) -> None:
    """The shell completes commands and aliases from the table, options, and the packs of a local registry."""
    user.publish("guard", "1.0.0")

    def complete(*words: str) -> list[str]:
        user.extra |= {
            "_PACKREG_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["packreg", *words]),
            "COMP_CWORD": str(len(words)),
        }
        lines = user.process().stdout.decode().split("\n")
        return [line.partition(",")[2] for line in lines if line]

    assert complete("pu") == ["publish", "push", "pull"]
    assert complete("install", "gu") == ["guard"]
    assert complete("info", "x") == []
    assert "--locked" in complete("install", "--l")
