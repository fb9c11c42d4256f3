"""The wheels of a lock as files: which of them a registry keeps, and how the others are had to be kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InstallError
from packreg.install.disk import disk_errors
from packreg.install.environment import pip_command
from packreg.install.targets import Target, fits_here, target_of
from packreg.registry.artifacts import Artifact

if TYPE_CHECKING:
    from packreg.install.interpreter import Interpreter
    from packreg.install.requirements_lock import Locked
    from packreg.install.tools import Tools


def lacking(packages: Iterable[Locked], target: Target, kept: Iterable[Artifact]) -> tuple[Locked, ...]:
    """The packages that a target needs, and of which no wheel that fits it is among the `kept`."""
    fitting = {artifact.sha256 for artifact in kept if target.fits(artifact.name)}
    return tuple(
        package for package in packages if target.needs(package) and fitting.isdisjoint(package.hashes)
    )


def wheels_for(
    packages: Sequence[Locked], interpreter: Interpreter | None, kept: Iterable[Artifact]
) -> tuple[tuple[Artifact, ...], bool]:
    """The kept wheels that an interpreter of this machine may install, and whether nothing else is needed.

    For one of which no tags are known that is every wheel, and an index has to be asked.
    """
    wanted = {sha256 for package in packages for sha256 in package.hashes}
    target = target_of(interpreter) if interpreter is not None else None
    if target is None:
        return tuple(artifact for artifact in kept if artifact.sha256 in wanted), False
    fitting = tuple(
        artifact
        for artifact in dict.fromkeys(kept)
        if artifact.sha256 in wanted and fits_here(artifact.name, target.python)
    )
    return fitting, not lacking(packages, target, fitting)


def download(packages: Sequence[Locked], target: Target, tools: Tools, place: Path) -> dict[Artifact, Path]:
    """The wheels of these packages for a target, from the operator's index, as far as they can be had.

    They lie in `place`. uv cannot download, so pip does; where one package cannot be had, each is asked for
    by itself.

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
    """What lies in a directory as artifacts, of those with a wanted sha256.

    Raises:
        InstallError: one has a name that no release may give a file.
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
