"""Locks: exact, hashed, for every platform, and made without running anything of the pack."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError, InvalidPack
from packreg.install.home import Home
from packreg.install.lock_dependencies import lock_dependencies, remembered_lock
from packreg.install.requirements_lock import read_lock
from packreg.install.tools import Tools
from packreg.pack.files import File
from packreg.registry.record import Lock
from tests.install.conftest import LEAF, TWIG
from tests.install.shop import Index, Wheel, checked, python_pack, serving, tools_in


def names(lock: Lock | None) -> dict[str, str]:
    """Packages and versions of a Python lock."""
    assert lock is not None and lock.kind == "requirements"
    return {package.name: package.version for package in read_lock(lock.text, "x")}


def test_ranges_become_exact_versions_with_every_hash(tools: Tools) -> None:
    """What the pack asks for and what that needs in turn are locked, and the record says by whom."""
    lock = lock_dependencies(checked(python_pack(requirements="# mine\ntwigpkg>=1  # yes\n")), tools)
    assert names(lock) == {"leafpkg": "1.0", "twigpkg": "2.0"}
    assert lock is not None and lock.made_by.startswith("uv ") and lock.python == ">=3.11"
    assert LEAF.sha256 in lock.text and TWIG.sha256 in lock.text
    assert str(tools.home.root) not in lock.text


def test_it_holds_on_every_platform_and_python(tmp_path: Path, home: Home) -> None:
    """Packages that other systems or Pythons need are locked too, with their markers."""
    pack = checked(
        python_pack(requirements="leafpkg; sys_platform == 'win32'\ntwigpkg; python_version < '3.12'\n")
    )
    with serving(LEAF, TWIG) as index:
        lock = lock_dependencies(pack, tools_in(home, **index.environ(tmp_path)))
    assert lock is not None and set(names(lock)) == {"leafpkg", "twigpkg"}
    markers = {package.name: package.marker for package in read_lock(lock.text, "x")}
    assert "win32" in markers["leafpkg"] and "3.12" in markers["twigpkg"]


def test_constraints_bound_and_ask_for_nothing(tmp_path: Path, home: Home) -> None:
    """A `-c` file of the pack limits versions, and its packages are not installed by it."""
    newer = Wheel("leafpkg", "1.5")
    pack = checked(
        python_pack(requirements="-c bounds.txt\ntwigpkg\n", bounds_txt="leafpkg<1.5\notherpkg==1\n")
    )
    with serving(LEAF, TWIG, newer) as index:
        lock = lock_dependencies(pack, tools_in(home, **index.environ(tmp_path)))
    assert names(lock) == {"leafpkg": "1.0", "twigpkg": "2.0"}


def test_nothing_to_install_needs_no_lock(tools: Tools, index: Index) -> None:
    """No requirements, or a file with nothing but comments, is no lock, and nobody is asked."""
    assert lock_dependencies(checked(python_pack()), tools) is None
    assert lock_dependencies(checked(python_pack(requirements="# nothing\n")), tools) is None
    opa = {"PulumiPolicy.yaml": File(b"runtime: opa\nversion: 1.0.0\n"), "r.rego": File(b"package guard\n")}
    assert lock_dependencies(checked(opa), tools) is None
    assert index.requests == 0


def test_what_cannot_be_resolved_is_said_with_the_resolvers_words(tools: Tools) -> None:
    """An unknown package is an InstallError that names it and the log."""
    pack = checked(python_pack(requirements="does-not-exist-anywhere\n"))
    with pytest.raises(InstallError, match="does-not-exist-anywhere") as caught:
        lock_dependencies(pack, tools)
    assert Path(caught.value.log).is_file() and caught.value.hint


def test_pip_locks_where_there_is_no_uv(tools: Tools) -> None:
    """Without uv the lock is pip's: the same packages, and a note says how far it holds."""
    said: list[str] = []
    pack = checked(python_pack(requirements="twigpkg\n"))
    lock = lock_dependencies(pack, replace(tools, uv_path=""), note=said.append)
    assert names(lock) == {"leafpkg": "1.0", "twigpkg": "2.0"}
    assert lock is not None and lock.made_by.startswith("pip ") and "this platform" in said[0]


def test_the_packs_configuration_of_uv_is_not_read(tools: Tools, index: Index) -> None:
    """A uv.toml in the pack cannot choose another index."""
    pack = checked(
        python_pack(requirements="leafpkg\n", uv_toml='index-url = "http://evil.example/simple"\n')
    )
    assert names(lock_dependencies(pack, tools)) == {"leafpkg": "1.0"}


PROJECT = """[project]
name = "guardproj"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["twigpkg"]
"""


def test_a_uv_lock_is_taken_as_it_is(tools: Tools, index: Index, tmp_path: Path) -> None:
    """A uv pack's own lock is exported with its hashes, and no index is asked."""
    import subprocess

    work = tmp_path / "work"
    work.mkdir()
    (work / "pyproject.toml").write_text(PROJECT)
    subprocess.run([tools.uv, "lock"], cwd=work, env=tools.environment, check=True, capture_output=True)
    text = (work / "uv.lock").read_text()
    pack = checked(python_pack(toolchain="uv", virtualenv=None, pyproject_toml=PROJECT, uv_lock=text))
    asked = index.requests
    lock = lock_dependencies(pack, tools)
    assert names(lock) == {"leafpkg": "1.0", "twigpkg": "2.0"} and index.requests == asked


