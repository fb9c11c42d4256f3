"""Verify a registry's artifacts, and find those that no release needs.

A release needs the artifacts that its record and its seals name, until it is removed. Only `NeededArtifacts`
knows which objects name artifacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from packreg.errors import IntegrityError, NotFound, StoreRefused
from packreg.registry import layout
from packreg.registry.artifacts import MAX_ARTIFACT, Artifact, Artifacts
from packreg.registry.digests import READERS
from packreg.registry.verification import UNDECIDED, Finding, Garbage, delete_garbage

if TYPE_CHECKING:
    from packreg.registry.objects import Objects


class NeededArtifacts:
    """The artifacts that the registry's objects need. Objects that never change are read once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._named: dict[tuple[str, layout.PackKey], frozenset[str]] = {}

    def now(self) -> frozenset[str]:
        """The sha256 of every artifact that is needed now.

        One request per 1,000 records, yanks, seals and removals, and one for each record and each seal that
        was not read yet.

        Raises:
            IntegrityError, StoreRefused: a record or seal cannot be read, so its artifacts are not known.
        """
        naming, removed = set(), set()
        for entry in self._objects.store.list_all(layout.PACKS):
            name = entry.key.split("/")[1]
            meaning = layout.read_pack_key(name, entry.key)
            if meaning is not None and meaning.kind in ("record", "seal"):
                naming.add((name, meaning))
            elif meaning is not None and meaning.kind == "tombstone":
                removed.add((name, meaning.version))
        naming = {(name, meaning) for name, meaning in naming if (name, meaning.version) not in removed}
        unread = sorted(naming - self._named.keys(), key=str)
        with ThreadPoolExecutor(READERS) as readers:
            self._named.update(zip(unread, readers.map(self._read, unread), strict=True))
        return frozenset().union(*(self._named[each] for each in naming))

    def _read(self, of: tuple[str, layout.PackKey]) -> frozenset[str]:
        name, (kind, version, number) = of
        if kind == "seal":
            seal = self._objects.seal(name, version, number)
            named = seal.sealed.artifacts if seal is not None else ()
        else:
            record = self._objects.record(name, version)
            named = record.artifacts if record is not None else ()
        return frozenset(each.sha256 for each in named)


def verify_artifacts(objects: Objects) -> Iterator[Finding]:
    """Findings about objects below `artifacts/`. (Missing artifacts are found with their releases.)"""
    artifacts = Artifacts(objects.store)
    held = artifacts.held()
    for entry in objects.store.list_all(layout.ARTIFACTS):
        if layout.read_artifact_key(entry.key) is None:
            yield Finding(entry.key, "error", "unknown-key", "packreg writes no such key")
    if not held:
        return
    try:
        needed = NeededArtifacts(objects).now()
    except (IntegrityError, StoreRefused):
        return  # the bad record gets a finding elsewhere; needed artifacts are verified with their releases
    for sha256, entry in held.items():
        if sha256 in needed:
            continue
        problem = artifacts.problem(Artifact("it", sha256, entry.size))
        if problem:
            yield Finding(entry.key, "error", "bad-artifact", problem)
        else:
            yield Finding(entry.key, "note", "orphan", "no release needs it; `packreg gc` removes it in time")


def find_garbage(objects: Objects, now: float) -> Iterator[Garbage]:
    """Artifacts that no release needs, and that were stored 30 days before `now` or earlier.

    A younger one may belong to a publisher who is still at work. Artifacts are listed before records, so one
    that a record needs when it is read is kept. If a record cannot be read, none is garbage.
    """
    old = [entry for entry in Artifacts(objects.store).held().values() if now - entry.modified > UNDECIDED]
    if not old:
        return
    try:
        needed = NeededArtifacts(objects).now()
    except (IntegrityError, StoreRefused):
        return
    for entry in old:
        if layout.read_artifact_key(entry.key) not in needed:
            yield Garbage(entry.key, entry.size, now - entry.modified, "no release needs it")


class Collection:
    """One garbage collection: deletes what `find_garbage` found, here and in `verification`."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._needs = NeededArtifacts(objects)
        self._needed: frozenset[str] | None = None

    def delete(self, garbage: Garbage) -> bool:
        """Delete one object; False if it is needed by now, or somebody else has deleted it.

        A release may begin to need an artifact at any moment. So this checks before and after the deletion
        whether it is needed, and keeps the bytes to put it back. A publisher that found it in the store
        checks for it after its commit. Whichever of the two comes second sees what the other did.

        Raises:
            IntegrityError, StoreRefused: a record cannot be read; nothing was deleted.
        """
        if not garbage.key.startswith(layout.ARTIFACTS):
            return delete_garbage(self._objects, garbage)
        store, sha256 = self._objects.store, layout.read_artifact_key(garbage.key)
        if self._needed is None:
            self._needed = self._needs.now()
        if sha256 in self._needed:
            return False
        try:
            data = store.get(garbage.key, limit=MAX_ARTIFACT)
        except NotFound:
            return False
        store.delete(garbage.key)
        try:
            self._needed = self._needs.now()
        except BaseException:
            store.create(garbage.key, data)
            raise
        if sha256 in self._needed:
            store.create(garbage.key, data)
            return False
        return True
