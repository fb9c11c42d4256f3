"""What an interpreter says about itself."""

from __future__ import annotations

import os

import pytest

from packreg.install.interpreter import find_interpreter
from packreg.install.tools import Tools


@pytest.fixture
def plain(home: object) -> Tools:
    """Tools with the environment of the tests."""
    return Tools(home, dict(os.environ))  # type: ignore[arg-type]


def test_in_process_and_by_asking_it_says_the_same(plain: Tools) -> None:
    """The facts about our own interpreter do not depend on how they were asked."""
    own = find_interpreter(None, plain)
    assert find_interpreter(own.path, plain) == own
