"""A project's packs are pinned in its packreg.lock, each to one version and digest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import UsageError
from packreg.install.lockfile import FILE_NAME, Lockfile, Pin, find_lock, lock_text, read_lock
from packreg.pack.reference import Reference
from packreg.services.named_files import write_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.registry.registry import Resolved
    from packreg.services.workspace import Workspace


class LockedPacks(NamedTuple):
    """The lock at `path`, the pins that were asked for, and which of their packs have another pin now."""

    path: Path
    pins: list[Pin]
    changed: frozenset[str]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "path": str(self.path),
            "packs": [
                {
                    "name": pin.name,
                    "version": str(pin.version),
                    "digest": pin.digest,
                    "changed": pin.name in self.changed,
                }
                for pin in self.pins
            ],
        }


def lock_packs(
    workspace: Workspace, references: Sequence[Reference], path: Path | None = None
) -> LockedPacks:
    """Pin what references mean now; other pins stay. Without `path` it is the nearest lock, or a new one.

    Raises:
        UsageError: there is none, or two of them want different versions of one pack; the lock cannot be read
            or written.
        Removed, NotFound: a release was removed, or there is none.
    """
    if not references:
        raise UsageError("nothing to pin", hint="name a pack, or write --update for those that are pinned")
    here = Path(workspace.cwd)
    target = here / path if path else find_lock(here) or here / FILE_NAME
    lock = read_lock(target) if target.exists() else Lockfile({})
    pins: list[Pin] = []
    resolved = workspace.at_once(lambda one: _resolve(workspace, one), _one_of_each(references))
    for record, yanked, note, _ in resolved:
        if yanked:
            workspace.notify.warn(f"{record.reference} is yanked: {yanked}")
        if note:
            workspace.notify.say(note)
        pin, there = Pin(record.name, record.version, record.digest), lock.pins.get(record.name)
        pins.append(there if there is not None and there.digest == pin.digest else pin)
    changed = {pin.name: pin for pin in pins if lock.pins.get(pin.name) != pin}
    if changed:
        write_named(target, lock_text(lock._replace(pins=lock.pins | changed)).encode())
    return LockedPacks(target, pins, frozenset(changed))


def update_lock(
    workspace: Workspace, references: Sequence[Reference] = (), path: Path | None = None
) -> LockedPacks:
    """Pin the latest versions of all packs of a lock, or what these references to some of them mean now.

    Raises what `lock_packs` raises, and:
        UsageError: there is no lock, or it does not pin one of them.
    """
    here = Path(workspace.cwd)
    target = here / path if path else find_lock(here)
    if target is None or not target.exists():
        raise UsageError(f"there is no {FILE_NAME} to update", hint="write one with `packreg lock REF...`")
    pins = read_lock(target).pins
    for reference in references:
        if reference.name not in pins:
            raise UsageError(
                f"{target} does not pin {reference.name}", hint=f"add it with `packreg lock {reference}`"
            )
    return lock_packs(workspace, references or [Reference(name, None) for name in pins], target)


def _one_of_each(references: Sequence[Reference]) -> list[Reference]:
    """The references, each once.

    Raises:
        UsageError: there is none, or two of them want different versions of one pack.
    """
    by_name: dict[str, Reference] = {}
    for reference in references:
        other = by_name.setdefault(reference.name, reference)
        if other.wanted != reference.wanted:
            raise UsageError(
                f"{other} and {reference} are two versions of one pack, and a lock pins one of each",
                hint="name it once, or write two locks with --file",
            )
    return list(by_name.values())


def _resolve(workspace: Workspace, reference: Reference) -> Resolved:
    """The release that a reference means.

    Raises:
        Removed: it was removed; a machine that remembers its record would not notice otherwise.
        NotFound: there is no such release.
    """
    registry = workspace.registry()
    resolved = registry.resolve(reference)
    registry.not_removed(resolved.record)
    return resolved
