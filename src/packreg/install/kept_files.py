"""The files of a release's dependencies that its registry keeps (`registry.artifacts`), read by installs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packreg.registry.artifacts import Artifact
    from packreg.registry.record import Record
    from packreg.registry.registry import Registry

#: Gives the verified bytes of an artifact.
Fetch = Callable[["Artifact"], bytes]
#: How many files are fetched at the same time; each is held in memory.
FETCHERS = 8


class KeptFiles:
    """The files kept for a release; `seals` is the number of its newest seal.

    The registry is asked only when files are needed. Without a registry nothing can be fetched, and files
    that were added after the release was published are not known.
    """

    def __init__(self, record: Record, registry: Registry | None, seals: int = 0) -> None:
        self._record, self._registry, self._seals = record, registry, seals

    @cached_property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The files. Costs one request for each seal.

        Raises:
            IntegrityError, StoreError: a seal cannot be read, or the registry does not answer.
        """
        if self._registry is None:
            return self._record.artifacts
        return self._registry.seals.kept(self._record, self._seals).artifacts

    @property
    def fetch(self) -> Fetch | None:
        """Gives the bytes of a file, and raises what `Artifacts.get` raises; None without a registry."""
        return None if self._registry is None else self._registry.artifacts.get
