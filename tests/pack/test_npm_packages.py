"""Which packages npm installs, as package.json and the lock say."""

from __future__ import annotations

import json

import pytest

from packreg.pack.files import File
from packreg.pack.npm_packages import NpmLock, out_of_step, read_npm_lock
from packreg.pack.package_json import PackageJson
from packreg.pack.problems import Problems


def _lock(value: object, path: str = "package-lock.json") -> NpmLock | None:
    return read_npm_lock({path: File(json.dumps(value).encode())})


def test_the_top_of_node_modules_is_read() -> None:
    """In every form of the lock, nested packages left out; a shrinkwrap comes first."""
    packages = {"": {}, "node_modules/a": {"version": "1.0.0"}, "node_modules/a/node_modules/b": {}, "c": {}}
    assert _lock({"lockfileVersion": 3, "packages": packages}) == NpmLock("package-lock.json", {"a": "1.0.0"})
    old = {"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "dependencies": {"b": {}}}}}
    assert _lock(old, "npm-shrinkwrap.json") == NpmLock("npm-shrinkwrap.json", {"a": "1.0.0"})
    assert read_npm_lock({}) is None


@pytest.mark.parametrize("value", [[], {}, {"packages": []}, 1])
def test_what_is_no_lock_is_none(value: object) -> None:
    """It is refused elsewhere."""
    assert _lock(value) is None


@pytest.mark.parametrize(
    ("version", "spec", "said"),
    [
        ("1.2.3", "^1.0.0", False), ("2.0.0", "^1.0.0", True), ("1.2.3", "latest", False),
        ("1.2.3", "", False),
        ("1.2.3", "1.0.0 - 1.1.0", False), ("1.2.3", "<1 || >=2", True), ("1.2.3", "npm:b@^2", False),
        ("1.2.3", "1.x", False), ("file:x", "^1.0.0", False),
    ],
)  # fmt: skip
def test_a_version_outside_its_range_is_out_of_step(version: str, spec: str, said: bool) -> None:
    """Only where both can be read for sure; overrides decide about versions too."""
    lock, problems = NpmLock("package-lock.json", {"a": version}), Problems()
    package = PackageJson("x", "1.0.0", dependencies={"dependencies": {"a": spec}})
    out_of_step(lock, package, problems)
    assert bool(problems.errors) is said
    with_overrides, quiet = PackageJson("x", "1.0.0", None, None, package.dependencies, True), Problems()
    out_of_step(lock, with_overrides, quiet)
    assert quiet.errors == []
