"""The marker: what counts as installed, decided without asking anybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from packreg.install import marker
from packreg.install.disk import remove_tree
from packreg.install.marker import MARKER, installed, read_marker, release_directory
from packreg.install.sealed import COMPLETE, seal_entry
from packreg.install.trust import Key

ID = "0123456789ab"


def key_of(home: Path) -> Key:
    """The key of the user whose home this is."""
    return Key(str(home.parent / f"{home.name}-state"))


def put(home: Path, **changes: object) -> Path:
    """An installed pack with an environment, and a marker in which `changes` were made."""
    directory = Path(release_directory(str(home), ID, "guard", "1.0.0"))
    entry = home / "envs" / "key"
    remove_tree(entry)
    for path in (directory / "venv" / marker.python_in_environment(), entry / "env" / "module.py"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text("")
    seal_entry(key_of(home), "environment", str(entry), str(entry), {})
    said: dict[str, object] = {
        "name": "guard",
        "version": "1.0.0",
        "digest": "sha256:" + "0" * 64,
        "bundle": "1" * 64,
        "registry": ID,
        "environment": {"kind": "python", "path": "venv", "store": str(entry), "python": "/usr/bin/python3"},
        "packreg": "0.1.0",
        "leave": [],
    }
    (directory / MARKER).unlink(missing_ok=True)
    marker.write_marker(key_of(home), str(directory), str(directory), said | changes)
    return directory


def found(home: Path, **options: bool) -> str | None:
    """What the fast path finds."""
    return installed(str(home), key_of(home), ID, "guard", "1.0.0", **options)


def test_a_whole_pack_is_found(tmp_path: Path) -> None:
    """Marker, interpreter and store entry together make a pack installed."""
    assert found(tmp_path) is None
    assert found(tmp_path) is None
    directory = put(tmp_path)
    assert found(tmp_path) == str(directory)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"version": "1.0.1"},
        {"registry": "ba9876543210"},
        {"environment": {"kind": "left-out", "path": "", "store": "", "python": ""}},
        {"environment": {"kind": "python", "path": "venv", "store": "/gone", "python": ""}},
        {"environment": {"kind": "python", "path": "elsewhere", "store": "", "python": ""}},
        {"environment": {"kind": "node_modules", "path": "node_modules", "store": "", "python": ""}},
    ],
)
def test_anything_amiss_means_not_installed(tmp_path: Path, changes: dict[str, object]) -> None:
    """A marker of another format or pack, or one whose environment is gone, does not count."""
    put(tmp_path, **changes)
    assert found(tmp_path) is None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b'{"format": 1}', b"[" * 60_000])
def test_a_damaged_marker_is_no_marker(tmp_path: Path, data: bytes) -> None:
    """Whatever is in the file, the answer is 'not installed' and never an exception."""
    directory = put(tmp_path)
    (directory / MARKER).write_bytes(data)
    assert read_marker(str(directory)) is None
    assert found(tmp_path) is None


def test_a_pruned_store_or_a_removed_python_is_noticed(tmp_path: Path) -> None:
    """A pack whose store entry or interpreter went away is installed again."""
    directory = put(tmp_path)
    (tmp_path / "envs" / "key" / COMPLETE).unlink()
    assert found(tmp_path) is None
    directory = put(tmp_path)
    python = directory / "venv" / marker.python_in_environment()
    python.unlink()
    python.symlink_to(tmp_path / "uninstalled")
    assert found(tmp_path) is None


def test_without_its_environment_it_counts_where_none_is_asked_for(tmp_path: Path) -> None:
    """`--no-env` is content with a pack whose dependencies were left out."""
    put(tmp_path, environment={"kind": "left-out", "path": "", "store": "", "python": ""})
    assert found(tmp_path) is None
    assert found(tmp_path, environment=False)


def test_the_marker_is_never_written_twice(tmp_path: Path) -> None:
    """Writing it is the last step of one installation, in a directory that had none."""
    directory = put(tmp_path)
    with pytest.raises(FileExistsError):
        marker.write_marker(
            key_of(tmp_path), str(directory), str(directory), json.loads((directory / MARKER).read_text())
        )


def test_asking_loads_nothing_but_json(tmp_path: Path) -> None:
    """The fast path of a no-op install must not pay for pathlib, hashlib or more of packreg than it needs."""
    put(tmp_path)
    code = (
        "import sys; before = set(sys.modules)\n"
        "from packreg.install.marker import installed\n"
        "from packreg.install.trust import Key\n"
        f"home, key = {str(tmp_path)!r}, Key({key_of(tmp_path).directory!r})\n"
        f"installed(home, key, {ID!r}, 'guard', '1.0.0') or 1 / 0\n"
        "print(sorted(name for name in set(sys.modules) - before))"
    )
    environ = dict(os.environ)
    loaded = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{code}"],
                            capture_output=True, text=True, env=environ, check=True).stdout  # fmt: skip
    names = set(eval(loaded))
    mine = {name for name in names if name.startswith("packreg")}
    needed = {f"packreg.install.{name}" for name in ("contents", "marker", "sealed", "trust")}
    assert mine == {"packreg", "packreg._version", "packreg.files", "packreg.install"} | needed
    assert not names & {"pathlib", "hashlib", "dataclasses", "typing", "click", "filelock", "subprocess"}
