"""The marker of an installed pack, `.packreg.json` in its directory, and whether it is still true.

The marker is the last file written into a staging directory, before the one rename that makes it visible.
So a directory with a marker is complete, and one without was not made by packreg. The marker is a sealed
document: it counts only if this user made it for this path, and the directory must have the contents that it
lists. This module is used by `packreg install NAME@VERSION` for a pack that is installed already, which takes
little more than the 12 ms in which Python starts; so it imports nothing but `os` and, inside the functions,
`json`.
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
#: Increased when older markers lack something; packs with an older number are installed again.
FORMAT = 2
#: In bytes. Large, because for a pack with toolchain uv the marker lists every file of its environment.
MAX_MARKER = 64 * 2**20
_KIND = "pack"

#: How a pack's dependencies are installed: `left-out` with `--no-env`, `none` if it has none to install.
PYTHON, NODE_MODULES, NONE, LEFT_OUT = "python", "node_modules", "none", "left-out"
#: Kind of dependencies -> kind of entry in the store.
_ENTRIES = {PYTHON: "environment", NODE_MODULES: "node_modules"}


def release_directory(home: str, registry_id: str, name: str, version_key: str) -> str:
    """Where a release is installed: `<home>/packs/<registry id>/<name>/<version key>`."""
    return os.path.join(home, "packs", registry_id, name, version_key)


def installed(
    home: str, key: Key, registry_id: str, name: str, version_key: str, *, environment: bool = True
) -> str | None:
    """The directory of a release that is installed and can run, or None if it has to be installed.

    Costs two reads and one `lstat` for each file of the pack and of its environment, and asks no registry.
    With `environment` a pack that was installed without its dependencies does not count as installed.

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
    """The marker in `directory`, compared with its contents; None if this user made no marker there.

    Raises:
        InstallError: the key is not safe where it is.
    """
    held = read_held(key, _KIND, os.path.join(directory, MARKER), directory, (MARKER,))
    return held if held is not None and held.facts.get("format") == FORMAT else None


def says(marker: dict[str, Any], registry_id: str, name: str, version_key: str) -> bool:
    """Whether a marker names this release of this registry."""
    return (marker["registry"], marker["name"], marker["version"].lower()) == (registry_id, name, version_key)


def read_marker(directory: str) -> dict[str, Any] | None:
    """The members of the marker in `directory`, whoever wrote it; None if there is none. Never raises.

    Only for listing and for cleaning up; before running a pack use `read_installed`.
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
    """Whether what the marker says about the environment is still true.

    `is_as_made` is called with the kind and path of the entry in the store, and tells whether it is
    unchanged. If the entry was pruned or changed, or the interpreter was uninstalled, the pack cannot run and
    has to be installed again.
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
    """Write the marker into a staging directory and flush it to disk; the directory becomes `place` later.

    `marker["leave"]` are paths inside that do not belong to the pack; they are neither listed nor compared.

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