def test_a_uv_lock_with_sources_outside_an_index_is_the_authors_problem(tools: Tools) -> None:
    """A path or git source in uv.lock is refused as a problem of the pack."""
    text = (
        'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "guardproj"\nversion = "1.0.0"\n'
        'source = { virtual = "." }\ndependencies = [{ name = "evil" }]\n\n[package.metadata]\n'
        'requires-dist = [{ name = "evil", directory = "../evil" }]\n\n[[package]]\nname = "evil"\n'
        'version = "1"\nsource = { directory = "../evil" }\n'
    )
    project = PROJECT.replace("twigpkg", "evil") + '[tool.uv.sources]\nevil = { path = "../evil" }\n'
    pack = replace(
        checked(python_pack()),
        files=python_pack(toolchain="uv", pyproject_toml=project, uv_lock=text),
        dependencies_kind="uv",
    )
    with pytest.raises((InvalidPack, InstallError)):
        lock_dependencies(pack, tools)


def test_a_project_without_a_lock_is_resolved(tools: Tools) -> None:
    """The dependencies of a pyproject.toml are locked like those of a requirements.txt."""
    pack = checked(python_pack(toolchain="uv", virtualenv=None, pyproject_toml=PROJECT))
    assert names(lock_dependencies(pack, tools)) == {"leafpkg": "1.0", "twigpkg": "2.0"}


def test_a_wheel_in_the_pack_says_what_it_needs(tools: Tools) -> None:
    """For a buildable pack the dependencies are those of the wheel that publishing built; extras are not."""
    wheel = Wheel("guardproj", "1.0.0", ("twigpkg>=1", "absent; extra == 'dev'"))
    project = PROJECT + '[build-system]\nrequires = ["x"]\nbuild-backend = "x"\n'
    pack = checked(
        python_pack(pyproject_toml=project) | {f".packreg/wheels/{wheel.file_name}": File(wheel.data)}
    )
    assert names(lock_dependencies(pack, tools)) == {"leafpkg": "1.0", "twigpkg": "2.0"}


def test_what_was_resolved_is_remembered_for_the_same_requirements(
    tools: Tools, index: Index, home: Home
) -> None:
    """The same requirements are resolved once, others anew; a damaged memory is no memory."""
    first = remembered_lock(checked(python_pack(requirements="leafpkg\n")), tools)
    asked = index.requests
    assert remembered_lock(checked(python_pack("2.0.0", requirements="leafpkg\n")), tools) == first
    assert index.requests == asked
    more = remembered_lock(checked(python_pack(requirements="leafpkg\ntwigpkg\n")), tools)
    assert set(names(more)) == {"leafpkg", "twigpkg"}
    assert remembered_lock(checked(python_pack(requirements="#\n")), tools) is None
    for path in home.resolved.iterdir():
        path.write_text('{"kind": 5')
    assert remembered_lock(checked(python_pack(requirements="leafpkg\n")), tools) == first


# Node.js (the lock itself is made by the real npm in test_nodejs.py)


def node_pack(**more: str) -> dict[str, File]:
    """A Node.js pack with a dependency."""
    package = {
        "name": "n",
        "version": "1.0.0",
        "dependencies": {"is-odd": "^3.0.0"},
        "scripts": {"postinstall": "false"},
    }
    found = {
        "PulumiPolicy.yaml": File(b"runtime: nodejs\n"),
        "package.json": File(json.dumps(package).encode()),
        "index.js": File(b"\n"),
    }
    return found | {path: File(text.encode()) for path, text in more.items()}


NPM_LOCK = {
    "name": "n",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "n", "version": "1.0.0", "dependencies": {"is-odd": "^3.0.0"}},
        "node_modules/is-odd": {
            "version": "3.0.1",
            "resolved": "https://npm.example.org/is-odd/-/is-odd-3.0.1.tgz",
            "integrity": "sha512-CQpnWPrDwmP1+SMHXZhtLtJv90yiyVfluGsX5iNCVkrhQtU3TQHsUWPG9wkdk9Lgd5yNpAg9jQ"
            "Eo90CBaXgWMA==",
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ["package-lock.json", "npm-shrinkwrap.json"])
def test_a_bundled_npm_lock_is_used_as_it_is(tools: Tools, name: str) -> None:
    """A lock in the bundle needs none in the record, and npm is not started."""
    pack = checked(node_pack(**{name: json.dumps(NPM_LOCK)}), "n")
    assert lock_dependencies(pack, replace(tools, environ={"PATH": ""})) is None


def test_a_bundled_npm_lock_that_leaves_the_registry_is_the_authors_problem(tools: Tools) -> None:
    """Links, git and file URLs in a bundled lock are refused with the package's name."""
    bad = json.loads(json.dumps(NPM_LOCK).replace("https://npm.example.org", "git+ssh://evil"))
    with pytest.raises(InvalidPack) as caught:
        lock_dependencies(checked(node_pack(**{"package-lock.json": json.dumps(bad)}), "n"), tools)
    assert "node_modules/is-odd" in str(caught.value.problems[0])


def test_without_npm_the_error_says_what_to_install(tools: Tools) -> None:
    """A machine without npm cannot lock a Node.js pack, and is told so."""
    with pytest.raises(InstallError, match="npm is not on the PATH") as caught:
        lock_dependencies(checked(node_pack(), "n"), replace(tools, environ={"PATH": ""}))
    assert "Node.js" in caught.value.hint


def test_locks_of_other_tools_are_mentioned(tools: Tools) -> None:
    """A yarn.lock is not silently ignored."""
    said: list[str] = []
    pack = checked(node_pack(**{"yarn.lock": "# yarn\n", "package-lock.json": json.dumps(NPM_LOCK)}), "n")
    lock_dependencies(pack, tools, note=said.append)
    assert len(said) == 1 and "yarn.lock" in said[0]
