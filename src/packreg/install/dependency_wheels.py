"""The wheels of a lock as files: which of them a registry keeps, and which fit a target. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from packreg.install.targets import Target, fits_here, target_of

if TYPE_CHECKING:
    from packreg.install.interpreter import Interpreter
    from packreg.install.requirements_lock import Locked
    from packreg.registry.artifacts import Artifact


def lacking(packages: Iterable[Locked], target: Target, kept: Iterable[Artifact]) -> tuple[Locked, ...]:
    """The packages that a target needs and for which none of the `kept` wheels fits."""
    fitting = {artifact.sha256 for artifact in kept if target.fits(artifact.name)}
    return tuple(
        package for package in packages if target.needs(package) and fitting.isdisjoint(package.hashes)
    )


def wheels_for(
    packages: Sequence[Locked], interpreter: Interpreter | None, kept: Iterable[Artifact]
) -> tuple[tuple[Artifact, ...], bool]:
    """The kept wheels that an interpreter of this machine can install, and whether these are all it needs.

    For an interpreter that is no known target (or None) these are all kept wheels of the lock, and False.
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
