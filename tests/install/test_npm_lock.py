"""npm's locks: packages of registries with an integrity, and nothing else that npm would follow."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from packreg.install.npm_lock import (
    NpmInput,
    dependencies_only,
    has_dependencies,
    lock_problems,
    package_with,
)
from tests.install.test_lock_dependencies import NPM_LOCK

ENTRY = "node_modules/is-odd"
SHA = "sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQEo90CBaXgWMA=="


def problems(lock: object) -> list[str]:
    """What is wrong with a lock."""
    return lock_problems(json.dumps(lock).encode(), "package-lock.json")


def changed(**entry: Any) -> dict[str, Any]:
    """The good lock with its one package changed; None removes a member."""
    lock = copy.deepcopy(NPM_LOCK)
    packages: dict[str, dict[str, Any]] = lock["packages"]  # type: ignore[assignment]
    packages[ENTRY] = {k: v for k, v in {**packages[ENTRY], **entry}.items() if v is not None}
    return lock


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"resolved": None},
        {"resolved": True},
        {"resolved": "https://npm.example.com/is-odd.tgz"},
        {"integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
        {"integrity": f"{SHA} sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
        {"version": "1.0.0-rc.1+b"},
        {"inBundle": True, "integrity": None, "resolved": None},
        {"dev": True, "optional": True, "peer": True, "engines": {"node": ">=1"}},
    ],
)
def test_packages_of_a_registry_are_fine(entry: dict[str, Any]) -> None:
    """With or without the place they come from, as long as there is an integrity or a parent that has one."""
    assert problems(changed(**entry)) == []


@pytest.mark.parametrize(
    "entry",
    [
        {"integrity": None},
        {"integrity": ""},
        {"integrity": "md5-abc"},
        {"integrity": "sha512-a b c"},
        {"integrity": 5},
        {"resolved": "http://npm.example.org/is-odd.tgz"},
        {"resolved": "file:../evil"},
        {"resolved": "git+ssh://git@example.com/x.git#1"},
        {"resolved": "git+https://example.com/x.git#1"},
        {"resolved": "../evil"},
        {"resolved": 5},
        {"link": True, "resolved": "../evil"},
        {"version": "file:../evil"},
        {"version": None},
        {"version": "git+ssh://x"},
    ],
)
def test_everything_else_is_named(entry: dict[str, Any]) -> None:
    """git, http, files, links and missing integrities are refused, and the message names the package."""
    found = problems(changed(**entry))
    assert found and ENTRY in found[0]


@pytest.mark.parametrize(
    "place",
    ["is-odd", "../node_modules/x", "node_modules/../x", "node_modules/..", "node_modules/@a/../b",
     "/node_modules/x", "node_modules/x/lib", "node_modules\\x", "packages/mine", "node_modules/x/../../y"],
)  # fmt: skip
def test_no_package_is_outside_node_modules(place: str) -> None:
    """A lock cannot make npm write anywhere else."""
    lock = changed()
    lock["packages"][place] = lock["packages"][ENTRY]
    assert problems(lock)


def test_nested_and_scoped_places_are_fine() -> None:
    """node_modules inside packages, scopes included."""
    lock = changed()
    for place in (
        "node_modules/@a/b",
        "node_modules/@a/b/node_modules/c",
        "node_modules/c/node_modules/@d/e",
    ):
        lock["packages"][place] = lock["packages"][ENTRY]
    assert problems(lock) == []


def test_the_old_form_is_checked_as_deep_as_it_goes() -> None:
    """lockfileVersion 1 nests; a bad package at the bottom is found."""
    good = {"version": "1.0.0", "resolved": "https://npm.example.org/a.tgz", "integrity": SHA}
    lock = {"lockfileVersion": 1, "dependencies": {"a": {**good, "dependencies": {"b": good}}}}
    assert problems(lock) == []
    lock["dependencies"]["a"]["dependencies"]["c"] = {"version": "git+ssh://x"}  # type: ignore[index]
    assert any(": c: " in problem for problem in problems(lock))


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"{}", b'{"lockfileVersion": 4, "packages": {}}', b'{"lockfileVersion": 3}',
     b'{"lockfileVersion": 3, "packages": []}', b'{"lockfileVersion": 3, "packages": {"node_modules/x": 5}}',
     b'{"lockfileVersion": 3, "packages": {}, "packages": {}}', b"[" * 100_000,
     b'{"lockfileVersion": 1, "dependencies": 5}', b'{"lockfileVersion": 1, "dependencies": {"a": 5}}',
     b'{"lockfileVersion": 3, "packages": {"": {"workspaces": ["a"]}}}'],
)  # fmt: skip
def test_what_is_no_lock_is_said(data: bytes) -> None:
    """Anything that is not a lock of npm is a problem in words, never an exception."""
    assert lock_problems(data, "package-lock.json")


def test_only_dependencies_reach_npm() -> None:
    """Scripts, names and everything else of package.json stay behind."""
    package = {
        "name": "n", "version": "1.0.0", "scripts": {"postinstall": "evil"}, "dependencies": {"a": "1"},
        "overrides": {"b": "2"}, "workspaces": ["x"], "bin": "x", "config": {},
    }  # fmt: skip
    kept = json.loads(dependencies_only(package))
    assert kept == {
        "name": "packreg-dependencies", "version": "0.0.0", "private": True, "dependencies": {"a": "1"},
        "overrides": {"b": "2"},
    }  # fmt: skip
    assert has_dependencies(package) and not has_dependencies({"dependencies": {}, "scripts": {"a": "b"}})


def test_the_packs_own_version_does_not_matter() -> None:
    """Two versions of a pack with the same dependencies need the same tree; other dependencies another."""
    package = dependencies_only({"dependencies": {"is-odd": "^3.0.0"}})
    one = NpmInput(package, json.dumps(NPM_LOCK).encode())
    two = NpmInput(package, json.dumps(NPM_LOCK).replace('"1.0.0"', '"2.0.0"').encode())
    three = NpmInput(package, json.dumps(changed(version="3.0.2")).encode())
    assert one.digest == two.digest != three.digest


def test_a_package_is_found_by_its_integrity() -> None:
    """One of several that it has is enough; another is nobody's."""
    lock = json.dumps(changed(integrity=f"{SHA} sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", version="3.0.1")).encode()
    assert (
        package_with(lock, SHA) == package_with(lock, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=") == "is-odd@3.0.1"
    )
    assert package_with(lock, SHA[:-1]) == package_with(b'{"lockfileVersion": 1}', SHA) == ""
