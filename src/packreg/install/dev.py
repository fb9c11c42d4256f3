"""Makes the environment inside a pack directory, with the dependencies that an install would give the pack.

A Python pack gets an environment of its own (`own_environment`), a Node.js pack a link to node_modules in the
store, which `npm install` replaces by a directory.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.install.attach import environment_path
from packreg.install.disk import disk_errors, only_one
from packreg.install.environment import Needs
from packreg.install.lock_dependencies import asked_for, remembered_lock
from packreg.install.own_environment import base_interpreter, lacking, own_environment, read_made
from packreg.install.provision import NODE_MODULES, Runtime, keep_free, needs_of, provide
from packreg.install.tools import Tools
from packreg.pack.requires_python import is_in
from packreg.registry.record import Lock

if TYPE_CHECKING:
    from packreg.pack.check import Pack


@dataclass(frozen=True)
class Developed:
    """What `dev` did. `environment` is where the dependencies are, or None if the pack has none."""

    path: Path
    environment: Path | None
    changed: bool
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "path": str(self.path),
            "environment": str(self.environment) if self.environment else None,
            "changed": self.changed,
            "notes": list(self.notes),
        }


def dev(
    directory: Path,
    pack: Pack,
    tools: Tools,
    *,
    asked: str = "",
    python: str | None = None,
    offline: bool = False,
    say: Callable[[str], None] = lambda step: None,
) -> Developed:
    """Make or refresh the environment of `pack`, which was loaded from `directory`.

    Dependencies are resolved again only when the pack's requirements changed. The manifest is not changed:
    where it names no environment, a note says what to add. What somebody installed into the environment stays
    as long as the interpreter is the same. `asked` is what `asked_for` returned for the pack before its wheel
    was built, if it has one.

    Raises:
        InvalidPack: the pack's own lock names something that packreg does not install.
        InstallError: the environment cannot be made, or something else is at its path.
        UsageError: the interpreter lies in the checkout.
    """
    notes: list[str] = []

    def resolve() -> Lock | None:
        say("resolving dependencies")
        return remembered_lock(pack, tools, note=notes.append, say=notes.append, offline=offline)

    runtime = runtime_of(pack)
    needs = needs_of(runtime, pack.files, None, resolve)
    if isinstance(needs, Needs):
        path = environment_path(runtime.virtualenv, runtime.toolchain)
        keep_free(runtime, pack.files, path)
        notes += _unmanaged(pack, runtime, path)
        lock = tools.home.lock_file("dev", hashlib.sha256(os.fsencode(directory / path)).hexdigest()[:32])
        with (
            only_one(lock, lambda: say("waiting for another packreg that makes the same environment")),
            disk_errors("make the environment in", directory),
        ):
            changed = own_environment(
                directory / path,
                needs,
                tools,
                asked=asked or asked_for(pack, tools),
                python=python,
                offline=offline,
                note=notes.append,
                say=say,
            )
        return Developed(directory, directory / path, changed, tuple(notes))
    provision = provide(runtime, pack.files, needs, tools, offline=offline, say=say)
    if provision.tree is None:
        return Developed(directory, None, False, tuple(notes))
    from packreg.install.nodejs import relink

    with disk_errors("make the environment in", directory):
        changed = relink(provision.tree, directory / provision.path, tools.home.node)
    provision.note_user(directory)
    return Developed(directory, directory / provision.path, changed, tuple(notes))


def runtime_of(pack: Pack) -> Runtime:
    """The runtime of a pack, from its manifest and files."""
    return Runtime.of_manifest(pack.name, pack.manifest.as_dict(), pack.files)


class Upkeep(NamedTuple):
    """Whether the environment of a pack directory should be refreshed by `dev`, and with which interpreter.

    `lacking` are packages that the pack requires and that are not in an environment packreg did not make.
    """

    refresh: bool = False
    python: str | None = None
    lacking: tuple[str, ...] = ()


def upkeep(directory: Path, pack: Pack, tools: Tools) -> Upkeep:
    """Whether the existing environment in `directory` still has what the pack requires.

    Raises:
        InstallError: the interpreter of the environment cannot be used any more.
        UsageError: it lies in the checkout.
    """
    runtime = runtime_of(pack)
    if runtime.name == "nodejs":
        return Upkeep(_is_ours(directory / NODE_MODULES, tools))
    if runtime.name != "python":
        return Upkeep()
    place = directory / environment_path(runtime.virtualenv, runtime.toolchain)
    made = read_made(place)
    if made is None:
        return Upkeep(lacking=tuple(lacking(place, _names(pack))))
    if made.can_change and made.asked == asked_for(pack, tools):
        return Upkeep()
    made_with = base_interpreter(place, tools)
    return Upkeep(True, made_with.path if is_in(pack.requires_python, made_with.release) else None)


def _is_ours(node_modules: Path, tools: Tools) -> bool:
    """Whether it is a link into the store; a directory that `npm install` made is left to npm."""
    return node_modules.is_symlink() and tools.home.node in node_modules.readlink().parents


def _names(pack: Pack) -> list[str]:
    """The packages that requirements.txt names for every platform."""
    from packaging.requirements import Requirement

    lines = pack.requirements.lines if pack.requirements is not None else ()
    return [found.name for found in map(Requirement, lines) if found.marker is None]


def _unmanaged(pack: Pack, runtime: Runtime, path: str) -> list[str]:
    """Notes for a pack whose manifest names no environment, or whose dependencies are in a Pipfile."""
    notes = []
    if runtime.virtualenv is None and runtime.toolchain not in ("uv", "poetry"):
        notes.append(
            "PulumiPolicy.yaml names no environment, so the Pulumi CLI runs the pack with any Python that is "
            f"on the PATH: add `virtualenv: {path}` below runtime.options, or run `pulumi` from a shell in "
            f"which the environment is active (`source {path}/bin/activate`)"
        )
    if pack.dependencies_kind == "none" and "Pipfile" in pack.files:
        notes.append(
            "the dependencies are in a Pipfile, which packreg does not read: run `pulumi` from "
            "`pipenv shell`, or write them down with `pipenv requirements > requirements.txt`"
        )
    return notes
