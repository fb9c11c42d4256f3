"""Sealing: what a registry keeps of a release's dependencies is read, and added to.

Killed before the seal is there, a sealing leaves artifacts that nobody needs, which `gc` deletes in time.
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
    """The seals of a registry's releases; `home` makes sure that it may be written to (`Registry.home`)."""

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
        """What is kept for a release whose newest seal has this `number`: a request for each seal.

        Raises:
            IntegrityError, StoreRefused: a seal cannot be read.
        """
        found = (self._objects.seal(record.name, record.version, each) for each in range(1, number + 1))
        return record.sealed.together([seal for seal in found if seal is not None])

    def add(
        self, record: Record, sealed: Sealed, supplies: Mapping[Artifact, Supply], number: int, by: str
    ) -> None:
        """Keep files of a release's dependencies, and say beside its record what was added.

        `sealed` is what is said; `supplies` give what may have to be stored for it. `number` is that of the
        newest seal. The canary, one request for each artifact that is not there yet, and one more.

        Raises:
            StoreUnavailable: it may or may not be done; the same call again is safe.
            OutcomeUnknown: it is done, and whether all files are there is not known.
            IntegrityError: the store has other bytes under a digest.
            InvalidPack: there is more than readers accept.
            StoreRefused: this is no registry, or a replica.
        """
        self._home()
        seal = new_seal(record.name, record.version, sealed, by, self._now(), self._new_id())
        store = self._objects.store
        canary(store)
        kept = Artifacts(store)
        found = kept.keep(supplies)
        while True:
            number += 1  # once more if somebody else seals it, too: what both add counts
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
