"""Compiled modules: made at install with the real policy SDK, kept, and made anew where they are damaged."""

from __future__ import annotations

import subprocess

from packreg.install.disk import remove_tree
from packreg.install.home import Home
from packreg.pack.reference import Reference
from packreg.registry.record import Lock
from tests.install.shop import Shop, tools_in
from tests.install.test_environment import run
from tests.install.test_sdk import PROBE, fixture


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
