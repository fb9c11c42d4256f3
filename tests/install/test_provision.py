"""What a pack needs to run: read from its manifest, found or built, attached."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.environment import Needs
from packreg.install.nodejs import Tree
from packreg.install.npm_lock import NpmInput
from packreg.install.provision import Provision, Runtime, needs_of, provide
from packreg.install.tools import Tools
from packreg.pack.files import File
from packreg.registry.record import Lock


@pytest.mark.parametrize("path", ["envs/x", "envs/x/bin/python", "envs", "ENVS/X/pyvenv.cfg"])
def test_a_pack_in_the_way_of_its_environment_is_refused(path: str, tools: Tools) -> None:
    """Files of a bundle never end up in, or become, the environment."""
    with pytest.raises(InstallError, match="where its environment would be"):
        provide(Runtime("guard", "python", "envs/x"), {path: File(b"")}, Needs(), tools)


@pytest.mark.parametrize(
    ("runtime", "files", "read"),
    [
        ("python", (), Runtime("g", "python")),
        ("python", ("uv.lock", "poetry.lock"), Runtime("g", "python", toolchain="uv")),
        ("python", ("poetry.lock",), Runtime("g", "python", toolchain="poetry")),
        (
            {"name": "python", "options": {"virtualenv": "v", "toolchain": "pip"}},
            ("uv.lock",),
            Runtime("g", "python", "v", "pip"),
        ),
        (
            {"name": "nodejs", "options": {"production": True}},
            (),
            Runtime("g", "nodejs", production=True),
        ),
        ({"name": "opa", "options": [1]}, (), Runtime("g", "opa")),
        (
            {"name": "nodejs", "options": {"production": "yes", "virtualenv": 1}},
            (),
            Runtime("g", "nodejs"),
        ),
    ],
)
def test_a_manifest_says_how_the_pack_runs(runtime: object, files: tuple[str, ...], read: Runtime) -> None:
    """In its short and long form; without a toolchain a lock decides, and what is odd counts as unsaid."""
    contents = {name: File(b"") for name in files}
    assert Runtime.of_manifest("g", {"runtime": runtime}, contents) == read


def never() -> Lock | None:
    """Nobody may resolve anything."""
    raise AssertionError


NPM = Lock("npm", "{}", "npm 11")
PIP = Lock("requirements", "", "uv 0.5")
DEPENDING = {"package.json": File(b'{"dependencies": {"a": "1"}}')}


def test_a_pack_without_dependencies_resolves_none() -> None:
    """An OPA pack needs nothing, a Node.js pack no tree, a Python pack an empty environment."""
    assert needs_of(Runtime("guard", "opa"), {}, None, never) is None
    alone = {"package.json": File(b'{"name": "x"}')}
    assert needs_of(Runtime("guard", "nodejs"), alone, None, never) is None
    assert needs_of(Runtime("guard", "python"), {}, None, never) == Needs("", (), "guard")
    assert needs_of(Runtime("guard", "python"), {"requirements.txt": File(b"a")}, PIP, never) is not None


def test_without_a_lock_dependencies_are_resolved() -> None:
    """What is resolved is what is installed; a lock in the pack is used as it is."""
    wanted = {"requirements.txt": File(b"a")}
    found = needs_of(Runtime("guard", "python"), wanted, None, lambda: PIP._replace(text="a==1"))
    assert isinstance(found, Needs) and found.lock == "a==1"
    bundled = DEPENDING | {"package-lock.json": File(b'{"x": 1}')}
    tree = needs_of(Runtime("guard", "nodejs"), bundled, None, never)
    assert isinstance(tree, NpmInput) and tree.lock == b'{"x": 1}'


@pytest.mark.parametrize(
    ("runtime", "files", "lock", "said"),
    [
        ("python", {}, NPM, "is a Python pack, but its lock is for npm"),
        ("nodejs", DEPENDING, PIP, "is a Node.js pack, but its lock is not for npm"),
        ("nodejs", {}, None, "package.json of guard cannot be read"),
        ("nodejs", {"package.json": File(b"[" * 100_000)}, None, "package.json of guard cannot be read"),
        ("nodejs", {"package.json": File(b"[]")}, None, "package.json of guard is not an object"),
    ],
)
def test_a_lock_or_a_package_of_another_kind_is_said(
    runtime: str, files: dict[str, File], lock: Lock | None, said: str
) -> None:
    """The error names the pack; no tool is started."""
    with pytest.raises(InstallError, match=said):
        needs_of(Runtime("guard", runtime), files, lock, lambda: None)


def test_a_directory_that_needs_an_entry_is_noted_once(tmp_path: Path) -> None:
    """Pruning finds its path in the entry; a second run adds nothing."""
    entry = tmp_path / "entry"
    tree = Tree("key", entry)
    for _ in range(2):
        Provision("node_modules", "node_modules", tree=tree).note_user(tmp_path / "pack")
    assert [path.read_text() for path in (entry / "users").iterdir()] == [str(tmp_path / "pack")]
