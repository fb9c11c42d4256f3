"""Find a release by its identity (digest), which the listing does not tell."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from packreg.errors import NotFound

if TYPE_CHECKING:
    from packreg.registry.listing import PackListing
    from packreg.registry.objects import Objects
    from packreg.registry.record import Record

#: Records read at the same time.
READERS = 16


def find(objects: Objects, listing: PackListing, digest: str) -> Record:
    """The highest release with this identity; reads all records, those that can be installed first.

    Raises:
        NotFound: there is none.
        Removed: it was removed.
    """
    name = listing.name
    candidates = listing.versions("published", "yanked")[::-1] + listing.versions("removed")[::-1]
    readers = ThreadPoolExecutor(READERS)
    try:
        for record in readers.map(lambda version: objects.record(name, version), candidates):
            if record is not None and record.digest == digest:
                listing.choose(record.version)  # raises if it was removed
                return record
    finally:
        readers.shutdown(cancel_futures=True)
    raise NotFound(
        f"no version of {name} has the identity {digest}",
        hint=f"`packreg info {name}@VERSION` shows the digest of a version",
    )
