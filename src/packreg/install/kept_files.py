"""The files of a release's dependencies that its registry keeps (`registry.artifacts`), for installs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packreg.registry.artifacts import Artifact
    from packreg.registry.record import Record
    from packreg.registry.registry import Registry

#: Gives the verified bytes of an artifact; None where no registry may be asked.
Fetch = Callable[["Artifact"], bytes]
#: Files that are fetched at the same time; each is in memory meanwhile.
FETCHERS = 8


class KeptFiles:
    """What is kept for a release, of which `seals` is the number of its newest seal.

    Nothing is asked before it is needed. Without a registry nothing can be fetched, and what was added after
    the release was published is not known.
    """

    def __init__(self, record: Record, registry: Registry | None, seals: int = 0) -> None:
        self._record, self._registry, self._seals = record, registry, seals

    @cached_property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The files: one request for each seal.

        Raises:
            IntegrityError, StoreError: a seal cannot be read, or the registry does not answer.
        """
        if self._registry is None:
            return self._record.artifacts
        return self._registry.seals.kept(self._record, self._seals).artifacts

    @property
    def fetch(self) -> Fetch | None:
        """What gives the bytes of one, if a registry may be asked; it raises what `Artifacts.get` raises."""
        return None if self._registry is None else self._registry.artifacts.get
