"""Read and add seals: the files of a release's dependencies that the registry keeps.

A command that is killed before it wrote its seal leaves artifacts that no release needs; `gc` deletes them
later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from packreg.errors import OutcomeUnknown, StoreUnavailable
from packreg.registry.artifacts import Artifact, Artifacts, Supply
from packreg.registry.layout import seal_key
from packreg.registry.publish import keep_artifacts
from packreg.registry.seals import MAX_SEAL, Sealed, new_seal
from packreg.store.probe import canary

if TYPE_CHECKING:
    from packreg.registry.objects import Objects
    from packreg.registry.record import Record


class Seals:
    """The seals of a registry's releases; `home` raises if the registry is read only (`Registry.home`)."""

    def __init__(
        self,
        objects: Objects,
        home: Callable[[], object],
        *,
        now: Callable[[], str],
        new_id: Callable[[], str],
    ) -> None:
        self._objects, self._home, self._now, self._new_id = objects, home, now, new_id

    def kept(self, record: Record, number: int) -> Sealed:
        """The files kept for a release whose newest seal has this `number`: a request for each seal.

        Raises:
            IntegrityError, StoreRefused: a seal cannot be read.
        """
        found = (self._objects.seal(record.name, record.version, each) for each in range(1, number + 1))
        return record.sealed.together([seal for seal in found if seal is not None])

    def add(
        self, record: Record, sealed: Sealed, supplies: Mapping[Artifact, Supply], number: int, by: str
    ) -> None:
        """Store files of a release's dependencies, and a seal that names them.

        `sealed` is the content of the seal; `supplies` return the files that the registry may lack. `number`
        is that of the newest seal. Requests: the canary's, one for each artifact that the registry lacks, and
        one more.

        Raises:
            StoreUnavailable: the seal may or may not be written; the same call again is safe.
            OutcomeUnknown: the seal is written, but it is not known whether all files are stored.
            IntegrityError: the store has other bytes under a digest.
            InvalidPack: the seal is larger than readers accept.
            StoreRefused: this is no registry, or a replica.
        """
        self._home()
        seal = new_seal(record.name, record.version, sealed, by, self._now(), self._new_id())
        store = self._objects.store
        canary(store)
        kept = Artifacts(store)
        found = kept.keep(supplies)
        while True:
            number += 1  # again if somebody else added this number: both seals count
            try:
                other = store.create(seal_key(seal.name, seal.version, number), seal.encode(), limit=MAX_SEAL)
            except OutcomeUnknown as error:
                raise StoreUnavailable(
                    f"{record.reference} may or may not be sealed: {error}",
                    hint="run the same command again: it is safe, and adds only what is missing",
                ) from error
            if other is None:
                break
        keep_artifacts(kept, record.reference, {each: supplies[each] for each in found}, "sealed")
