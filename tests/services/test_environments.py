"""Opening the environments of a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.cli.context import CommandContext
from packreg.errors import NotFound, UsageError
from packreg.services.environments import Opener


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandContext:
    """A session in an empty registry, with one environment of one revision."""
    monkeypatch.chdir(tmp_path)
    registry = str(tmp_path / "registry")
    session = CommandContext({"HOME": str(tmp_path), "PACKREG_REGISTRY": registry, "PATH": "/usr/bin:/bin"})
    session.registry().init()
    Opener(session).environments.set("prod", b"values: {a: 1}", "ann", None)
    return session


def test_a_name_means_the_same_for_a_whole_run(session: CommandContext) -> None:
    """What was read is not read again: all packs of a run get the same, and another run gets the newest."""
    opener = Opener(session)
    first = opener.open(["prod"])
    before = opener.environments.newest("prod")
    opener.environments.set("prod", b"values: {a: 2}", "bob", before)
    requests = session.store.requests
    assert opener.open(["prod"]) == first
    assert session.store.requests == requests
    assert Opener(session).open(["prod"]).values == {"a": 2}
    assert Opener(session).open(["prod@1"]).values == {"a": 1}


def test_what_is_not_there_is_said_again(session: CommandContext) -> None:
    """A failure is not remembered."""
    opener = Opener(session)
    with pytest.raises(NotFound):
        opener.open(["other"])
    opener.environments.set("other", b"values: {b: 1}", "ann", None)
    assert opener.open(["other", "prod"]).values == {"a": 1, "b": 1}


def test_an_environment_of_esc_needs_a_program(session: CommandContext) -> None:
    """The hint says what to configure."""
    with pytest.raises(UsageError, match="no program is configured") as raised:
        Opener(session).open(["esc:acme/web/prod"])
    assert "environments.esc" in raised.value.hint
