"""What the end-to-end tests stand on: the CLI, a provider, a backend in a directory, a registry, a home."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tests.e2e import demo_provider
from tests.e2e.programs import REGO_PROGRAMS, build_pulumi, build_rego_programs
from tests.e2e.user import Shell, Stack

SHIMS = Path(__file__).parent / "shims"


def unavailable(reason: str) -> NoReturn:
    """Skip the test with the reason; fail it on a build agent that has Go, where nothing may be skipped."""
    if os.environ.get("CI") and shutil.which("go"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Directories for PATH: the Pulumi CLI, the YAML host, the provider and the starters of policy packs."""
    if not shutil.which("go"):
        unavailable("there is no Go to build the Pulumi CLI with")
    provider = tmp_path_factory.mktemp("provider")
    start = provider / "pulumi-resource-demo"
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{demo_provider.__file__}" "$@"\n')
    start.chmod(0o755)
    return (build_pulumi(), provider, SHIMS)


@pytest.fixture(scope="session")
def rego() -> dict[str, Path]:
    """`opa` and `conftest`."""
    if not shutil.which("go"):
        unavailable("there is no Go to build opa and conftest with")
    directory = build_rego_programs()
    return {name: directory / name for name in REGO_PROGRAMS}


@pytest.fixture(scope="session")
def node() -> None:
    """Node.js and npm, or the test does not run."""
    missing = [tool for tool in ("node", "npm") if not shutil.which(tool)]
    if missing:
        unavailable(f"there is no {' and no '.join(missing)} on PATH")


@pytest.fixture(scope="session")
def registry(programs: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell whose packreg uses a registry in a directory and an empty home of its own."""
    top = tmp_path_factory.mktemp("registry")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "PACKREG_"))}
    beside = str(Path(sys.executable).parent)  # where tox installed packreg
    return Shell(
        {
            **kept,
            "PATH": os.pathsep.join([*map(str, programs), beside, kept["PATH"]]),
            "PACKREG_REGISTRY": (top / "registry").as_uri(),
            "PACKREG_HOME": str(top / "home"),
        },
        top,
    )


def cli_shell(registry: Shell, top: Path) -> Shell:
    """A shell in which the CLI, too, has a home and a backend of its own, below `top`."""
    for name in ("backend", "pulumi", "program"):
        (top / name).mkdir()
    environment = {
        **registry.environment,
        "PULUMI_HOME": str(top / "pulumi"),
        "PULUMI_BACKEND_URL": (top / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "not a secret",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "NO_COLOR": "1",
    }
    return Shell(environment, top / "program")


@pytest.fixture
def stack(registry: Shell, tmp_path: Path) -> Stack:
    """A stack without a program yet; nothing of it outlives the test, nothing leaves the machine."""
    made = Stack(cli_shell(registry, tmp_path))
    made.write(logs={"acl": "private"})
    made.shell.must("pulumi stack init dev --non-interactive")
    return made
