"""What lies in the home: how much, for whom, and what can go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packreg.errors import InstallError
from packreg.install import marker
from packreg.install.disk import is_free, only_one, remove_tree
from packreg.install.home import Home
from packreg.install.provision import USERS

#: The directories of a home whose content can be got or made again, and what one entry of each is called.
_KINDS = {
    "envs": "environment",
    "node": "node_modules",
    "bundles": "bundle",
    "remembered": "records",
    "resolved": "lock",
    "wheels": "wheel",
    "npm": "npm cache",
    "programs": "program",
    "bytecode": "bytecode",
    "skeletons": "empty environment",
    "interpreters": "interpreter",
    "logs": "log",
    "tmp": "scratch",
}


@dataclass(frozen=True)
class CachedThing:
    """One thing in the home. `size` is the bytes of its files; `users` are those who need it.

    Users are installed packs as `name@version`, or paths of directories outside the home.
    """

    kind: str
    name: str
    path: Path
    size: int
    users: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "kind": self.kind,
            "name": self.name,
            "path": str(self.path),
            "size": self.size,
            "users": list(self.users),
        }


def installed_packs(home: Home) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every installed pack's directory and marker, in order; what is no pack is left out."""
    for path in sorted(home.packs.glob("*/*/*")):
        said = marker.read_marker(str(path)) if not path.name.startswith(".") else None
        if said is not None:
            yield path, said


def list_cache(home: Home) -> list[CachedThing]:
    """Everything in the home, installed packs first. Reads the size of every file, so it takes its time."""
    found = [
        CachedThing("pack", f"{said['name']}@{said['version']}", path, _size(path))
        for path, said in installed_packs(home)
    ]
    needed = _needed(home)
    for directory, kind in _KINDS.items():
        for path in _entries(home.part(directory)):
            found.append(
                CachedThing(kind, path.name, path, _size(path), tuple(sorted(needed.get(str(path), ()))))
            )
    return found


def prune(home: Home, *, dry_run: bool = False) -> list[CachedThing]:
    """Remove what nobody needs, and give back what it was; with `dry_run` nothing is removed.

    That is environments and trees that no installed pack points to (nor any directory that `install --to` or
    `dev` made use of), bundles of packs that are not installed, logs, and what killed runs left behind. What
    another packreg is working on stays, and the wheels, packages and programs that `cache import` brought.
    """
    needed = _needed(home)
    going: list[CachedThing] = []
    for directory in ("envs", "node", "bundles", "logs", "tmp"):
        for path in _entries(home.part(directory)):
            if not needed.get(str(path)) and not _is_worked_on(home, directory, path):
                going.append(CachedThing(_KINDS[directory], path.name, path, _size(path)))
    for path in sorted(home.packs.glob("*/*/.*")):
        if path.parent.is_symlink() or path.parents[1].is_symlink():
            continue  # what lies there is somebody else's
        going.append(CachedThing("scratch", path.name, path, _size(path)))
    return [kept for kept in going if dry_run or _remove(kept.path)]


def clean(home: Home) -> list[CachedThing]:
    """Remove everything, installed packs too, and give back what it was; only the home's own directories."""
    removed = []
    for directory in ("packs", *_KINDS):
        path = home.part(directory)
        if path.is_dir():
            kept = CachedThing(_KINDS.get(directory, "packs"), directory, path, _size(path))
            if _remove(path):
                removed.append(kept)
    return removed


def uninstall(home: Home, path: Path) -> CachedThing:
    """Remove an installed pack, once nobody works on it, and give back what it was.

    Raises:
        InstallError: another process holds it for an hour, or the disk refuses.
    """
    with only_one(home.place_lock(path), lambda: None):
        said = marker.read_marker(str(path)) or {"name": path.parent.name, "version": path.name}
        gone = CachedThing("pack", f"{said['name']}@{said['version']}", path, _size(path))
        if os.path.lexists(path) and not _remove(path):
            raise InstallError(f"{path} cannot be removed", hint="remove it yourself")
    return gone


def _needed(home: Home) -> dict[str, set[str]]:
    """Paths of store entries and bundles -> who needs them."""
    needed: dict[str, set[str]] = {}
    for _, said in installed_packs(home):
        user = f"{said['name']}@{said['version']}"
        for path in (said["environment"]["store"], str(home.bundle(said["bundle"]))):
            if path:
                needed.setdefault(path, set()).add(user)
    for file in (*home.envs.glob(f"*/{USERS}/*"), *home.node.glob(f"*/{USERS}/*")):
        with suppress(OSError):
            place = os.fsdecode(file.read_bytes())
            if Path(place).is_dir():
                needed.setdefault(str(file.parent.parent), set()).add(place)
    return needed


def _is_worked_on(home: Home, directory: str, path: Path) -> bool:
    """Whether another process is building this entry, or has this scratch directory, right now."""
    if directory == "tmp":
        return _is_alive(path.name)
    if directory not in ("envs", "node"):
        return False
    word = "env" if directory == "envs" else "node"
    if path.name.startswith(".building-"):
        key = path.name.split("-")[1]
        held = home.part("locks").glob(f"{word}-{key}*.lock")
        return not all(is_free(file) for file in held)
    return not is_free(home.lock_file(word, path.name))


def _is_alive(name: str) -> bool:
    """Whether the process in the name of a scratch directory, `<purpose>-<pid>-<random>`, is there."""
    pid = name.split("-")[-2] if name.count("-") >= 2 else ""
    if not pid.isdigit() or os.name == "nt":  # on Windows, asking a process means ending it
        return os.name == "nt"
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(path: Path) -> bool:
    """Remove an entry: first its name, so that nobody takes what is left of it for whole."""
    gone = path.with_name(f".removing-{path.name}-{os.urandom(4).hex()}")
    try:
        path.rename(gone)
    except OSError:
        return False
    return remove_tree(gone)


def _entries(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def _size(path: Path) -> int:
    """Bytes of all regular files below `path`; links count nothing."""
    if path.is_symlink():
        return 0
    if path.is_file():
        return path.stat().st_size
    total = 0
    for directory, _, files in os.walk(path):
        for name in files:
            with suppress(OSError):
                status = os.lstat(os.path.join(directory, name))  # noqa: PTH118 - tens of thousands of files
                total += status.st_size
    return total
