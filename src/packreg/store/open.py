"""Open the store at a location. Only this module knows which kinds of bucket there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packreg.store.store import Store
from packreg.store.url import StoreLocation, Trust, parse_location

if TYPE_CHECKING:
    import os

    from packreg.store.store import Store


def open_store(
    location: StoreLocation | str,
    *,
    cwd: str | os.PathLike[str] = ".",
    deadline: float = 60.0,
    trust: Trust | None = None,
    instance_role: bool = True,
) -> Store:
    """The store at a location. Nothing is read or written yet, and nothing is checked.

    A relative directory starts at `cwd`. `deadline` is that of `Store`, in seconds. `trust` (by default
    `Trust()`) and `instance_role` are for S3 buckets; with the latter, credentials may come from the cloud's
    metadata service.

    Raises:
        UsageError: the location cannot be read.
    """
    if isinstance(location, str):
        location = parse_location(location, cwd=cwd)
    if location.is_local:
        from packreg.store.local import LocalBucket

        return Store(
            LocalBucket(location.path, allow_network_fs=location.allow_network_fs), deadline=deadline
        )
    from packreg.store.s3 import S3Bucket

    return Store(S3Bucket(location, trust=trust, instance_role=instance_role), deadline=deadline)
