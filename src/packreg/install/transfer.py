"""Archives that take packs to machines without a network, with all that `install --offline` needs there.

The archive is a plain tar: records, bundles, locks, the wheels of Python dependencies (from `pip download`
with the lock's hashes: uv has no download), for Node.js packs a cache of npm filled for their lock, and
`opa` if wanted. It is made for the platform and the interpreter of this machine. Names in it are not trusted:
bundles and wheels must have the sha256 in their names, records are read as strictly as a registry's, and pip,
uv and npm check what they install against the locks. But an archive decides which digest a version has, as a
registry does, and perhaps which `opa` runs: import only archives that you trust as you trust the registry.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from packreg.errors import IntegrityError
from packreg.install import carried
from packreg.install.carried import NAMES, PLACE, Carried
from packreg.install.disk import disk_errors
from packreg.install.environment import Needs, lock_places, pip_command
from packreg.install.fitting import choose_interpreter
from packreg.install.home import Home
from packreg.install.installer import Installer
from packreg.install.nodejs import CI, NODE_HINT, npm_source
from packreg.install.npm_lock import NpmInput
from packreg.install.remembered import URL
from packreg.install.requirements_lock import read_lock
from packreg.install.tools import Tools
from packreg.pack.reference import Reference
from packreg.pack.strict_json import MAX_MEMORY, weight
from packreg.pack.version import Version
from packreg.registry.layout import record_key
from packreg.registry.record import MAX_RECORD, Record

FORMAT = 1
INDEX = "packreg-cache.json"
MAX_MEMBER = 2**31
MAX_INDEX = 32 * 2**20
_PIECE = 2**20
_MEMBER = re.compile(
    r"remembered/(?P<registry>[0-9a-f]{12})/packs/(?P<name>[a-z0-9][a-z0-9._-]*)/v/(?P<version>[0-9a-z.-]+)"
    r"|remembered/[0-9a-f]{12}/url"
    r"|bundles/(?P<bundle>[0-9a-f]{64})\.tgz"
    r"|resolved/[0-9a-f]{64}\.json"
    r"|wheels/(?P<wheel>[0-9a-f]{64})/[A-Za-z0-9][A-Za-z0-9._+!-]*\.whl"
    r"|npm/[0-9a-f]{64}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+"
    rf"|{PLACE}(?:{'|'.join(NAMES)})",
    re.ASCII,
)
_LARGE = ("bundles/", "wheels/", "npm/", PLACE)


class Contents(NamedTuple):
    """What an archive holds: releases in order, and programs."""

    records: list[Record]
    programs: list[Carried]


def export_cache(
    installer: Installer,
    references: Iterable[Reference],
    target: Path,
    *,
    python: str | None = None,
    programs: Mapping[Carried, Path] | None = None,
    say: Callable[[str], None] = lambda step: None,
) -> Contents:
    """Write an archive with these releases and all their dependencies to `target`, and return what it holds.

    `programs` are added to it, each from its file.

    Raises:
        InstallError: a dependency is missing, or the archive cannot be written; `target` is then unchanged.
        NotFound, StoreError, IntegrityError: as `Installer.install`.
    """
    tools, home = installer.tools, installer.home
    records: list[Record] = []
    with tools.home.scratch("export") as place:
        members = {f"{PLACE}{each.name}": file for each, file in (programs or {}).items()}
        for reference in references:
            release = installer.releases.find(reference, offline=False)
            record = release.record
            say(f"collecting {record.reference}")
            gathered = installer.gather(release, offline=False, say=say)
            key = f"remembered/{installer.registry_id}/{record_key(record.name, record.version)}"
            members[key] = place / f"{len(members)}.json"
            members[key].write_bytes(record.encode())
            url = installer.releases.memory.root / URL
            if url.is_file():
                members[f"remembered/{installer.registry_id}/{URL}"] = url
            members[f"bundles/{record.bundle_sha256}.tgz"] = home.bundle(record.bundle_sha256)
            if gathered.resolved is not None:
                lock = place / gathered.resolved.name
                lock.write_bytes(home.recall(gathered.resolved) or b"null")
                members[f"resolved/{gathered.resolved.name}"] = lock
            if isinstance(gathered.needs, Needs) and gathered.needs.lock:
                members |= _download_wheels(gathered.needs, python, tools, place)
            elif isinstance(gathered.needs, NpmInput):
                members |= _fill_npm_cache(gathered.needs, record.reference, tools, place)
            records.append(record)
        say("writing the archive")
        with disk_errors("write", target):
            _write(members, records, list(programs or ()), target)
    return Contents(records, list(programs or ()))


def import_cache(archive: Path, home: Home) -> Contents:
    """Verify all of an archive, then put its contents into the home; returns what it holds.

    Raises:
        IntegrityError: it is no complete archive of packreg, or contradicts a record on this machine.
        InstallError: the disk refuses, or a program is not for this machine.
    """
    with home.scratch("import") as place:
        with disk_errors("read", archive), archive.open("rb") as file:
            names, programs = _unpack(file, archive, place)
        records = [record for name in names if (record := _prove(name, place / name, home)) is not None]
        with disk_errors("write to", home.root):
            for name in _tops(names):
                _take_in(place / name, home.root / name, home)
    return Contents(records, programs)


def _take_in(member: Path, there: Path, home: Home) -> None:
    """Move a verified member to its place, unless there is one; mark it if its kind needs a mark."""
    if there.relative_to(home.root).parts[0] == "programs":
        carried.keep(member.name, member, home)
    elif member.name != URL and there.relative_to(home.root).parts[0] in ("remembered", "resolved"):
        if home.recall(there) is None:
            home.keep(there, member.read_bytes())
    elif not there.exists():
        there.parent.mkdir(parents=True, exist_ok=True)
        member.rename(there)


def _download_wheels(needs: Needs, python: str | None, tools: Tools, place: Path) -> dict[str, Path]:
    packages = read_lock(needs.lock, needs.of)
    interpreter = choose_interpreter(python, tools, requires=needs.requires, of=needs.of)
    directory = place / f"wheels-{hashlib.sha256(needs.lock.encode()).hexdigest()[:16]}"
    if not directory.is_dir():
        directory.mkdir()
        lock = directory.with_suffix(".txt")
        lock.write_text(needs.lock, "utf-8")
        command = pip_command(tools, interpreter.path)
        words = ["download", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
        places, whole = lock_places(needs, packages, tools, interpreter)
        words += [*(["--no-index"] if whole else []), *map(str, places)]
        doing = f"download the wheels of {needs.of}"
        tools.run([*command, *words, "--dest", directory, "-r", lock], doing)
    return {f"wheels/{_sha256(path)}/{path.name}": path for path in sorted(directory.iterdir())}


def _fill_npm_cache(needs: NpmInput, of: str, tools: Tools, place: Path) -> dict[str, Path]:
    """The files of an npm cache, by member name, after this lock was installed with an empty cache."""
    cache = place / f"npm-{needs.digest}"
    if not cache.is_dir():
        work = place / f"work-{needs.digest}"
        work.mkdir()
        (work / "package.json").write_bytes(needs.package_json)
        words, lock = npm_source(cache, needs, tools)
        (work / "package-lock.json").write_bytes(lock)
        npm = tools.need("npm", NODE_HINT)
        tools.run([npm, *CI, *words, "--cache", cache], f"download the packages of {of}", cwd=work)
    found = (path for path in sorted((cache / "_cacache").rglob("*")) if path.is_file())
    return {
        f"npm/{needs.digest}/{path.relative_to(cache).as_posix()}": path
        for path in found
        if "tmp" not in path.relative_to(cache).parts
    }


def _write(members: dict[str, Path], records: list[Record], programs: list[Carried], target: Path) -> None:
    index: dict[str, object] = {
        "format": FORMAT,
        "packs": [record.reference for record in records],
        "members": {name: _sha256(path) for name, path in members.items()},
    }
    if programs:
        index["programs"] = carried.index_of(programs)
    data = json.dumps(index, indent=1).encode()
    staged = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    try:
        with tarfile.open(staged, "x:", format=tarfile.PAX_FORMAT) as archive:
            info = tarfile.TarInfo(INDEX)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
            for name, path in members.items():
                info = tarfile.TarInfo(name)
                info.size = path.stat().st_size
                with path.open("rb") as file:
                    archive.addfile(info, file)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


def _unpack(file: IO[bytes], archive: Path, place: Path) -> tuple[list[str], list[Carried]]:
    """Write every member below `place`, checked against the index; returns their names, and the programs."""
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            first = tar.next()
            if first is None or first.name != INDEX or not first.isreg() or first.size > MAX_INDEX:
                raise _refused(archive, f"it does not start with {INDEX}")
            expected, programs = _read_index(b"".join(_pieces(tar, first)), archive)
            seen: list[str] = []
            for info in tar:
                if info.name == INDEX:
                    continue
                most = MAX_MEMBER if info.name.startswith(_LARGE) else MAX_RECORD
                if not info.isreg() or info.size > most or not _MEMBER.fullmatch(info.name):
                    raise _refused(
                        archive, f"it holds {info.name[:200]!r}, which packreg does not put into archives"
                    )
                if info.name not in expected or info.name in seen:
                    raise _refused(archive, f"its index does not list {info.name[:200]!r} once")
                seen.append(info.name)
                (place / info.name).parent.mkdir(parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with (place / info.name).open("xb") as target:
                    for piece in _pieces(tar, info):
                        digest.update(piece)
                        target.write(piece)
                if digest.hexdigest() != expected[info.name]:
                    raise _refused(archive, f"{info.name} is damaged")
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _refused(archive, str(error)) from error
    missing = sorted(expected.keys() - set(seen))
    if missing:  # a tar that was cut short looks like a shorter one
        raise _refused(archive, f"{len(missing)} of its files are missing, such as {missing[0]}")
    return seen, programs


def _pieces(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[bytes]:
    file = tar.extractfile(info)
    assert file is not None
    left = info.size
    while piece := file.read(_PIECE):
        left -= len(piece)
        yield piece
    if left:
        raise EOFError(f"{info.name} is cut short")


def _read_index(data: bytes, archive: Path) -> tuple[dict[str, str], list[Carried]]:
    """From the index: the sha256 of each member, and the programs among them."""
    if weight(data) > MAX_MEMORY:
        raise _refused(archive, "its index is too long")
    index = json.loads(data)
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise _refused(archive, f"its index does not have format {FORMAT}")
    members = index.get("members")
    if not isinstance(members, dict) or not all(isinstance(value, str) for value in members.values()):
        raise _refused(archive, "its index lists no files")
    try:
        return members, carried.read_index(index.get("programs", {}), members)
    except (TypeError, KeyError):
        raise _refused(archive, "its index does not describe each program") from None


def _prove(name: str, path: Path, home: Home) -> Record | None:
    """Check that a member is what its name says; returns the record if it is one."""
    match = _MEMBER.fullmatch(name)
    assert match is not None
    for group in ("bundle", "wheel"):
        if match[group] and _sha256(path) != match[group]:
            raise IntegrityError(
                f"{name} in the archive has another sha256 than its name says",
                hint="nothing was imported; make the archive again with `packreg cache export`",
            )
    if not match["registry"]:
        return None
    data = path.read_bytes()
    record = Record.decode(data, match["name"], Version(match["version"]))
    known = home.recall(home.root / name)
    if known is not None:
        other = Record.decode(known, record.name, record.version)
        if other.digest != record.digest:
            raise IntegrityError(
                f"the archive's {record.reference} has the digest {record.digest}, "
                f"and this machine knows it as {other.digest}",
                hint="one of them is not from this registry: find out which",
            )
    return record


def _tops(names: Iterable[str]) -> list[str]:
    """The paths that are moved into the home: files, and for wheels and npm caches whole directories."""
    return list(
        dict.fromkeys(
            "/".join(name.split("/")[:2]) if name.startswith(("wheels/", "npm/")) else name for name in names
        )
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refused(archive: Path, why: str) -> IntegrityError:
    return IntegrityError(f"{archive} is not a whole archive of `packreg cache export`: {why}")
