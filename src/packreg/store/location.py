"""Where a registry is: a directory, or a bucket of S3, Google Cloud Storage or Azure, and a prefix in it.

A location never contains credentials. `url` parses one; this module writes it.
"""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple, TypeAlias


class _Named:
    """What all locations have in common: the URL that is made of their parts."""

    __slots__ = ()

    def _parts(self) -> tuple[str, dict[str, str]]:
        """The URL up to its query, and the options of the query."""
        raise NotImplementedError

    @property
    def is_local(self) -> bool:
        """Whether the location is a directory."""
        return False

    @property
    def url(self) -> str:
        """The canonical URL: two locations with the same URL are the same registry.

        `allow_network_fs` is left out, since it says how a directory may be used, not which one it is.
        """
        return self._written(safe="")

    @property
    def shown(self) -> str:
        """The URL for people, with a readable endpoint; parsing it gives the same location."""
        return self._written(safe=":/")

    @property
    def id(self) -> str:
        """The first 12 hex digits of the sha256 of `url`; names the cache of this registry."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:12]

    def __str__(self) -> str:
        return self.url

    def _written(self, *, safe: str) -> str:
        from urllib.parse import urlencode

        place, options = self._parts()
        query = urlencode({name: options[name] for name in sorted(options) if options[name]}, safe=safe)
        return f"{place}?{query}" if query else place


class _Directory(NamedTuple):
    path: str
    allow_network_fs: bool = False


class DirectoryLocation(_Named, _Directory):
    """A directory. `path` is absolute; with `allow_network_fs` it may be on a network file system."""

    __slots__ = ()

    @property
    def is_local(self) -> bool:
        """Whether the location is a directory."""
        return True

    def _parts(self) -> tuple[str, dict[str, str]]:
        from urllib.parse import quote

        path = self.path.replace(os.sep, "/")
        return "file://" + quote(path if path.startswith("/") else "/" + path, safe="/:~"), {}


class _S3(NamedTuple):
    bucket: str
    prefix: str = ""
    endpoint_url: str = ""
    region: str = ""
    profile: str = ""
    path_style: bool | None = None


class S3Location(_Named, _S3):
    """A bucket of S3 or a compatible store. `prefix` neither starts nor ends with a slash.

    Options that were not given are empty. `path_style` says whether requests have the bucket's name in the
    path; None is the usual: with an endpoint they have, else botocore decides.
    """

    __slots__ = ()

    def _parts(self) -> tuple[str, dict[str, str]]:
        return _place("s3", self.bucket, self.prefix), {
            "endpoint_url": self.endpoint_url,
            "profile": self.profile,
            "region": self.region,
            "s3ForcePathStyle": "" if self.path_style is None else str(self.path_style).lower(),
        }


class _Google(NamedTuple):
    bucket: str
    prefix: str = ""
    endpoint_url: str = ""


class GoogleLocation(_Named, _Google):
    """A bucket of Google Cloud Storage. `endpoint_url` is "" for Google's own, else such as an emulator's."""

    __slots__ = ()

    def _parts(self) -> tuple[str, dict[str, str]]:
        return _place("gs", self.bucket, self.prefix), {"endpoint_url": self.endpoint_url}


class _Azure(NamedTuple):
    container: str
    prefix: str = ""
    storage_account: str = ""
    protocol: str = ""
    domain: str = ""
    localemu: bool = False


class AzureLocation(_Named, _Azure):
    """A container of Azure Blob Storage, with the options that Pulumi's `azblob://` URLs have.

    `storage_account` is the account. With `localemu` the server at `domain` is an emulator, whose URLs have
    the account in the path. `protocol` and `domain` are "" for https and Azure's own.
    """

    __slots__ = ()

    def _parts(self) -> tuple[str, dict[str, str]]:
        return _place("azblob", self.container, self.prefix), {
            "domain": self.domain,
            "localemu": "true" if self.localemu else "",
            "protocol": self.protocol,
            "storage_account": self.storage_account,
        }


StoreLocation: TypeAlias = DirectoryLocation | S3Location | GoogleLocation | AzureLocation


def _place(scheme: str, bucket: str, prefix: str) -> str:
    return f"{scheme}://{bucket}/{prefix}".rstrip("/")
