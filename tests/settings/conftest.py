"""Where the settings of these tests are read."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's home directory, which is not above the working directory."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A working directory two levels deep."""
    (tmp_path / "project" / "inner").mkdir(parents=True)
    return tmp_path / "project" / "inner"
