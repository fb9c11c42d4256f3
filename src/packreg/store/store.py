"""Objects that are created once, on top of a bucket that makes one attempt at a time.

Only the loop of `Store.create` can tell whether this process or another one created an object. It sends the
*same bytes* again until the bucket gives a definitive answer: created, or taken; then the stored bytes are
compared. These are no definitive answers: a lost connection, a 409, any 5xx, "taken" when nothing can be
read, a reply that cannot be parsed, and a read that finds nothing after a write that timed out, because that
write may still arrive. A library's own retries must be off: when a write succeeded and its reply was lost,
they report "taken".
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from packreg.errors import (
    IntegrityError,
    NotFound,
    OutcomeUnknown,
    PackregError,
    StoreRefused,
    StoreUnavailable,
    StoreUnsafe,
)
from packreg.store.bucket import Entry, Exists, Unsure, check_key, check_prefix
from packreg.store.silence import Silence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from packreg.store.bucket import Bucket, Page

    T = TypeVar("T")

#: Most bytes of an object, unless the caller sets another limit.
MAX_OBJECT = 256 * 2**20
#: How often a read is tried before the store counts as unavailable.
READS = 6
#: How many pages of a listing in a row may contain no keys of packreg.
MAX_EMPTY = 1000
_SHORTEST, _LONGEST = 0.02, 5.0


def _chance() -> float:
    """A random number in [0, 1), from the system: processes started together must not wait in unison."""
    return int.from_bytes(os.urandom(6), "big") / 2**48


class Store:
    """A bucket with retries. Any number of threads may use one.

    `deadline` is for how many seconds an operation is tried again; an attempt under way is not cut short. The
    pause between attempts is random, from 0 to a bound that doubles from 20 ms to 5 s ("full jitter"). The
    pauses use `sleep`, `random` and `monotonic`. `silence` measures how long reads had no answer.
    """

    def __init__(
        self,
        bucket: Bucket,
        *,
        deadline: float = 60.0,
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] = _chance,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bucket = bucket
        self.deadline = deadline
        self._sleep = sleep
        self._random = random
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._requests: dict[str, int] = {}
        self.silence = Silence(monotonic)

    @property
    def requests(self) -> int:
        """How many requests were sent to the bucket, those that failed included."""
        return sum(self.requests_by_kind.values())

    @property
    def requests_by_kind(self) -> dict[str, int]:
        """The same by kind: `create`, `read`, `list`, `delete`, `clock`."""
        with self._lock:
            return dict(self._requests)

    def describe(self) -> str:
        """The bucket's URL, without secrets."""
        return self.bucket.describe()

    def deletion(self, key: str) -> str:
        """A shell command that deletes an object, for hints: packreg does not delete such objects itself."""
        import shlex
        from urllib.parse import parse_qs

        place, _, options = self.describe().partition("?")
        if place.startswith("file://"):
            return f"rm {shlex.quote(place.removeprefix('file://') + '/' + key)}"
        if place.startswith("azblob://"):
            container, _, prefix = place.removeprefix("azblob://").partition("/")
            account = parse_qs(options).get("storage_account", [""])[0]
            name = shlex.quote(f"{prefix}/{key}".lstrip("/"))
            return (
                f"az storage blob delete --account-name {account} --container-name {container} --name {name}"
            )
        if place.startswith("gs://"):
            return f"gcloud storage rm {shlex.quote(f'{place}/{key}')}"
        endpoint = parse_qs(options).get("endpoint_url", [""])[0]
        return f"aws s3 rm {place}/{key}" + (f" --endpoint-url {shlex.quote(endpoint)}" if endpoint else "")

    @property
    def own_times(self) -> bool:
        """Whether the times in listings are the store's own; see `Bucket.own_times`."""
        return self.bucket.own_times

    def clock(self) -> float | None:
        """The store's time in seconds since the epoch; None if it has no clock. Raises: StoreError."""
        return self._retried("clock", self.bucket.clock) if self.bucket.own_times else None

    def create(
        self, key: str, data: bytes, *, read_back: bool = False, limit: int = MAX_OBJECT
    ) -> bytes | None:
        """Create an object, or return the bytes of the one that has its key.

        Returns None when the object now has exactly the bytes `data`, whether this call, an earlier one or
        another writer stored them. Otherwise it returns the bytes of the existing object, which may have at
        most `limit` bytes. With `read_back`, an object that this call created is read and compared, for
        stores that ignore checksums.

        Raises:
            OutcomeUnknown: the deadline passed, or the store refused, after a write without an answer.
            StoreUnavailable: the deadline passed, and nothing was written.
            IntegrityError: other bytes were read back, or the existing object has more than `limit` bytes.
            StoreError: the store refused, or is not safe.
        """
        check_key(key)
        waits = _Waits(self)
        unsure = False
        while True:
            try:
                self._count("create")
                self.bucket.put_new(key, data)
            except Exists as failed:
                # Even on the first attempt this may be our own object: some proxies send a PUT again.
                why: PackregError = failed
                try:
                    there = self._once("read", lambda: self.bucket.get(key, limit=limit))
                except NotFound:
                    pass  # deleted, or not visible yet: only another attempt to create it can tell
                except StoreUnavailable as unread:
                    why = unread
                except StoreRefused as refused:
                    if unsure:
                        raise self._unknown(key, refused) from refused
                    raise
                else:
                    return None if there == data else there
                unsure = True
            except Unsure as failed:
                unsure = True
                why = failed
            except StoreUnavailable as failed:
                why = failed
            except PackregError as failed:
                if unsure:
                    raise self._unknown(key, failed) from failed
                raise
            else:
                if read_back and self.get(key, limit=len(data)) != data:
                    raise IntegrityError(
                        f"{key} was stored in {self.describe()}, but other bytes are read back",
                        hint="the store or something in front of it changes objects; do not use it",
                    )
                return None
            if not waits.wait():
                if unsure:
                    raise self._unknown(key, why) from why
                raise StoreUnavailable(
                    f"nothing was written to {self.describe()} within {self.deadline:g} s: {why}",
                    hint=why.hint or "run the same command again",
                ) from why

    def is_taken(self, key: str, data: bytes) -> bool:
        """Try to create an object: True if it is refused because its key is taken, False if it was created.

        One request if the bucket gives a definitive answer.

        Raises:
            StoreUnavailable: no definitive answer within the deadline.
            StoreError: the store refused.
        """
        check_key(key)
        waits = _Waits(self)
        while True:
            try:
                self._count("create")
                self.bucket.put_new(key, data)
            except Exists:
                return True
            except (Unsure, StoreUnavailable) as failed:
                if not waits.wait():
                    raise StoreUnavailable(
                        f"{self.describe()} gave no answer within {self.deadline:g} s: {failed}",
                        hint=failed.hint or "run the same command again",
                    ) from failed
            else:
                return False

    def get(self, key: str, limit: int = MAX_OBJECT) -> bytes:
        """The bytes of an object.

        Raises:
            NotFound: there is no such object.
            IntegrityError: it has more than `limit` bytes.
            StoreUnavailable: no answer after a number of attempts.
            StoreError: the store refused.
        """
        return self._retried("read", lambda: self.bucket.get(key, limit=limit))

    def delete(self, key: str) -> None:
        """Delete an object. A missing object counts as deleted. Raises: StoreError."""
        self._retried("delete", lambda: self.bucket.delete(key))

    def list_all(self, prefix: str, after: str = "") -> Iterator[Entry]:
        """The objects whose keys start with `prefix` and are greater than `after`, in byte order.

        Raises:
            StoreUnavailable: no answer after a number of attempts.
            StoreError: the store refused, or its pages repeat or are not in order.
        """
        for page in self._pages(prefix, after, self.bucket.page_size, False):
            yield from page.entries

    def page(self, prefix: str, *, after: str = "", token: str = "", limit: int, delimiter: bool) -> Page:
        """One page of a listing, as `Bucket.list` gives it: one request. Raises: StoreError."""
        return self._retried(
            "list",
            lambda: self.bucket.list(prefix, after=after, token=token, limit=limit, delimiter=delimiter),
        )

    def first(self, prefix: str) -> Entry | None:
        """The object with the smallest key that starts with `prefix`; None if there is none.

        One request, and one more for each page of keys before it that are not packreg's.

        Raises:
            StoreError: as in `list_all`.
        """
        for page in self._pages(prefix, "", 1, False):
            if page.entries:
                return page.entries[0]
        return None

    def prefixes(self, prefix: str) -> Iterator[str]:
        """The beginnings of keys up to the next "/" after `prefix`, each once, in byte order.

        `prefix` ends with "/". For `packs/a/v/1` and `packs/b/v/1`, `prefixes("packs/")` gives `packs/a/` and
        `packs/b/`.

        Raises:
            StoreError: as in `list_all`.
        """
        last = ""
        for page in self._pages(prefix, "", self.bucket.page_size, True):
            for found in page.prefixes:
                if found > last:  # keys that are not packreg's may repeat one on the next page
                    yield found
                    last = found

    def _pages(self, prefix: str, after: str, limit: int, delimiter: bool) -> Iterator[Page]:
        """The pages of a listing, checked that each goes on where the one before ended.

        Keys that a store silently leaves out cannot be noticed here; `probe` tests for that. Raises
        StoreUnsafe.
        """
        check_prefix(prefix)
        tokens = {""}
        token, empty = "", 0
        last, last_prefix = after, ""
        while True:
            page = self.page(prefix, after=after, token=token, limit=limit, delimiter=delimiter)
            last = self._in_order([entry.key for entry in page.entries], prefix, last)
            last_prefix = self._in_order(page.prefixes, prefix, last_prefix, again=True)
            yield page
            if not page.more:
                return
            empty = 0 if page.entries or page.prefixes else empty + 1
            if page.more in tokens or empty > MAX_EMPTY:
                raise StoreUnsafe(
                    f"the listing of {prefix!r} in {self.describe()} goes in circles after {last!r}",
                    hint="the store does not page its listings as it must; it cannot hold a registry",
                )
            token, limit = page.more, self.bucket.page_size
            tokens.add(token)

    def _in_order(self, words: Sequence[str], prefix: str, last: str, *, again: bool = False) -> str:
        """Check that the keys or prefixes of a page are in order, after `last`; returns the last of them.

        With `again` one may be repeated: keys that are not packreg's can repeat a prefix on the next page.
        Raises StoreUnsafe.
        """
        for word in words:
            if not (word > last or (again and word == last)) or not word.startswith(prefix):
                raise StoreUnsafe(
                    f"{self.describe()} does not list keys once each, in the order of their bytes: behind "
                    f"{last!r} it gives {word!r}",
                    hint="S3 directory buckets and some gateways do not; use a general purpose bucket",
                )
            last = word
        return last

    def _count(self, kind: str) -> None:
        with self._lock:
            self._requests[kind] = self._requests.get(kind, 0) + 1

    def _once(self, kind: str, read: Callable[[], T]) -> T:
        self._count(kind)
        return read()

    def _retried(self, kind: str, read: Callable[[], T]) -> T:
        waits = _Waits(self)
        with self.silence.waiting():
            for attempt in range(READS):
                try:
                    return self._once(kind, read)
                except StoreUnavailable:
                    self.silence.failed()
                    if attempt == READS - 1 or not waits.wait():
                        raise
        raise AssertionError

    def _unknown(self, key: str, why: PackregError) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"{key} may or may not have been stored in {self.describe()}: {why}",
            hint="run the same command again, it is safe: what was stored counts as done",
        )


class _Waits:
    """The pauses between the attempts of one operation, until its deadline."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._end = store._monotonic() + store.deadline
        self._bound = _SHORTEST

    def wait(self) -> bool:
        """Sleep for the next pause. Returns False, without sleeping, if that would end after the deadline."""
        pause = self._bound * self._store._random()
        if self._store._monotonic() + pause > self._end:
            return False
        self._store._sleep(pause)
        self._bound = min(2 * self._bound, _LONGEST)
        return True
