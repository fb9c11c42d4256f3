"""Real Python packs for the guard to speak for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analyzer.packs import install
from tests.cli.conftest import user as user  # a fixture


@pytest.fixture(scope="session")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed fixture `python-kinds`, which has a policy of every kind."""
    return install(tmp_path_factory.mktemp("guard"), ("python-kinds",))["python-kinds"]


@pytest.fixture(scope="session")
def python(kinds: Path) -> Path:
    """An interpreter with the SDK."""
    return kinds / "venv" / "bin" / "python"
