"""Makes locks of wheels with uv; first builds wheels of packages that have none, where that is allowed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InstallError
from packreg.install.requirements_lock import read_lock
from packreg.install.source_builds import allowed, build_wheel_of, lacking_wheels, source_only
from packreg.registry.record import Lock

if TYPE_CHECKING:
    from packreg.install.source_builds import BuiltWheel
    from packreg.install.tools import Tools

#: How many requirements are resolved one by one to find all packages without wheels.
_ASKED_EACH = 20
Say = Callable[[str], None]


def compile_lock(
    lines: tuple[str, ...],
    constraints: tuple[str, ...],
    of: str,
    tools: Tools,
    *,
    python: str,
    offline: bool = False,
    say: Say = lambda sentence: None,
    directory: str = "",
) -> Lock | None:
    """A lock of wheels for every platform and every Python from `python` on; None if nothing is needed.

    Packages without a wheel are built if `tools.build` names them; for the rest see `lock_dependencies`.

    Raises:
        InstallError: it cannot be resolved, or needs a package that has no wheel; uv's log is named.
    """
    built: dict[str, BuiltWheel] = {}
    while True:
        try:
            text = _resolve(lines, constraints, of, tools, python, offline, built)
            break
        except InstallError as error:
            lacking = lacking_wheels(error.log)
            if not lacking:
                raise
            wanted = {name: found for name in lacking if (found := allowed(name, tools)) is not None}
            if len(wanted) < len(lacking):
                every = _all_lacking(lines, of, tools, python, offline, lacking)
                refused = [name for name in every if allowed(name, tools) is None]
                raise source_only(refused, of, directory) from error
            if wanted.keys() <= built.keys():
                wheels = ", ".join(built[name].artifact.name for name in wanted)
                raise InstallError(
                    f"{wheels} was built, and does not fit what else {of} needs: {error}",
                    hint="require a version that fits, or say which one to build: "
                    f"--build '{min(wanted)}==VERSION'",
                    log=error.log,
                ) from error
            for name in wanted.keys() - built.keys():
                bounds = [line for line in (*lines, *constraints, wanted[name]) if line != name]
                built[name] = build_wheel_of(name, bounds, tools, python, say)
    made_by = tools.run([tools.uv, "--version"], "say its version").decode().split(" (")[0]
    return checked_lock(text, of, made_by.strip(), f">={python}")


def _resolve(
    lines: Iterable[str],
    constraints: tuple[str, ...],
    of: str,
    tools: Tools,
    python: str,
    offline: bool,
    built: Mapping[str, BuiltWheel],
) -> str:
    """The text of a universal lock of wheels, which may be those that were `built`."""
    with tools.home.scratch("lock") as place:
        command: list[str | Path] = [tools.uv, "pip", "compile", "-", "--universal", "--generate-hashes"]
        command += [
            "--no-build",
            "--python-version",
            python,
            "--no-header",
            "--no-annotate",
            "--quiet",
        ]
        command += ["--python", sys.executable]
        for wheel in built.values():
            command += ["--find-links", wheel.path.parent]
        if constraints:
            bounds = place / "constraints.txt"
            bounds.write_text("\n".join(constraints) + "\n", "utf-8")
            command += ["--constraints", bounds]
        if offline:
            command.append("--offline")
        return tools.run(
            command,
            f"resolve the dependencies of {of}",
            stdin=("\n".join(lines) + "\n").encode(),
        ).decode("utf-8")


def _all_lacking(
    lines: tuple[str, ...], of: str, tools: Tools, python: str, offline: bool, found: Iterable[str]
) -> set[str]:
    """The packages without wheels: those uv named (it stops at the first), and those found line by line."""
    lacking = set(found)
    for line in lines[:_ASKED_EACH]:
        try:
            _resolve([line], (), of, tools, python, offline, {})
        except InstallError as error:
            lacking.update(lacking_wheels(error.log))
            Path(error.log).unlink(missing_ok=True)
    return lacking


def with_built(
    lock: Lock | None,
    lacking: tuple[str, ...],
    of: str,
    tools: Tools,
    *,
    python: str,
    say: Say = lambda sentence: None,
    directory: str = "",
) -> Lock | None:
    """A lock that the pack brought, with the digests of the wheels that were built for it added.

    Raises:
        InstallError: a package has to be built, and that is not allowed or fails.
    """
    if lock is None or not lacking:
        return lock
    from packaging.utils import canonicalize_name

    names = {canonicalize_name(name) for name in lacking}
    needed = [each for each in read_lock(lock.text, of) if canonicalize_name(each.name) in names]
    refused = [each.name for each in needed if allowed(each.name, tools) is None]
    if refused:
        raise source_only(refused, of, directory)
    text = lock.text
    for each in needed:
        built = build_wheel_of(each.name, [f"{each.name}=={each.version}"], tools, python, say)
        if built.artifact.built_from.rpartition(":")[2] not in each.hashes:
            raise InstallError(
                f"the index has another source archive of {each.name} {each.version} than the pack's own lock"
            )
        first = f"--hash=sha256:{each.hashes[0]}"
        text = text.replace(first, f"--hash=sha256:{built.artifact.sha256} \\\n    {first}", 1)
    return checked_lock(text, of, lock.made_by, lock.python)


def checked_lock(text: str, of: str, made_by: str, python: str) -> Lock | None:
    """The lock of this text, checked to have the form that installs accept; None if it names no package."""
    text = text.replace("\r\n", "\n")
    if not read_lock(text, of):
        return None
    return Lock("requirements", text, made_by, python)
