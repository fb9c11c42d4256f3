"""The real policy SDK: locked, installed, compiled, imported, with the index of this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from packreg.install.home import Home
from packreg.install.requirements_lock import read_lock
from packreg.pack.files import File
from packreg.pack.reference import Reference
from packreg.registry.record import Lock
from tests.install.conftest import SDK
from tests.install.shop import Shop, checked, tools_in
from tests.install.test_environment import run

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
PROBE = "import pulumi.run.plugin, pulumi_policy, importlib.metadata as m; print(m.version('pulumi-policy'))"


def fixture(name: str) -> dict[str, File]:
    """The files of a real pack."""
    root = FIXTURES / name
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): File(path.read_bytes()) for path in found}


@pytest.mark.parametrize("name", ["python-guard", "python-plain"])
def test_a_real_pack_runs_in_its_environment(
    name: str, shop: Shop, sdk_home: Home, sdk_lock: Lock, tmp_path: Path
) -> None:
    """A real pack with the real SDK is installed, with and without `virtualenv`, and the SDK starts it."""
    files = fixture(name)
    assert checked(files, name).requirements is not None
    shop.publish(files, name, sdk_lock)
    done = shop.installer(sdk_home, tools_in(sdk_home)).install(Reference.parse(name))
    assert done.environment == done.path / "venv"
    python = done.environment / "bin" / "python"
    locked = {package.name: package.version for package in read_lock(sdk_lock.text, name)}
    assert run(python, PROBE) == locked["pulumi-policy"]
    command = [python, "-u", "-m", "pulumi.policy", "127.0.0.1:9", "."]
    with subprocess.Popen(command, cwd=done.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline().strip()
        process.kill()
        assert line.isdigit(), process.stderr.read()


def test_the_lock_is_for_every_platform(sdk_lock: Lock) -> None:
    """It names the SDK's own dependencies with the hashes of wheels for more than one system."""
    packages = {package.name: package for package in read_lock(sdk_lock.text, "sdk")}
    assert {"pulumi", "pulumi-policy", "grpcio", "protobuf"} <= packages.keys()
    assert len(packages["grpcio"].hashes) > 10 and SDK
