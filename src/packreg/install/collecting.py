"""Collecting the files that a pack's dependencies consist of, to be kept in a registry: its sealing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packreg.install import dependency_tarballs, dependency_wheels
from packreg.install.disk import disk_errors
from packreg.install.environment import Needs
from packreg.install.npm_lock import NpmInput
from packreg.install.requirements_lock import read_lock
from packreg.install.targets import Target
from packreg.install.tools import Tools
from packreg.registry.artifacts import Artifact


class Missing(NamedTuple):
    """A package of which no file could be had for a target, such as `numpy==2.0` for `linux-aarch64`."""

    package: str
    target: str

    def __str__(self) -> str:
        return f"{self.package} for {self.target}"


class Collected(NamedTuple):
    """Files that were not kept yet, and where they lie; for which targets nothing is missing; what is."""

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
    """The files that an installation needs on each target, but those that are `kept`.

    They are taken from the operator's index with the digests of the lock, and lie in `place` or in npm's
    cache. What cannot be had is said, and is no error.

    Raises:
        InstallError: there is no tool to fetch them with, the lock cannot be read, or the disk refuses.
    """
    if isinstance(needs, Needs):
        return _wheels(needs, targets, kept, tools, place, say)
    packages = dependency_tarballs.tarballs(needs.lock)

    def lacking(target: Target, kept: Iterable[Artifact]) -> tuple[dependency_tarballs.Tarball, ...]:
        return dependency_tarballs.lacking(packages, target, kept, production=production)

    before = tuple(kept)
    wanted = {package.file: package for target in targets for package in lacking(target, before)}
    files: Mapping[Artifact, Path] = {}
    if wanted:
        say("collecting the packages of npm")
        files = dependency_tarballs.download(wanted.values(), tools)
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
            files |= dependency_wheels.download(wanted, target, tools, directory)
    left = {target: dependency_wheels.lacking(packages, target, (*before, *files)) for target in targets}
    missing = [
        Missing(f"{each.name}=={each.version}", str(to)) for to, found in left.items() for each in found
    ]
    return Collected(files, tuple(str(to) for to, found in left.items() if not found), tuple(missing))
