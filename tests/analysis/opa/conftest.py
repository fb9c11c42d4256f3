"""The programs that our engine is compared with, built from the module in `tools`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from filelock import FileLock

from tests.go_programs import CACHE, build_go_programs

pytest.importorskip("regorus", reason="the extra `opa` is not installed")


@pytest.fixture(scope="session")
def programs() -> Mapping[str, Path]:
    """`opa` and `conftest`."""
    if shutil.which("go") is None:
        pytest.skip("there is no Go to build opa and conftest with")
    names = ("opa", "conftest")
    wanted = {name: f"github.com/open-policy-agent/{name}" for name in names}
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "opa.lock"):  # one worker builds, the others wait
        directory = build_go_programs(Path(__file__).parent / "tools", wanted)
    return {name: directory / name for name in names}
