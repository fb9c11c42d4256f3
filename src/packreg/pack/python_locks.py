"""uv.lock and poetry.lock: which packages they install, and which of these no index has. Pure.

Both name every package with its version and its origin. A package that does not come from an index, or that
has no hash, is refused when the pack is published. A requirement that no package of the lock meets means that
the lock does not match pyproject.toml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from packreg.pack.files import Files
from packreg.pack.problems import Problems
from packreg.pack.pyproject import load_toml
from packreg.pack.text import decode, short

UV_LOCK, POETRY_LOCK = "uv.lock", "poetry.lock"
MAX_LOCK = 4 * 2**20
_NO_INDEX = "depend only on packages from an index"


class PythonLock(NamedTuple):
    """A lock that was read: the versions of each package that it may install, by normalised name."""

    path: str
    versions: Mapping[str, tuple[str, ...]]


def read_python_lock(files: Files, path: str, lines: Sequence[str], problems: Problems) -> PythonLock | None:
    """The lock at `path`; None after a problem, or where there is none.

    A package that no index has is an error. `lines` are the requirements of pyproject.toml. Of a poetry.lock
    only the packages that these need, directly or not, are read: those of other groups are not installed.
    """
    if path not in files:
        return None
    found = len(problems.errors)
    text = decode(files[path].data, path, problems, limit=MAX_LOCK)
    if text is None:
        return None
    table = load_toml(text, path, problems)
    if table is None:
        return None
    packages = [entry for entry in _list(table.get("package")) if isinstance(entry.get("name"), str)]
    uv = path == UV_LOCK
    installed = _reached(packages) if uv else _of_main(packages, lines)
    for entry in installed:
        for problem in _uv_faults(entry) if uv else _poetry_faults(entry):
            message = f"{short(entry['name'])[1:-1]} {problem}"
            problems.error("uv-lock" if uv else "poetry-lock", message, path, _NO_INDEX)
    if len(problems.errors) > found:
        return None
    versions: dict[str, tuple[str, ...]] = {}
    for entry in installed:
        name, version = canonicalize_name(entry["name"]), str(entry.get("version", ""))
        versions[name] = (*versions.get(name, ()), version)
    return PythonLock(path, versions)


def out_of_step(lock: PythonLock, lines: Sequence[str], problems: Problems) -> None:
    """Report the requirements of pyproject.toml (lines of PEP 508) that the lock does not meet."""
    tool = "uv" if lock.path == UV_LOCK else "poetry"
    for line in lines:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            continue
        name = canonicalize_name(wanted.name)
        message = ""
        if name not in lock.versions:
            if wanted.marker is None:
                message = f"{name} is required in pyproject.toml and missing in {lock.path}"
        elif not any(_meets(version, wanted) for version in lock.versions[name]):
            has = ", ".join(lock.versions[name])
            message = f"pyproject.toml requires {name}{wanted.specifier}, and {lock.path} has {has}"
        if message:
            problems.error("lock-out-of-step", message, lock.path, f"run `{tool} lock`")


def _meets(version: str, wanted: Requirement) -> bool:
    try:
        return wanted.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True


def _list(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _is_project(entry: Mapping[str, Any]) -> bool:
    source = entry.get("source")
    return isinstance(source, dict) and "." in (source.get("virtual"), source.get("editable"))


def _reached(packages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The packages of a uv.lock that `uv export` writes: what the project needs, without the project itself.

    If the lock does not say which package is the project, all packages.
    """
    projects = [entry for entry in packages if _is_project(entry)]
    if not projects:
        return packages
    by_name: dict[str, list[dict[str, Any]]] = {}
    for entry in packages:
        by_name.setdefault(entry["name"], []).append(entry)
    reached: dict[int, dict[str, Any]] = {}
    groups = projects[0].get("dev-dependencies")
    waiting = [*_needed(projects[0], ()), *_list(groups.get("dev") if isinstance(groups, dict) else None)]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        wanted = waiting.pop()
        name, extras = wanted.get("name"), tuple(map(str, wanted.get("extra") or ()))
        if not isinstance(name, str) or (name, extras) in seen:
            continue
        seen.add((name, extras))
        for entry in by_name.get(name, ()):
            if "version" in wanted and wanted["version"] != entry.get("version"):
                continue
            if not _is_project(entry):
                reached[id(entry)] = entry
            waiting += _needed(entry, extras)
    return list(reached.values())


def _of_main(packages: list[dict[str, Any]], lines: Sequence[str]) -> list[dict[str, Any]]:
    """The packages of a poetry.lock that the requirements need, directly or not."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for entry in packages:
        by_name.setdefault(canonicalize_name(entry["name"]), []).append(entry)
    waiting = [canonicalize_name(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines]
    reached: dict[str, list[dict[str, Any]]] = {}
    while waiting:
        name = waiting.pop()
        if name in reached or name not in by_name:
            continue
        reached[name] = by_name[name]
        for entry in by_name[name]:
            needed = entry.get("dependencies")
            waiting += [canonicalize_name(each) for each in needed] if isinstance(needed, dict) else []
    return [entry for name in sorted(reached) for entry in reached[name]]


def _needed(entry: Mapping[str, Any], extras: Sequence[str]) -> list[dict[str, Any]]:
    optional = entry.get("optional-dependencies")
    needed = _list(entry.get("dependencies"))
    for extra in extras:
        needed = needed + _list(optional.get(extra) if isinstance(optional, dict) else None)
    return needed


def _uv_faults(entry: Mapping[str, Any]) -> Iterator[str]:
    source = entry.get("source")
    origin = next(iter(source), "registry") if isinstance(source, dict) else "registry"
    words = {"git": "a git repository", "url": "a URL"}
    if origin != "registry":
        yield f"comes from {words.get(origin, 'a local directory')}"
        return
    files = [*_list(entry.get("wheels")), *_list([entry.get("sdist")])]
    if files and not any("hash" in file for file in files):
        yield "has no hash to check it by"


def _poetry_faults(entry: Mapping[str, Any]) -> Iterator[str]:
    source = entry.get("source")
    kind = source.get("type", "") if isinstance(source, dict) else ""
    words = {"git": "a git repository", "url": "a URL", "directory": "a local directory", "file": "a file"}
    if kind in words:
        yield f"comes from {words[kind]}"
    elif isinstance(entry.get("files"), list) and not any("hash" in file for file in _list(entry["files"])):
        yield "has no hash to check it by"
