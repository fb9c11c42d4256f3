"""Sealing: collects the files of a pack's dependencies, so that the registry can keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from packreg.errors import InstallError, IntegrityError
from packreg.files import read_file
from packreg.install import dependency_tarballs, dependency_wheels
from packreg.install.dependency_tarballs import Tarball
from packreg.install.disk import disk_errors
from packreg.install.environment import Needs, pip_command
from packreg.install.nodejs import NODE_HINT
from packreg.install.npm_lock import NpmInput
from packreg.install.requirements_lock import Locked, read_lock
from packreg.install.targets import Target
from packreg.install.tools import Tools
from packreg.registry.artifacts import MAX_ARTIFACT, Artifact

#: Packages that npm fetches in one call.
_AT_ONCE = 100


class Missing(NamedTuple):
    """A package that has no file for a target, such as `numpy==2.0` for `linux-aarch64`."""

    package: str
    target: str

    def __str__(self) -> str:
        return f"{self.package} for {self.target}"


class Collected(NamedTuple):
    """Files that the registry does not keep yet, with their paths; `targets` are those that lack nothing."""

    files: Mapping[Artifact, Path]
    targets: tuple[str, ...]
    missing: tuple[Missing, ...]


def collect(
    needs: Needs | NpmInput,
    targets: Sequence[Target],
    kept: Iterable[Artifact],
    tools: Tools,
    place: Path,
    *,
    production: bool = False,
    say: Callable[[str], None] = lambda step: None,
) -> Collected:
    """The files that an installation needs on each target, without those that are `kept` already.

    They are downloaded from the operator's index and checked against the digests of the lock; they are put
    into `place` or into npm's cache. A file that no index has is reported in `missing`, and is no error.

    Raises:
        InstallError: there is no tool to fetch them with, the lock cannot be read, or the disk refuses.
    """
    if isinstance(needs, Needs):
        return _wheels(needs, targets, kept, tools, place, say)
    packages = dependency_tarballs.tarballs(needs.lock)

    def lacking(target: Target, kept: Iterable[Artifact]) -> tuple[Tarball, ...]:
        return dependency_tarballs.lacking(packages, target, kept, production=production)

    before = tuple(kept)
    wanted = {package.file: package for target in targets for package in lacking(target, before)}
    files: Mapping[Artifact, Path] = {}
    if wanted:
        say("collecting the packages of npm")
        files = download_tarballs(wanted.values(), tools)
    left = {target: lacking(target, (*before, *files)) for target in targets}
    missing = [
        Missing(f"{each.name}@{each.version}", str(to)) for to, found in left.items() for each in found
    ]
    return Collected(files, tuple(str(to) for to, found in left.items() if not found), tuple(missing))


def _wheels(
    needs: Needs,
    targets: Sequence[Target],
    kept: Iterable[Artifact],
    tools: Tools,
    place: Path,
    say: Callable[[str], None],
) -> Collected:
    packages = read_lock(needs.lock, needs.of)
    before = tuple(kept)
    files: dict[Artifact, Path] = {}
    for number, target in enumerate(targets):
        wanted = dependency_wheels.lacking(packages, target, (*before, *files))
        if wanted:
            say(f"collecting the wheels for {target}")
            directory = place / str(number)
            with disk_errors("write to", place):
                directory.mkdir()
            files |= download_wheels(wanted, target, tools, directory)
    left = {target: dependency_wheels.lacking(packages, target, (*before, *files)) for target in targets}
    missing = [
        Missing(f"{each.name}=={each.version}", str(to)) for to, found in left.items() for each in found
    ]
    return Collected(files, tuple(str(to) for to, found in left.items() if not found), tuple(missing))


def download_wheels(
    packages: Sequence[Locked], target: Target, tools: Tools, place: Path
) -> dict[Artifact, Path]:
    """Download from the operator's index the wheels of these packages for a target, as far as it has them.

    They are put into `place`. uv cannot download, so pip does; where pip fails, it is run again for each
    package alone.

    Raises:
        InstallError: there is neither pip nor uv, or the disk refuses.
    """
    try:
        _run_pip(packages, target, tools, place)
    except InstallError as failed:
        if not failed.log:
            raise
        Path(failed.log).unlink(missing_ok=True)
        for package in packages:
            try:
                _run_pip([package], target, tools, place)
            except InstallError as error:
                Path(error.log).unlink(missing_ok=True)
    return _named(place, {sha256 for package in packages for sha256 in package.hashes})


def _run_pip(packages: Sequence[Locked], target: Target, tools: Tools, place: Path) -> None:
    hashes = {
        package: " ".join(f"--hash=sha256:{sha256}" for sha256 in package.hashes) for package in packages
    }
    lines = [f"{package.name}=={package.version} {hashes[package]}\n" for package in packages]
    with tools.home.scratch("wheels") as work:
        lock = work / "requirements.txt"
        with disk_errors("write to", work):
            lock.write_text("".join(lines), "utf-8")
        words = ["download", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
        words += ["--implementation", "cp", "--python-version", target.python]
        words += ["--abi", f"cp{target.python.replace('.', '')}"]
        words += [word for each in target.wheel_platforms for word in ("--platform", each)]
        command = [*pip_command(tools), *words, "--dest", place, "-r", lock]
        tools.run(command, f"download the wheels for {target}")


def _named(place: Path, wanted: set[str]) -> dict[Artifact, Path]:
    """The files of a directory that have a wanted sha256, as artifacts.

    Raises:
        InstallError: a file has a name that is not allowed in a record.
    """
    found = {}
    with disk_errors("read", place):
        for path in sorted(place.iterdir()):
            try:
                artifact = Artifact.of(path.name, path.read_bytes())
            except ValueError as error:
                raise InstallError(
                    str(error), hint="the package index gives a file a name that is not usual"
                ) from None
            if artifact.sha256 in wanted:
                found[artifact] = path
    return found


def download_tarballs(packages: Iterable[Tarball], tools: Tools) -> dict[Artifact, Path]:
    """Those of the packages that npm's cache or the operator's npm registry has.

    Raises:
        InstallError: there is no npm.
    """
    npm = tools.need("npm", NODE_HINT)
    cache = Path(tools.run([npm, "config", "get", "cache"], "say where its cache is").decode().strip())
    found: dict[Artifact, Path] = {}
    left = list(packages)

    def look() -> None:
        for package in list(left):
            there = _in_cache(package, cache)
            if there is not None:
                found[there[0]] = there[1]
                left.remove(package)

    look()
    for size in (_AT_ONCE, 1):  # one package that is not available makes the whole call fail
        for start in range(0, len(left), size):
            specs = [package.spec for package in left[start : start + size]]
            try:
                tools.run([npm, "cache", "add", *specs, "--loglevel=error"], "download packages")
            except InstallError as failed:
                Path(failed.log).unlink(missing_ok=True)
        look()
    return found


def _in_cache(package: Tarball, cache: Path) -> tuple[Artifact, Path] | None:
    for place in package.contents():
        with suppress(OSError, IntegrityError, ValueError):
            data = package.proved(read_file(cache / place, MAX_ARTIFACT))
            return Artifact.of(package.file, data), cache / place
    return None
