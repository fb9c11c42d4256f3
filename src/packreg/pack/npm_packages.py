"""Which packages npm installs for a pack, as its package.json and its lock say. Pure.

The lock's format is npm's (lockfileVersion 1, 2 and 3). Whether everything in it may be installed is checked
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from packreg.errors import UsageError
from packreg.pack.files import Files
from packreg.pack.package_json import PackageJson
from packreg.pack.problems import Problems
from packreg.pack.strict_json import read_json
from packreg.pack.text import short
from packreg.pack.version import Version, VersionRange

#: In the order in which npm looks for them.
NPM_LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
MAX_LOCK = 16 * 2**20


class NpmLock(NamedTuple):
    """A lock that can be read: the version of each package at the top of node_modules."""

    path: str
    versions: Mapping[str, str]


def read_npm_lock(files: Files) -> NpmLock | None:
    """The lock that npm would use; None where there is none, or it cannot be read."""
    path = next((path for path in NPM_LOCKS if path in files), "")
    if not path:
        return None
    lock = read_json(files[path].data, path, Problems(), limit=MAX_LOCK)
    if not isinstance(lock, dict):
        return None
    old = lock.get("lockfileVersion") == 1
    entries = lock.get("dependencies" if old else "packages")
    if entries is None and old:
        entries = {}
    if not isinstance(entries, dict):
        return None
    prefix = "" if old else "node_modules/"
    versions = {
        place.removeprefix(prefix): _version(entry)
        for place, entry in entries.items()
        if place.startswith(prefix) and place and "/node_modules/" not in place
    }
    return NpmLock(path, versions)


def out_of_step(lock: NpmLock, package_json: PackageJson, problems: Problems) -> None:
    """Report the dependencies for which `npm ci` would refuse the lock: missing, or at other versions."""
    overridden = package_json.has_overrides
    for group in ("dependencies", "devDependencies", "optionalDependencies"):
        for name, spec in package_json.dependencies.get(group, {}).items():
            locked = lock.versions.get(name)
            if locked is None:
                message = f"{name} is required in package.json and missing in {lock.path}"
            elif not overridden and _outside(locked, spec):
                message = f"package.json requires {name} {short(spec)}, and {lock.path} has {locked}"
            else:
                continue
            hint = "run `npm install --package-lock-only`"
            problems.error("lock-out-of-step", message, lock.path, hint)


def _version(entry: Any) -> str:
    version = entry.get("version") if isinstance(entry, dict) else None
    return version if isinstance(version, str) else ""


def _outside(version: str, spec: str) -> bool:
    """Whether a version is surely outside a range; False where either is something else (a tag, an alias)."""
    if not spec or spec[0] not in "^~<>=0123456789vxX*" or " - " in spec:
        return False
    try:
        return Version(version) not in VersionRange(spec)
    except UsageError:
        return False
