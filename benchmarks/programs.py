"""The programs that benchmarks run beside packreg: found or built; what is not to be had is said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.programs import REGO_TOOLS, build_older_pulumi, build_pulumi  # noqa: E402
from tests.go_programs import build_go_programs  # noqa: E402


class Missing(Exception):
    """A benchmark cannot be run on this machine; the text says what it lacks."""


def need(*programs: str) -> None:
    """Raises Missing where one of these is not on PATH."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        raise Missing(f"there is no {' and no '.join(missing)} on PATH")


def opa() -> Path:
    """The program `opa`, built from its Go module or on PATH. Raises Missing."""
    if shutil.which("go"):
        module = {"opa": "github.com/open-policy-agent/opa"}
        try:
            return build_go_programs(REGO_TOOLS, module) / "opa"
        except (RuntimeError, subprocess.CalledProcessError) as error:
            raise Missing(f"opa cannot be built: {error}") from error
    need("opa")
    return Path(str(shutil.which("opa")))


def with_opa(path: str) -> str:
    """A search path on which `opa` is found first. Raises Missing."""
    return f"{opa().parent}{os.pathsep}{path}"


def pulumi_directories(*, build: bool) -> tuple[Path, Path]:
    """The directories for PATH with a Pulumi CLI and the host of YAML programs. Raises Missing.

    The older CLI, since the newest starts packs by language hosts, which no package registry has, and a
    stand-in for them would cost what theirs do not. Building them takes minutes: without `build` they are
    missing where they were not built before.
    """
    need("go")
    try:
        return build_older_pulumi(build=build), build_pulumi(build=build)
    except (RuntimeError, FileNotFoundError) as error:
        raise Missing(f"{error}; `python -m tests.e2e.programs` builds them") from error
