"""The marker of an installed pack: what `.packreg.json` in its directory says, and whether it still holds.

The marker is the last file written into a staging directory, before the one rename that makes it visible.
So a directory with a marker is whole, and one without was not made by packreg. This module is on the path of
`packreg install NAME@VERSION` for a pack that is there already (12 ms of Python start and little else), so it
imports nothing but `os` and, inside the functions, `json`.
"""
# ruff: noqa: PTH112, PTH113, PTH118, PTH123
# pathlib alone takes a third of the time that a bare Python takes to start.

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MARKER = ".packreg.json"
#: Raised when older markers no longer say enough; packs with an older number are installed again.
FORMAT = 1
MAX_MARKER = 64 * 1024
#: The last file of a whole environment in the store; holds what it was made from.
COMPLETE = ".complete"

#: What became of a pack's dependencies. `left-out` was asked for with `--no-env`, `none` has none to install.
PYTHON, NODE_MODULES, NONE, LEFT_OUT = "python", "node_modules", "none", "left-out"


def release_directory(home: str, registry_id: str, name: str, version_key: str) -> str:
    """Where a release is installed: `<home>/packs/<registry id>/<name>/<version key>`."""
    return os.path.join(home, "packs", registry_id, name, version_key)


def installed(
    home: str, registry_id: str, name: str, version_key: str, *, environment: bool = True
) -> str | None:
    """The directory of a release that is installed and can run, or None if there is work to do.

    Costs one small read and at most three `stat` calls, asks no registry and never raises. With
    `environment` a pack that was installed without its dependencies does not count.
    """
    directory = release_directory(home, registry_id, name, version_key)
    marker = read_marker(directory)
    if marker is None or marker["name"] != name or marker["version"].lower() != version_key:
        return None
    return directory if holds(directory, marker, environment=environment) else None


def read_marker(directory: str) -> dict[str, Any] | None:
    """What the marker in `directory` says, or None if there is none of this format. Never raises."""
    import json

    try:
        with open(os.path.join(directory, MARKER), "rb") as file:
            marker = json.loads(file.read(MAX_MARKER))
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


def holds(directory: str, marker: dict[str, Any], *, environment: bool = True) -> bool:
    """Whether what the marker says about the environment is still so.

    A store entry that was pruned or an interpreter that was uninstalled makes a pack unrunnable; it is then
    installed again instead of being taken for whole.
    """
    if not environment:
        return True
    made = marker["environment"]
    if made["kind"] == LEFT_OUT:
        return False
    if made["store"] and not os.path.isfile(os.path.join(made["store"], COMPLETE)):
        return False
    if made["kind"] == PYTHON:
        return os.path.isfile(os.path.join(directory, made["path"], python_in_environment()))
    return made["kind"] != NODE_MODULES or os.path.isdir(os.path.join(directory, made["path"]))


def python_in_environment(windows: bool = os.name == "nt") -> str:
    """The interpreter inside a virtual environment: `bin/python`, on Windows `Scripts\\python.exe`."""
    return "Scripts\\python.exe" if windows else "bin/python"


def write_marker(directory: str, marker: dict[str, Any]) -> None:
    """Write the marker into a staging directory and have it on the disk before its name is.

    Raises:
        OSError: the disk is full or refuses.
    """
    import json

    with open(os.path.join(directory, MARKER), "xb") as file:
        file.write(json.dumps(marker, indent=1, sort_keys=True).encode("ascii") + b"\n")
        file.flush()
        os.fsync(file.fileno())
