"""The marker of an installed pack: what `.packreg.json` in its directory says, and whether it still holds.

The marker is the last file written into a staging directory, before the one rename that makes it visible.
So a directory with a marker is whole, and one without was not made by packreg. It is a sealed document: it
counts if this user made it for this place, and the directory is held to the contents that it lists. This
module is on the path of `packreg install NAME@VERSION` for a pack that is there already (12 ms of Python
start and little else), so it imports nothing but `os` and, inside the functions, `json`.
"""
# ruff: noqa: PTH112, PTH113, PTH118, PTH123
# pathlib alone takes a third of the time that a bare Python takes to start.

from __future__ import annotations

import json
import os

from packreg.files import read_file
from packreg.install.contents import list_contents
from packreg.install.sealed import Held, place_of, read_entry, read_held
from packreg.install.trust import Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MARKER = ".packreg.json"
#: Raised when older markers no longer say enough; packs with an older number are installed again.
FORMAT = 2
#: Bytes: a pack of toolchain uv has an environment of its own, every file of which is listed.
MAX_MARKER = 64 * 2**20
_KIND = "pack"

#: What became of a pack's dependencies. `left-out` was asked for with `--no-env`, `none` has none to install.
PYTHON, NODE_MODULES, NONE, LEFT_OUT = "python", "node_modules", "none", "left-out"
#: Kind of dependencies -> kind of entry in the store.
_ENTRIES = {PYTHON: "environment", NODE_MODULES: "node_modules"}


def release_directory(home: str, registry_id: str, name: str, version_key: str) -> str:
    """Where a release is installed: `<home>/packs/<registry id>/<name>/<version key>`."""
    return os.path.join(home, "packs", registry_id, name, version_key)


def installed(
    home: str, key: Key, registry_id: str, name: str, version_key: str, *, environment: bool = True
) -> str | None:
    """The directory of a release that is installed and can run, or None if there is work to do.

    Costs two reads and one `lstat` for each file of the pack and of its environment, and asks no registry.
    With `environment` a pack that was installed without its dependencies does not count.

    Raises:
        InstallError: the key is not safe where it is.
    """
    directory = release_directory(home, registry_id, name, version_key)
    held = read_installed(key, directory)
    if held is None or not says(held.facts, registry_id, name, version_key):
        return None
    if not (held.is_untouched or held.remove_compiled()):
        return None

    def is_untouched(kind: str, path: str) -> bool:
        entry = read_entry(key, kind, path)
        return entry is not None and entry.is_untouched

    return directory if holds(directory, held.facts, is_untouched, environment=environment) else None


def read_installed(key: Key, directory: str) -> Held | None:
    """The marker in `directory`, which is compared with it; None if this user made no such one there.

    Raises:
        InstallError: the key is not safe where it is.
    """
    held = read_held(key, _KIND, os.path.join(directory, MARKER), directory, (MARKER,))
    return held if held is not None and held.facts.get("format") == FORMAT else None


def says(marker: dict[str, Any], registry_id: str, name: str, version_key: str) -> bool:
    """Whether a marker is of this release of this registry."""
    return (marker["registry"], marker["name"], marker["version"].lower()) == (registry_id, name, version_key)


def read_marker(directory: str) -> dict[str, Any] | None:
    """What a marker in `directory` says, whoever wrote it, or None if there is none. Never raises.

    For showing and for sweeping; what is to be run is asked of `read_installed`.
    """
    try:
        marker = json.loads(read_file(os.path.join(directory, MARKER), MAX_MARKER))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(marker, dict) or marker.get("format") != FORMAT:
        return None
    texts = ("name", "version", "digest", "bundle", "registry", "packreg")
    if not all(isinstance(marker.get(key), str) for key in texts):
        return None
    environment = marker.get("environment")
    if not isinstance(environment, dict) or not all(isinstance(value, str) for value in environment.values()):
        return None
    return marker if {"kind", "path", "store", "python"} <= environment.keys() else None


def holds(
    directory: str,
    marker: dict[str, Any],
    is_as_made: Callable[[str, str], bool],
    *,
    environment: bool = True,
) -> bool:
    """Whether what the marker says about the environment is still so.

    `is_as_made` is asked of an entry of the store, by its kind and path. One that was pruned or changed, or
    an interpreter that was uninstalled, makes a pack unrunnable; it is then installed again instead of being
    taken for whole.
    """
    if not environment:
        return True
    made = marker["environment"]
    if made["kind"] == LEFT_OUT:
        return False
    if made["store"] and not is_as_made(_ENTRIES[made["kind"]], made["store"]):
        return False
    if made["kind"] == PYTHON:
        return os.path.isfile(os.path.join(directory, made["path"], python_in_environment()))
    return made["kind"] != NODE_MODULES or os.path.isdir(os.path.join(directory, made["path"]))


def python_in_environment(windows: bool = os.name == "nt") -> str:
    """The interpreter inside a virtual environment: `bin/python`, on Windows `Scripts\\python.exe`."""
    return "Scripts\\python.exe" if windows else "bin/python"


def write_marker(key: Key, staging: str, place: str, marker: dict[str, Any]) -> None:
    """Write the marker into a staging directory, and have it on the disk before its name is `place`.

    `marker["leave"]` are paths that are not the pack's, and are not looked at.

    Raises:
        OSError: the disk is full or refuses.
        InstallError: the key is not safe where it is.
    """
    files = list_contents(staging, frozenset((MARKER, *marker["leave"])))
    data = key.seal(
        _KIND, place_of(os.path.join(place, MARKER)), {**marker, "format": FORMAT, "files": files}
    )
    with open(os.path.join(staging, MARKER), "xb") as file:  # never over another
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
