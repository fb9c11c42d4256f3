"""One container of Azure Blob Storage: single requests, for registries and for states.

Decisions, from measurements on Azurite with azure-storage-blob:

- The library tries nothing again (`retry_total=0`) and follows no redirect. Its own retries answer a lost
  reply to a conditional create with "exists", after 15 seconds; `Store` knows better.
- One request creates a blob, however large: never a list of blocks.
- A read asks for one byte more than it may have, so that no server can fill the memory, and for the bytes as
  they are stored, whatever their `Content-Encoding`. The MD5 that Azure keeps of a blob is compared here: the
  library's own check takes a request for each 4 MiB, and gives no bytes at all with `decompress=False`.
- A listing begins at its prefix and goes on by the service's markers. `startFrom`, new in 2025, is not sent:
  Azurite ignores it and another service answered it with nothing; no command lists from the middle.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import StoreUnavailable, StoreUnsafe, UsageError
from packreg.store.bucket import Unsure

if TYPE_CHECKING:
    from collections.abc import Callable

    from packreg.store.azure_account import AzureAccount

#: The most bytes that one request reads or writes; more than any object of a registry has.
_ONE_REQUEST = 2**30 + 1
_PACKAGES = "pip install 'azure-storage-blob>=12.24' 'azure-identity>=1.19'"


#: Codes of the answer to a wrong MD5. The second is Azurite's.
WRONG_CHECKSUM = frozenset({"Md5Mismatch", "InvalidOperation"})


class Blob(NamedTuple):
    """A blob in a listing: its name, its size in bytes, and its time in seconds since the epoch."""

    name: str
    size: int
    modified: float


class BlobPage(NamedTuple):
    """A page of a listing: blobs, names grouped at the delimiter, the marker of the next page, the time."""

    blobs: tuple[Blob, ...]
    groups: tuple[str, ...]
    marker: str
    date: str


class AzureContainer:
    """A container in an account. Any number of threads may use one.

    `account` is called when the first request is made. With `instance_role`, a token may come from the
    cloud's metadata service. `ca_bundle` and `only_location` are those of `Trust`. Timeouts are in seconds,
    for each wait.

    Methods raise what the libraries raise; `azure_errors` says what that means.
    """

    def __init__(
        self,
        account: Callable[[], AzureAccount],
        container: str,
        *,
        instance_role: bool = True,
        ca_bundle: str = "",
        only_location: bool = False,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
    ) -> None:
        self._account = account
        self._container = container
        self._instance_role = instance_role
        self._ca_bundle = ca_bundle
        self._only_location = only_location
        self._timeouts: dict[str, Any] = {"connection_timeout": connect_timeout, "read_timeout": read_timeout}
        self._lock = threading.Lock()
        self._made: Any = None
        self._process = 0

    def client(self) -> Any:
        """The library's client, made at the first call and again after a fork.

        On a shared connection two processes would read each other's answers. Raises UsageError where the
        libraries are not installed, and what `account` raises.
        """
        with self._lock:
            if self._made is None or self._process != os.getpid():
                self._made, self._process = self._client(self._account()), os.getpid()
            return self._made

    def _client(self, account: AzureAccount) -> Any:
        try:
            from azure.core.credentials import AzureSasCredential
            from azure.storage.blob import ContainerClient
            from certifi import where
        except ImportError:
            raise UsageError("Azure Blob Storage needs libraries of Azure", hint=_PACKAGES) from None
        # Without a handler, Python would print the libraries' warnings.
        logging.getLogger("azure").addHandler(logging.NullHandler())
        credential: Any
        if account.key:
            credential = {"account_name": account.name, "account_key": account.key}
        elif account.sas:
            credential = AzureSasCredential(account.sas)
        else:
            from azure.identity import DefaultAzureCredential

            credential = DefaultAzureCredential(exclude_managed_identity_credential=not self._instance_role)
        return ContainerClient(
            account.url,
            self._container,
            credential=credential,
            retry_total=0,
            permit_redirects=False,
            max_single_put_size=_ONE_REQUEST,
            max_single_get_size=_ONE_REQUEST,
            user_agent="packreg",
            # A file wins over REQUESTS_CA_BUNDLE. On http, a proxy could answer in place of the server.
            connection_verify=self._ca_bundle or (where() if self._only_location else True),
            use_env_settings=not (self._only_location and account.url.startswith("http:")),
            **self._timeouts,
        )

    def create(self, name: str, data: bytes, digest: str, kind: str) -> str:
        """Create a blob if there is none; gives the version that the service gave it, "" for none.

        `digest` is the MD5 of the data in Base64, which the service is to verify; `kind` the content type.
        Raises Unsure where an answer of success is not one of Azure.
        """
        from azure.storage.blob import ContentSettings

        answer = (
            self.client()
            .get_blob_client(name)
            .upload_blob(
                data,
                overwrite=False,
                headers={"Content-MD5": digest},
                content_settings=ContentSettings(content_type=kind),
            )
        )
        if not answer.get("etag"):
            raise Unsure("the answer is not one of Azure Blob Storage: it has no ETag")
        return str(answer.get("version_id") or "")

    def read(self, name: str, limit: int) -> bytes | None:
        """All bytes of a blob; None when there are more than `limit`.

        Raises StoreUnavailable where they are not those that were stored, StoreUnsafe where the server sends
        more than it was asked for.
        """
        kept: dict[str, str] = {}

        def keep(answer: Any) -> None:
            headers, status = answer.http_response.headers, answer.http_response.status_code
            length = headers.get("Content-Length", "")
            if status < 300 and not (length.isdigit() and int(length) <= limit + 1):
                raise StoreUnsafe(
                    f"the server was asked for {limit + 1} bytes and sends {length or 'any number'}"
                )
            kept["md5"] = headers.get("x-ms-blob-content-md5", "")

        try:
            stream = self.client().download_blob(
                name, offset=0, length=limit + 1, max_concurrency=1, decompress=False, raw_response_hook=keep
            )
            data: bytes = stream.readall()
        except Exception as failed:
            if getattr(failed, "status_code", 0) == 416:
                return b""  # a blob without a first byte
            raise
        if len(data) > limit:
            return None
        if len(data) != stream.size or (kept["md5"] and kept["md5"] != md5(data)):
            raise StoreUnavailable("other bytes came than were stored")
        return data

    def page(self, prefix: str, *, marker: str = "", limit: int = 5000, delimiter: bool = False) -> BlobPage:
        """A page of the blobs whose names start with `prefix`, in the order of their bytes."""
        from azure.storage.blob import BlobPrefix

        dates: list[str] = []

        def keep(answer: Any) -> None:
            dates.append(answer.http_response.headers.get("Date", ""))

        options: dict[str, Any] = {
            "name_starts_with": prefix or None,
            "results_per_page": limit,
            "raw_response_hook": keep,
        }
        client = self.client()
        listing = client.walk_blobs(delimiter="/", **options) if delimiter else client.list_blobs(**options)
        pages = listing.by_page(continuation_token=marker or None)
        blobs, groups = [], []
        for item in next(pages, ()):
            if isinstance(item, BlobPrefix):
                groups.append(item.name)
            else:
                blobs.append(Blob(item.name, int(item.size), item.last_modified.timestamp()))
        return BlobPage(
            tuple(blobs), tuple(groups), pages.continuation_token or "", dates[-1] if dates else ""
        )

    def delete(self, name: str) -> None:
        """Delete a blob and its snapshots."""
        self.client().delete_blob(name, delete_snapshots="include")

    def is_hierarchical(self) -> bool | None:
        """Whether the account has a hierarchical namespace; None where the service does not say."""
        found = self.client().get_account_information().get("is_hns_enabled")
        return None if found is None else bool(found)


def md5(data: bytes) -> str:
    """The MD5 of bytes in Base64: what Azure verifies and keeps. It guards against accidents alone."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def answer_code(failed: BaseException | None) -> str:
    """The service's code of an error answer, such as `BlobNotFound`; empty for everything else."""
    code = getattr(failed, "error_code", None) or ""
    return str(getattr(code, "value", code))
