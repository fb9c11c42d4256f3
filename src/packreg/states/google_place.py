"""A bucket of Google Cloud Storage from which states and backends are read."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packreg.errors import IntegrityError, InvalidState, NotFound, StoreUnavailable, UsageError
from packreg.states.go_names import escaped, unescaped
from packreg.states.place_entry import PlaceEntry, read_again
from packreg.store.google_api import GoogleStorage, NoBucket
from packreg.store.location import GoogleLocation
from packreg.store.trust import Trust
from packreg.store.url import endpoint, query_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NEEDS = "reading states needs storage.objects.get and storage.objects.list"


class GooglePlace:
    """The objects of a `gs://` URL, see `Place`.

    `endpoint_url` or `endpoint` in its query name another server, such as an emulator. It may be asked over
    http, since it gets no credentials. Raises UsageError: the URL cannot be read.
    """

    def __init__(self, url: str, *, instance_role: bool, environ: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        if not parts.netloc or "@" in parts.netloc:
            raise UsageError("this gs:// location names no bucket", hint="write gs://bucket/prefix")
        options = query_options(parts.query, ("endpoint_url", "endpoint"))
        prefix = unquote(parts.path).strip("/")
        self._bucket = parts.netloc
        self._prefix = f"{prefix}/" if prefix else ""
        address = options.get("endpoint_url") or options.get("endpoint", "")
        self._storage = GoogleStorage(
            GoogleLocation(parts.netloc, prefix, endpoint(address)),
            instance_role=instance_role,
            environ=environ,
            needs=_NEEDS,
            trust=Trust(allow_http=True),
        )

    def read(self, name: str, limit: int) -> bytes:
        """See `Place`."""
        try:
            return read_again(lambda: self._storage.read(self._prefix + escaped(name), limit))
        except (NotFound, NoBucket) as missing:
            raise NotFound(f"there is no {self.describe(name)}: {missing}") from None
        except IntegrityError:
            raise InvalidState(f"{self.describe(name)} has more than {limit} bytes") from None

    def list(self, prefix: str) -> Iterator[PlaceEntry]:
        """See `Place`."""
        token = ""
        seen: set[str] = set()
        page = partial(self._storage.page, self._prefix + escaped(prefix))
        while token not in seen:
            seen.add(token)
            try:
                told = read_again(partial(page, token=token)).json()
                for item in told.get("items", ()):
                    name = unescaped(item["name"][len(self._prefix) :])
                    yield PlaceEntry(name, datetime.fromisoformat(item["updated"]).timestamp())
                token = str(told.get("nextPageToken", ""))
            except NoBucket as missing:
                raise NotFound(f"there is no {self.describe()}: {missing}") from None
            except (LookupError, TypeError, ValueError) as odd:
                raise StoreUnavailable(f"a listing of {self.describe()} is incomplete: {odd!r}") from None
            if not token:
                return
        raise StoreUnavailable(f"a listing of {self.describe()} goes in circles")

    def describe(self, name: str = "") -> str:
        """See `Place`."""
        return f"gs://{self._bucket}/{self._prefix}{name}"
