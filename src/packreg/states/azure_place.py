"""A container of Azure Blob Storage from which states and backends are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from packreg.errors import InvalidState, NotFound, StoreUnavailable, UsageError
from packreg.states.go_names import escaped, unescaped
from packreg.states.place_entry import PlaceEntry, read_again
from packreg.store.azure_account import azure_account
from packreg.store.azure_container import AzureContainer, answer_code
from packreg.store.azure_errors import azure_error
from packreg.store.location import AzureLocation
from packreg.store.url import parse_location

T = TypeVar("T")

_NEEDS = (
    "reading states needs the role Storage Blob Data Reader, or the rights to read and list in a shared "
    "access signature"
)


class AzurePlace:
    """The blobs of an `azblob://` URL, see `Place`; its query is that of Pulumi. Raises UsageError."""

    def __init__(self, url: str, *, instance_role: bool, environ: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        prefix = unquote(parts.path).strip("/")
        location = parse_location(parts._replace(path="").geturl(), cwd="/")
        if not isinstance(location, AzureLocation):
            raise UsageError("this azblob:// location names no container")
        self._container = location.container
        self._prefix = f"{prefix}/" if prefix else ""
        self._blobs = AzureContainer(
            # As for states in S3, http is the choice of whoever names the backend; no secret goes that way.
            lambda: azure_account(location, environ, allow_http=True),
            location.container,
            instance_role=instance_role,
        )

    def read(self, name: str, limit: int) -> bytes:
        """See `Place`."""
        data = self._asked(lambda: self._blobs.read(self._prefix + escaped(name), limit), name)
        if data is None:
            raise InvalidState(f"{self.describe(name)} has more than {limit} bytes")
        return data

    def list(self, prefix: str) -> Iterator[PlaceEntry]:
        """See `Place`."""
        marker = ""
        seen: set[str] = set()
        begins = self._prefix + escaped(prefix)
        while marker not in seen:
            seen.add(marker)
            page = self._asked(partial(self._blobs.page, begins, marker=marker), prefix)
            for blob in page.blobs:
                yield PlaceEntry(unescaped(blob.name[len(self._prefix) :]), blob.modified)
            marker = page.marker
            if not marker:
                return
        raise StoreUnavailable(f"a listing of {self.describe()} goes in circles")

    def describe(self, name: str = "") -> str:
        """See `Place`."""
        return f"azblob://{self._container}/{self._prefix}{name}"

    def _asked(self, ask: Callable[[], T], name: str) -> T:
        def once() -> T:
            try:
                return ask()
            except Exception as error:  # noqa: BLE001 - sorted out, and passed on when it is a defect
                if answer_code(error) == "ContainerNotFound":
                    raise NotFound(f"there is no {self.describe(name)} (ContainerNotFound)") from None
                raise azure_error(error, f"{self.describe(name)} cannot be read", needs=_NEEDS) from None

        return read_again(once)
