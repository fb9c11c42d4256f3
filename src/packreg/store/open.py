"""Open the store at a location. Only this module knows which kinds of bucket there are."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from packreg.store.location import DirectoryLocation, GoogleLocation, S3Location
from packreg.store.store import Store
from packreg.store.url import parse_location

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from packreg.store.bucket import Bucket
    from packreg.store.location import StoreLocation
    from packreg.store.trust import Trust


def open_store(
    location: StoreLocation | str,
    *,
    cwd: str | os.PathLike[str] = ".",
    deadline: float = 60.0,
    trust: Trust | None = None,
    instance_role: bool = True,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> Store:
    """The store at a location. Nothing is read or written yet, and nothing is checked.

    A relative directory starts at `cwd`. `deadline` is that of `Store`, in seconds. `trust` (by default
    `Trust()`), `instance_role` and `environ` are for buckets: with `instance_role`, credentials may come from
    the cloud's metadata service, and `environ` has the variables that Google's and Azure's credentials are
    taken from (AWS's library reads those of the process).

    Raises:
        UsageError: the location cannot be read.
    """
    if isinstance(location, str):
        location = parse_location(location, cwd=cwd)
    return Store(_bucket(location, trust, instance_role, environ), deadline=deadline)


def _bucket(
    location: StoreLocation, trust: Trust | None, instance_role: bool, environ: Mapping[str, str]
) -> Bucket:
    if isinstance(location, DirectoryLocation):
        from packreg.store.local import LocalBucket

        return LocalBucket(location.path, allow_network_fs=location.allow_network_fs)
    if isinstance(location, S3Location):
        from packreg.store.s3 import S3Bucket

        return S3Bucket(location, trust=trust, instance_role=instance_role)
    if isinstance(location, GoogleLocation):
        from packreg.store.google import GoogleBucket

        return GoogleBucket(location, trust=trust, instance_role=instance_role, environ=environ)
    from packreg.store.azure import AzureBucket

    return AzureBucket(location, trust=trust, instance_role=instance_role, environ=environ)
