"""Waiting for a registry: its answer is given on, its silence ends the wait."""

from __future__ import annotations

import threading

import pytest

from packreg.errors import NotFound, StoreUnavailable
from packreg.services.waiting import while_it_answers
from packreg.services.workspace import Workspace
from packreg.store.silence import Silence
from tests.services.conftest import told


def test_what_comes_back_is_given_on(workspace: Workspace) -> None:
    """A result is the result, and an error is the error."""

    def failing() -> None:
        raise NotFound("there is no such pack")

    assert while_it_answers(workspace, lambda: 7) == 7
    with pytest.raises(NotFound, match="no such pack"):
        while_it_answers(workspace, failing)


def test_silence_ends_the_wait_and_is_said_once(workspace: Workspace) -> None:
    """After the seconds of the setting nobody waits any more; the time of earlier calls counts."""
    passed = [0.0]
    workspace.store.silence = Silence(lambda: passed[0])
    over = threading.Event()

    def silent() -> None:
        with workspace.store.silence.waiting():
            passed[0] = workspace.settings.answer_seconds + 1.0
            over.wait(30)

    with pytest.raises(StoreUnavailable, match=f"no answer for {workspace.settings.answer_seconds} s"):
        while_it_answers(workspace, silent)
    over.set()
    assert len([line for line in told(workspace).said if line.startswith("waiting")]) == 1
