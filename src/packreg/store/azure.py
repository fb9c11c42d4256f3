"""A bucket in Azure Blob Storage: a container of an account with a flat namespace.

Accounts with a hierarchical namespace are refused: they list `a/x` before `a-b`, and show directories as
blobs. Azure has no dependable "start after", and the markers of its pages are opaque: a token is a marker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NoReturn

from packreg.errors import IntegrityError, NotFound, StoreUnsafe
from packreg.store.azure_account import AzureAccount, azure_account
from packreg.store.azure_container import (
    WRONG_CHECKSUM,
    AzureContainer,
    BlobPage,
    answer_code,
    md5,
)
from packreg.store.azure_errors import azure_error
from packreg.store.bucket import Entry, Page, Unsure, check_key, check_prefix, key_problem
from packreg.store.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.store.location import AzureLocation

#: The most entries of one page.
_PAGE = 5000


class AzureBucket:
    """Objects in the container of a location, under its prefix.

    Credentials come from the variables in `environ` (see `azure_account`), else from the chain of
    azure-identity, with `instance_role` also from the metadata service. `connect_timeout` and `read_timeout`
    are in seconds; the second is for each wait for data, not for a whole transfer.
    """

    page_size: ClassVar[int] = _PAGE
    own_times = True

    def __init__(
        self,
        location: AzureLocation,
        *,
        environ: Mapping[str, str],
        trust: Trust | None = None,
        instance_role: bool = True,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
    ) -> None:
        self._location = location
        self._environ = environ
        self._trust = trust or Trust()
        self._prefix = location.prefix + "/" if location.prefix else ""
        self._blobs = AzureContainer(
            self._account,
            location.container,
            instance_role=instance_role,
            ca_bundle=self._trust.ca_bundle,
            only_location=self._trust.only_location,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )

    def _account(self) -> AzureAccount:
        trust = self._trust
        return azure_account(
            self._location, self._environ, only_location=trust.only_location, allow_http=trust.allow_http
        )

    def put_new(self, key: str, data: bytes) -> None:
        """Create an object: one request, one attempt.

        Raises:
            Exists: the key is taken.
            Unsure: the request was sent and its outcome is not known.
            StoreUnavailable: there was no connection; nothing was sent.
            StoreRefused: credentials or permissions are missing, or there is no such container.
            StoreUnsafe: the server does not support the condition `If-None-Match: *`.
        """
        check_key(key)
        self._put(key, data, md5(data))

    def get(self, key: str, *, limit: int) -> bytes:
        """The bytes of an object. Raises: NotFound, IntegrityError, StoreUnavailable, StoreRefused."""
        check_key(key)
        try:
            data = self._blobs.read(self._prefix + key, limit)
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            self._fail(failed, f"read {key}")
        if data is None:
            raise IntegrityError(
                f"the object {key} in {self.describe()} has more than the {limit} bytes that it may have"
            )
        return data

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The objects under a prefix, see `Bucket.list`: one request; more where a group holds `after`.

        Azure cannot begin behind a key, so pages may be empty and still have a next one.
        Raises: StoreUnavailable, StoreRefused.
        """
        check_prefix(prefix)
        page = self._page(prefix, marker=token, limit=limit, delimiter=delimiter)
        found = (Entry(self._own(blob.name), blob.size, blob.modified) for blob in page.blobs)
        groups = (self._own(name) for name in page.groups)
        return Page(
            tuple(entry for entry in found if entry.key > after and not key_problem(entry.key)),
            tuple(each for each in groups if not key_problem(each[:-1]) and self._is_after(each, after)),
            page.marker,
        )

    def _is_after(self, group: str, after: str) -> bool:
        """Whether a group has keys that are greater than `after`."""
        if not after.startswith(group):
            return group > after
        token = ""
        while True:
            page = self.list(group, after=after, token=token, limit=_PAGE)
            if page.entries or not page.more:
                return bool(page.entries)
            token = page.more

    def clock(self) -> float | None:
        """The time in the service's answer to a listing, in seconds since the epoch; None if it has none.

        Raises: StoreUnavailable, StoreRefused.
        """
        try:
            from email.utils import parsedate_to_datetime

            return parsedate_to_datetime(self._page("", limit=1).date).timestamp()
        except (TypeError, ValueError, OverflowError):
            return None  # the server sends no usable date

    def delete(self, key: str) -> None:
        """Delete an object. Raises: StoreUnavailable, StoreRefused."""
        check_key(key)
        try:
            self._blobs.delete(self._prefix + key)
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            try:
                self._fail(failed, f"delete {key}")
            except NotFound:
                return

    def describe(self) -> str:
        """The container's URL; it never contains secrets."""
        return self._location.shown

    def inspect(self, prefix: str) -> Mapping[str, str]:
        """Whether blobs have versions, whether the service verifies checksums, and how names are kept.

        `versioning` is `off` or `enabled`, `checksums` is `verified` or `ignored`, `namespace` is `flat`;
        each is `unknown` where the service does not say. Writes at most two objects under `prefix`.

        Raises:
            StoreUnsafe: the account has a hierarchical namespace.
            StoreRefused: there is no such container, or it may not be written to.
        """
        facts = {"versioning": "unknown", "checksums": "unknown", "namespace": "unknown"}
        try:
            hierarchical = self._blobs.is_hierarchical()
        except Exception:  # noqa: BLE001 - asking may need a permission; the next request says what else is wrong
            hierarchical = None
        if hierarchical:
            raise StoreUnsafe(
                "its storage account has a hierarchical namespace, which lists keys in another order and "
                "shows directories among them",
                hint="create an account without it: `az storage account create … --hns false`",
            )
        if hierarchical is not None:
            facts["namespace"] = "flat"
        try:
            version = self._put(f"{prefix}/version", b"", md5(b""))
            facts["versioning"] = "enabled" if version else "off"
            self._put(f"{prefix}/wrong-checksum", b"these bytes", md5(b"other bytes"))
            facts["checksums"] = "ignored"
        except Unsure as failed:
            if answer_code(failed.__cause__) in WRONG_CHECKSUM:
                facts["checksums"] = "verified"
        return facts

    def connect(self) -> None:
        """Make the client now, which takes a third of a second. No request is sent.

        Raises:
            UsageError: the account cannot be told, or the libraries of Azure are missing.
        """
        self._blobs.client()

    def _put(self, key: str, data: bytes, digest: str) -> str:
        kind = "application/json" if key.endswith(".json") else "application/octet-stream"
        try:
            return self._blobs.create(self._prefix + key, data, digest, kind)
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            self._fail(failed, f"create {key}", writing=True)

    def _page(self, prefix: str, *, marker: str = "", limit: int, delimiter: bool = False) -> BlobPage:
        try:
            return self._blobs.page(self._prefix + prefix, marker=marker, limit=limit, delimiter=delimiter)
        except Exception as failed:  # noqa: BLE001 - sorted out, and passed on when it is a defect
            self._fail(failed, f"list {prefix!r}")

    def _own(self, name: str) -> str:
        return name[len(self._prefix) :] if name.startswith(self._prefix) else "\0" + name

    def _fail(self, failed: Exception, what: str, *, writing: bool = False) -> NoReturn:
        raise azure_error(failed, f"cannot {what} in {self.describe()}", writing=writing) from failed
