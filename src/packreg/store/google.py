"""A bucket of Google Cloud Storage.

`google_api` makes the requests and says what the answers mean. Here are keys and pages. `startOffset` is
inclusive, so a null character follows the key after which a listing is to start. A page with more than was
asked for is cut here: fake-gcs-server does not count what a delimiter groups.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from packreg.errors import PackregError, StoreRefused, StoreUnsafe
from packreg.store.bucket import (
    AFTER,
    THEIRS,
    Entry,
    Exists,
    Page,
    behind,
    check_key,
    check_prefix,
    page_of,
)
from packreg.store.google_api import GoogleStorage, is_wrong_checksum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.store.location import GoogleLocation
    from packreg.store.trust import Trust


class GoogleBucket:
    """Objects in the bucket of a location, under its prefix.

    Credentials come from `environ`, see `google_credentials`; with `instance_role` also from the metadata
    service. `connect_timeout` and `read_timeout` are in seconds; the second is for each wait for data, not
    for a whole transfer.
    """

    page_size: ClassVar[int] = 1000
    own_times = True

    def __init__(
        self,
        location: GoogleLocation,
        *,
        trust: Trust | None = None,
        instance_role: bool = True,
        environ: Mapping[str, str] = MappingProxyType({}),
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
    ) -> None:
        self._location = location
        self._prefix = location.prefix + "/" if location.prefix else ""
        self._storage = GoogleStorage(
            location,
            trust=trust,
            instance_role=instance_role,
            environ=environ,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )

    def put_new(self, key: str, data: bytes) -> None:
        """Create an object: one request, one attempt.

        Raises:
            Exists: the key is taken.
            Unsure: the request was sent and its outcome is not known.
            StoreUnavailable: there was no connection; nothing was sent.
            StoreRefused: credentials or permissions are missing, or there is no such bucket.
        """
        check_key(key)
        self._storage.insert(self._prefix + key, data)

    def get(self, key: str, *, limit: int) -> bytes:
        """The bytes of an object. Raises: NotFound, IntegrityError, StoreUnavailable, StoreRefused."""
        check_key(key)
        return self._storage.read(self._prefix + key, limit)

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The objects under a prefix, see `Bucket.list`: one request.

        Raises: StoreUnavailable, StoreRefused, StoreUnsafe.
        """
        check_prefix(prefix)
        if token.startswith(AFTER):
            after, token = token.removeprefix(AFTER), ""
        told = self._storage.page(
            self._prefix + prefix,
            start=f"{self._prefix}{after}\0" if after else "",
            token=token.removeprefix(THEIRS),
            limit=limit,
            delimiter=delimiter,
        ).json()
        try:
            found = [
                Entry(self._own(item["name"]), int(item["size"]), _seconds(item["timeCreated"]))
                for item in told.get("items", ())
            ]
            prefixes = [self._own(word) for word in told.get("prefixes", ())]
            following = str(told.get("nextPageToken", ""))
        except (KeyError, TypeError, ValueError, AttributeError) as failed:
            raise StoreUnsafe(
                f"a listing of {self.describe()} is incomplete: {failed!r}",
                hint="the server does not speak Google Cloud Storage's JSON API well enough for a registry",
            ) from failed
        if len(found) + len(prefixes) > limit:
            ends = sorted([*(entry.key for entry in found), *(behind(word) for word in prefixes)])
            last = ends[limit - 1]
            found = [entry for entry in found if entry.key <= last]
            prefixes = [word for word in prefixes if behind(word) <= last]
            return page_of(found, prefixes, limit)._replace(more=AFTER + last, full=False)
        return page_of(found, prefixes, limit, following)

    def clock(self) -> float | None:
        """The time in the store's answer to a listing, in seconds since the epoch; None if it has none.

        Raises: StoreUnavailable, StoreRefused.
        """
        try:
            headers = self._storage.page(self._prefix, limit=1).headers
            return parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, TypeError, ValueError, OverflowError):
            return None  # the server sends no usable date

    def delete(self, key: str) -> None:
        """Delete an object. Raises: StoreUnavailable, StoreRefused."""
        check_key(key)
        self._storage.delete(self._prefix + key)

    def describe(self) -> str:
        """The bucket's URL; it never contains secrets."""
        return self._location.shown

    def inspect(self, prefix: str) -> Mapping[str, str]:
        """Whether the bucket has versioning, and whether the store verifies the checksums that it gets.

        `versioning` is `off`, `enabled`, or `unknown` when the permission to ask is missing; `checksums` is
        `verified`, `ignored` or `unknown`. Writes at most one object under `prefix`.

        Raises:
            StoreRefused: there is no such bucket.
        """
        facts = {"versioning": "unknown", "checksums": "unknown"}
        try:
            versioning = self._storage.facts().get("versioning")
            enabled = isinstance(versioning, dict) and versioning.get("enabled") is True
            facts["versioning"] = "enabled" if enabled else "off"
        except PackregError:  # asking needs a permission that publishing does not
            self._storage.page(self._prefix, limit=1)  # raises where there is no bucket
        wrong = base64.b64encode(hashlib.md5(b"other bytes", usedforsecurity=False).digest()).decode()
        try:
            self._storage.insert(f"{self._prefix}{prefix}/wrong-checksum", b"these bytes", md5=wrong)
            facts["checksums"] = "ignored"
        except (Exists, StoreRefused):
            pass
        except PackregError as failed:
            if is_wrong_checksum(str(failed).partition("the answer was 400")[2]):
                facts["checksums"] = "verified"
        return facts

    def _own(self, name: str) -> str:
        return name[len(self._prefix) :] if name.startswith(self._prefix) else "\0" + name


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
