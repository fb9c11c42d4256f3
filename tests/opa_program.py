"""The program `opa` for tests: built from its Go module, else the one on PATH, else the test is skipped.

Run as a program this builds it, so that tests that run side by side find it built.
"""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from tests.go_programs import build_go_programs

_MODULE = Path(__file__).parent / "e2e" / "rego_tools"
_PROGRAM = {"opa": "github.com/open-policy-agent/opa"}


@cache
def _found() -> str | None:
    if shutil.which("go"):
        return str(build_go_programs(_MODULE, _PROGRAM) / "opa")
    return shutil.which("opa")


def opa_program() -> str:
    """Its path; skips the test where there is neither Go nor `opa`."""
    path = _found()
    if path is None:
        pytest.skip("there is neither Go, to build opa with, nor opa on PATH")
    return path


if __name__ == "__main__":
    print(f"opa is {_found() or 'not there, and without Go not to be built: its tests are skipped'}")
