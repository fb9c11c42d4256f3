"""What holds for every test: no time decides one, however busy the machine is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.opa_program import opa_program

# gRPC reads it once in a process, when it is first used: by a pack's test or by a command's, which sets it.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

with suppress(ImportError):  # the environments with other servers and programs do without it
    from hypothesis import HealthCheck, settings

    settings.register_profile("packreg", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("packreg")


@pytest.fixture(scope="module")
def opa() -> Iterator[str]:
    """The program `opa`, which is on PATH for the tests of a module from here on; no other test has it."""
    path = opa_program()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(path).parent}{os.pathsep}{os.environ['PATH']}")
        yield path
