"""The packs that are run in these tests."""

from __future__ import annotations

import pytest

from tests.analyzer.packs import Sdks, installed_once


@pytest.fixture(scope="session")
def sdks(tmp_path_factory: pytest.TempPathFactory) -> Sdks:
    """The repository's Python and Node.js packs, published and installed once."""
    _, packs = installed_once(tmp_path_factory, ("python-guard", "nodejs-guard", "nodejs-typescript"))
    python = packs["python-guard"] / "venv" / "bin" / "python"
    return Sdks(python, packs["nodejs-guard"] / "node_modules", packs)
