"""A bucket in memory, for tests and for programs that use packreg as a library and store nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from packreg.errors import IntegrityError, NotFound
from packreg.store.bucket import Entry, Exists, Page, behind, check_key, check_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class MemoryBucket:
    """Objects in a dictionary; they are lost when the process ends.

    `now` gives the present time in seconds since the epoch, which listings show as the creation time of an
    object. Without it, the bucket has no clock, and creation times are 0.
    """

    page_size: ClassVar[int] = 1000

    def __init__(self, *, now: Callable[[], float] | None = None) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._objects: dict[str, tuple[bytes, float]] = {}

    @property
    def own_times(self) -> bool:
        """Whether it was given a clock."""
        return self._now is not None

    def clock(self) -> float | None:
        """The time that `now` gives; None without it."""
        return self._now() if self._now is not None else None

    def put_new(self, key: str, data: bytes) -> None:
        """Create an object if its key is free. Raises: Exists."""
        check_key(key)
        with self._lock:
            if key in self._objects:
                raise Exists(f"{key} exists")
            self._objects[key] = (bytes(data), self.clock() or 0.0)

    def get(self, key: str, *, limit: int) -> bytes:
        """The bytes of an object. Raises: NotFound, IntegrityError."""
        check_key(key)
        with self._lock:
            found = self._objects.get(key)
        if found is None:
            raise NotFound(f"there is no object {key}")
        if len(found[0]) > limit:
            raise IntegrityError(f"the object {key} has more than the {limit} bytes that it may have")
        return found[0]

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The objects under a prefix, see `Bucket.list`."""
        check_prefix(prefix)
        after = token or after
        with self._lock:
            found = [
                Entry(key, len(data), modified)
                for key, (data, modified) in sorted(self._objects.items())
                if key.startswith(prefix) and key > after
            ]
        if delimiter:
            return _roll_up(found, prefix, limit)
        page = tuple(found[:limit])
        return Page(page, (), page[-1].key if len(found) > limit else "")

    def delete(self, key: str) -> None:
        """Delete an object."""
        check_key(key)
        with self._lock:
            self._objects.pop(key, None)

    def describe(self) -> str:
        """The bucket's URL."""
        return "memory:"

    def inspect(self, prefix: str) -> Mapping[str, str]:
        """No facts: there is no store to tell about."""
        del prefix
        return {}


def _roll_up(entries: list[Entry], prefix: str, limit: int) -> Page:
    """A page of at most `limit` from entries in byte order, grouped at the next "/" after `prefix`."""
    kept: list[Entry] = []
    prefixes: list[str] = []
    last = ""
    for entry in entries:
        head, slash, _ = entry.key[len(prefix) :].partition("/")
        if slash:
            rolled = prefix + head + "/"
            if prefixes and prefixes[-1] == rolled:
                continue
        if len(kept) + len(prefixes) == limit:
            return Page(tuple(kept), tuple(prefixes), last)
        if slash:
            prefixes.append(rolled)
            last = behind(rolled)
        else:
            kept.append(entry)
            last = entry.key
    return Page(tuple(kept), tuple(prefixes), "")
