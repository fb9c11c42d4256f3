"""Lists what is in the home, with sizes and users, and removes what is no longer needed."""

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

#: The directories of a home whose content can be downloaded or made again -> what one entry is called.
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
    """One entry of the home. `size` is the bytes of its files; `users` are the packs that need it.

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
    """The directory and the marker of every installed pack, sorted by path."""
    for path in sorted(home.packs.glob("*/*/*")):
        said = marker.read_marker(str(path)) if not path.name.startswith(".") else None
        if said is not None:
            yield path, said


def list_cache(home: Home) -> list[CachedThing]:
    """Everything in the home, installed packs first. Reads the size of every file, which can take long."""
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
    """Remove what is not needed, and return what was removed; with `dry_run` only return what would be.

    Not needed are environments and trees that no installed pack and no directory of `install --to` or `dev`
    uses, bundles of packs that are not installed, logs, and what killed runs left behind. What another
    packreg process works on stays, and so do the wheels, npm packages and programs from `cache import`.
    """
    needed = _needed(home)
    going: list[CachedThing] = []
    for directory in ("envs", "node", "bundles", "logs", "tmp"):
        for path in _entries(home.part(directory)):
            if not needed.get(str(path)) and not _is_worked_on(home, directory, path):
                going.append(CachedThing(_KINDS[directory], path.name, path, _size(path)))
    for path in sorted(home.packs.glob("*/*/.*")):
        if path.parent.is_symlink() or path.parents[1].is_symlink():
            continue  # packreg makes no links here: what is behind one is not packreg's
        going.append(CachedThing("scratch", path.name, path, _size(path)))
    return [kept for kept in going if dry_run or _remove(kept.path)]


def clean(home: Home) -> list[CachedThing]:
    """Remove all that packreg keeps in the home, installed packs too, and return what was removed."""
    removed = []
    for directory in ("packs", *_KINDS):
        path = home.part(directory)
        if path.is_dir():
            kept = CachedThing(_KINDS.get(directory, "packs"), directory, path, _size(path))
            if _remove(path):
                removed.append(kept)
    return removed


def uninstall(home: Home, path: Path) -> CachedThing:
    """Remove an installed pack, once no other process works on it, and return what was removed.

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
    """Paths of store entries and bundles -> the packs and directories that need them."""
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
    """Whether another process is building this entry, or owns this scratch directory, right now."""
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
    """Whether the process named by a scratch directory, `<purpose>-<pid>-<random>`, still runs."""
    pid = name.split("-")[-2] if name.count("-") >= 2 else ""
    if not pid.isdigit() or os.name == "nt":  # on Windows, os.kill(pid, 0) ends the process
        return os.name == "nt"
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(path: Path) -> bool:
    """Remove an entry; it is renamed first, so that no process takes a half removed one for complete.

    Returns whether it is gone.
    """
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
