"""Checks npm's lock files before `npm ci` follows them. Pure.

A lock comes in a bundle or a record, so from outside, and npm does what it says: it fetches from git
repositories, directories and links. Only packages from registries are accepted: an address must be https, and
there must be an integrity, which npm checks.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from packreg.pack.package_json import SDK
from packreg.pack.problems import Problems
from packreg.pack.strict_json import read_json

if TYPE_CHECKING:
    from packreg.install.kept_files import KeptFiles

MAX_LOCK = 16 * 2**20
#: The members of a package.json that decide what is installed.
_DECIDES = (
    "dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta",
    "overrides",
)  # fmt: skip
_INTEGRITY = re.compile(r"(?:sha(?:1|256|384|512)-[A-Za-z0-9+/=]+(?: |$))+", re.ASCII)
_PLACE = re.compile(r"(?:node_modules/(?:@[^/@\\:]+/)?[^/@\\:]+)(?:/node_modules/(?:@[^/@\\:]+/)?[^/@\\:]+)*")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]*", re.ASCII)


class NpmInput(NamedTuple):
    """The input of `npm ci`: a package.json with nothing but dependencies, and a checked lock.

    `kept` are the files of the lock that a registry keeps: with all of them, npm asks no registry of its own.
    """

    package_json: bytes
    lock: bytes
    kept: KeptFiles | None = None

    @property
    def digest(self) -> str:
        """The sha256 (hex) of both files without the pack's name and version, which do not matter to npm."""
        lock = json.loads(self.lock)
        for part in (lock, lock.get("packages", {}).get("", {})):
            part.pop("name", None)
            part.pop("version", None)
        whole = json.dumps([json.loads(self.package_json), lock], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()


def dependencies_only(package_json: Mapping[str, Any]) -> bytes:
    """A package.json with only the members that decide about dependencies: no scripts, no name."""
    kept = {key: package_json[key] for key in _DECIDES if package_json.get(key)}
    return json.dumps({"name": "packreg-dependencies", "version": "0.0.0", "private": True, **kept}).encode()


def has_dependencies(package_json: Mapping[str, Any]) -> bool:
    """Whether npm would install anything for this package.json."""
    return any(package_json.get(key) for key in _DECIDES[:4])


def package_with(lock: bytes, integrity: str) -> str:
    """`name@version` of the package with this integrity in a checked lock, or ""."""
    packages = json.loads(lock).get("packages", {})
    for place, entry in packages.items():
        if integrity in str(entry.get("integrity", "")).split():
            return f"{place.rpartition('node_modules/')[2]}@{entry.get('version')}"
    return ""


def lock_problems(data: bytes, where: str) -> list[str]:
    """A sentence for each entry of a lock that is not allowed; empty when the lock can be used."""
    problems = Problems()
    lock = read_json(data, where, problems, limit=MAX_LOCK)
    if problems.errors:
        return [str(problem) for problem in problems.errors]
    if not isinstance(lock, dict) or lock.get("lockfileVersion") not in (1, 2, 3):
        return [f"{where}: it is not a lock of npm (lockfileVersion 1, 2 or 3)"]
    found: list[str] = []
    if lock["lockfileVersion"] > 1:
        packages = lock.get("packages")
        if not isinstance(packages, dict):
            return [f"{where}: it has no packages"]
        for place, entry in packages.items():
            found += [
                f"{where}: {place or 'the pack itself'}: {problem}" for problem in _modern(place, entry)
            ]
    if "dependencies" in lock:
        found += [f"{where}: {name}: {problem}" for name, problem in _old(lock["dependencies"], 0)]
    return found


def _modern(place: str, entry: object) -> Iterator[str]:
    """What is wrong with an entry of `packages`."""
    if not isinstance(entry, dict):
        yield "it is not an object"
        return
    if not place:
        if entry.get("workspaces"):
            yield "workspaces are not installed"
        return
    if not _PLACE.fullmatch(place) or "/../" in f"/{place}/" or "/./" in f"/{place}/":
        yield "it is not inside node_modules"
    if entry.get("link"):
        yield "it is a link to a directory"
        return
    yield from _replaced(place, entry)
    yield from _origin(entry, bundled=bool(entry.get("inBundle")))


def _old(dependencies: object, depth: int) -> Iterator[tuple[str, str]]:
    """What is wrong with the nested `dependencies` of lockfileVersion 1 (and of 2, which repeats them)."""
    if not isinstance(dependencies, dict) or depth > 100:
        yield "dependencies", "they are not an object, or nest too deep"
        return
    for name, entry in dependencies.items():
        if not isinstance(entry, dict):
            yield name, "it is not an object"
            continue
        for problem in (*_replaced(name, entry), *_origin(entry, bundled=bool(entry.get("bundled")))):
            yield name, problem
        if "dependencies" in entry:
            yield from _old(entry["dependencies"], depth + 1)


def _replaced(place: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """A problem if an entry puts another package in the place of Pulumi's SDK."""
    for sdk in SDK:
        if place != sdk and not place.endswith(f"node_modules/{sdk}"):
            continue
        name, version, resolved = (entry.get(key) for key in ("name", "version", "resolved"))
        alias = (
            isinstance(version, str) and version.startswith("npm:") and not version.startswith(f"npm:{sdk}@")
        )
        fetched = unquote(resolved).lower() if isinstance(resolved, str) else ""
        if name not in (None, sdk) or alias or (fetched and f"/{sdk}/" not in urlsplit(fetched).path):
            yield f"it is another package in the place of {sdk}"


def _origin(entry: Mapping[str, Any], *, bundled: bool) -> Iterator[str]:
    """What is wrong with where a package comes from."""
    version, resolved, integrity = (entry.get(key, "") for key in ("version", "resolved", "integrity"))
    alias = isinstance(version, str) and version.startswith("npm:")
    if not isinstance(version, str) or not (alias or _VERSION.fullmatch(version)):
        yield f"its version is {str(version)[:80]!r}, which is no version in a registry"
    fetched = resolved if isinstance(resolved, str) else "" if resolved is True else str(resolved)
    if fetched and not fetched.startswith("https://"):
        yield f"it comes from {fetched[:80]!r}, not from an https registry"
    if not bundled and (not isinstance(integrity, str) or not _INTEGRITY.fullmatch(integrity)):
        yield "it has no integrity to check it by"
