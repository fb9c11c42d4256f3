"""The real policy SDK: locked, installed, compiled, imported, with the index of this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from packreg.install.disk import remove_tree
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


def test_what_a_run_imports_is_compiled_and_compiled_only_once(
    shop: Shop, sdk_home: Home, sdk_lock: Lock
) -> None:
    """What a policy run loads has its .pyc; a new environment gets them without importing."""
    name = "python-guard"
    shop.publish(fixture(name), name, sdk_lock)
    tools = tools_in(sdk_home)
    installer = shop.installer(sdk_home, tools)
    done = installer.install(Reference.parse(name))
    assert done.environment is not None
    python = done.environment / "bin" / "python"
    uncompiled = (
        "import sys, os, pulumi.run.plugin, pulumi_policy\n"
        "pyc = [getattr(m, '__cached__', None) or '' for m in list(sys.modules.values())]\n"
        "print([p for p in pyc if 'site-packages' in p and not os.path.exists(p)])"
    )
    check = [python, "-B", "-c", uncompiled]
    assert subprocess.run(check, capture_output=True, text=True, check=True).stdout.strip() == "[]"
    kept = {path.name: path.stat().st_mtime_ns for path in sdk_home.bytecode.iterdir()}
    assert len(kept) > 15
    assert remove_tree(sdk_home.envs)
    assert installer.install(Reference.parse(name)).changed
    assert {path.name: path.stat().st_mtime_ns for path in sdk_home.bytecode.iterdir()} == kept
    assert len(list(sdk_home.envs.rglob("*.pyc"))) > 100
    assert subprocess.run(check, capture_output=True, text=True, check=True).stdout.strip() == "[]"
    verbose = [python, "-B", "-v", "-c", "import pulumi_policy"]
    said = subprocess.run(verbose, capture_output=True, text=True, check=True).stderr
    assert "pulumi/__pycache__/__init__.cpython" in said
    assert "bytecode is stale" not in said


def test_damaged_bytecode_is_made_anew(shop: Shop, sdk_home: Home, sdk_lock: Lock) -> None:
    """Archives that were cut, or hold something else, do no harm."""
    name = "python-guard"
    shop.publish(fixture(name), name, sdk_lock)
    installer = shop.installer(sdk_home, tools_in(sdk_home))
    installer.install(Reference.parse(name))
    archives = sorted(sdk_home.bytecode.iterdir())
    for number, path in enumerate(archives):
        path.write_bytes((b"", b"PK\x05\x06", path.read_bytes()[:-30], b"junk" * 100)[number % 4])
    assert remove_tree(sdk_home.envs)
    done = installer.install(Reference.parse(name))
    assert done.environment is not None
    assert run(done.environment / "bin" / "python", PROBE)
