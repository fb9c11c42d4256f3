"""The environment of a pack directory, in place: what `install` would make of it, from the same store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packreg.install import marker
from packreg.install.attach import environment_path
from packreg.install.disk import disk_errors
from packreg.install.lock_dependencies import remembered_lock
from packreg.install.provision import Runtime, needs_of, provide
from packreg.install.tools import Tools
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
    python: str | None = None,
    offline: bool = False,
    say: Callable[[str], None] = lambda step: None,
) -> Developed:
    """Make or refresh the environment of the pack in `directory`, which `pack` was loaded from.

    Dependencies are resolved when what the pack asks for changed, and remembered otherwise. The manifest is
    left alone: where it names no environment, a note says what to add. What somebody installed into the
    environment stays as long as the interpreter is the same.

    Raises:
        InvalidPack: the pack's own lock names something that packreg does not install.
        InstallError: it cannot be done; an environment that packreg did not make is never touched.
    """
    notes: list[str] = []

    def resolve() -> Lock | None:
        say("resolving dependencies")
        return remembered_lock(pack, tools, note=notes.append, offline=offline)

    manifest = pack.manifest
    runtime = Runtime.of_manifest(pack.name, manifest.as_dict(), pack.files)
    needs = needs_of(runtime, pack.files, None, resolve)
    provision = provide(runtime, pack.files, needs, tools, python=python, offline=offline, say=say)
    if provision.kind == marker.NONE:
        return Developed(directory, None, False, tuple(notes))
    if provision.edits:
        path = environment_path(None, runtime.toolchain)
        notes.append(
            f"PulumiPolicy.yaml names no environment: add `virtualenv: {path}` below runtime.options, "
            "or the Pulumi CLI runs the pack with whatever Python is on the PATH"
        )
    place = directory / provision.path
    with disk_errors("make the environment in", directory):
        changed = provision.refresh(directory, tools.home.node)
    provision.note_user(directory)
    return Developed(directory, place, changed, tuple(notes))
