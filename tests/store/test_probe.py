"""The probe and the canary: safe stores pass, each kind of unsafe one is refused with its reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from packreg.errors import NotFound, StoreRefused, StoreUnavailable, StoreUnsafe
from packreg.store.bucket import Exists, Page
from packreg.store.memory import MemoryBucket
from packreg.store.probe import CANARY_KEY, canary, plant_canary, probe
from packreg.store.store import Store
from tests.store.faulty import FaultyBucket


class Ignoring(MemoryBucket):
    """Writes over what exists, as rclone, s3rver and versioned buckets of Ceph 16 do."""

    def put_new(self, key: str, data: bytes) -> None:
        """Store, whatever was there."""
        self.delete(key)
        super().put_new(key, data)


class Racing(MemoryBucket):
    """Looks first and writes then, without a lock: right one by one, wrong at once."""

    def put_new(self, key: str, data: bytes) -> None:
        """Store after a look and a while."""
        try:
            self.get(key, limit=1000)
        except NotFound:
            time.sleep(0.002)
            self.delete(key)
            super().put_new(key, data)
        else:
            raise Exists(key)


class LyingRefusal(MemoryBucket):
    """Says "taken", and writes over it all the same."""

    def put_new(self, key: str, data: bytes) -> None:
        """Store, and refuse if something was there."""
        try:
            super().put_new(key, data)
        except Exists:
            self.delete(key)
            super().put_new(key, data)
            raise


class RefusingAll(MemoryBucket):
    """Lets nobody win a race."""

    def put_new(self, key: str, data: bytes) -> None:
        """Refuse what is raced for."""
        if "race" in key and threading.current_thread() is not threading.main_thread():
            raise Exists(key)
        super().put_new(key, data)


class Unordered(MemoryBucket):
    """Gives the last key first."""

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The keys, the wrong way round."""
        page = super().list(prefix, after=after, limit=1000)
        return Page(tuple(reversed(page.entries))[:limit], (), "")


class IgnoringAfter(MemoryBucket):
    """Begins every page at the beginning."""

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The first page."""
        return super().list(prefix, limit=limit, delimiter=delimiter)


class Paging(MemoryBucket):
    """A bucket with spoiled pages: `spoil` is told a page, its token and its limit, and gives another."""

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The spoiled page."""
        page = super().list(prefix, after=after, token=token, limit=limit, delimiter=delimiter)
        return self.spoil(page, token, limit)

    def spoil(self, page: Page, token: str, limit: int) -> Page:
        """The page as it is."""
        return page


class IgnoringToken(MemoryBucket):
    """Gives the first page again and again."""

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The first page."""
        return super().list(prefix, after=after, limit=limit, delimiter=delimiter)


class EndlessTokens(IgnoringToken):
    """The same, with a new token each time."""

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The first page, and a longer token."""
        page = super().list(prefix, after=after, limit=limit, delimiter=delimiter)
        return page._replace(more=token + "x" if page.more else "")


class DroppingAtBorders(Paging):
    """Leaves out the first key of every page but the first."""

    def spoil(self, page: Page, token: str, limit: int) -> Page:
        """The page without its first key."""
        return page._replace(entries=page.entries[1:]) if token else page


class RepeatingAtBorders(Paging):
    """Gives the last key of a page again on the next one."""

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The page with the last key of the one before."""
        page = super().list(prefix, after=after, token=token, limit=limit, delimiter=delimiter)
        before = super().list(prefix, after=after, delimiter=delimiter)
        again = tuple(entry for entry in before.entries if entry.key == token)
        return page._replace(entries=again + page.entries)


class EndingEarly(Paging):
    """Calls every full page the last one, as a store that forgets `IsTruncated` does."""

    def spoil(self, page: Page, token: str, limit: int) -> Page:
        """The page, said to be the last."""
        return page._replace(full=True) if page.more else page


class EndingForGood(Paging):
    """Has no second page."""

    def spoil(self, page: Page, token: str, limit: int) -> Page:
        """The page, and nothing behind it."""
        return page._replace(more="")


class Overfull(Paging):
    """Ignores how many were asked for."""

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """Everything."""
        return super().list(prefix, after=after, token=token, delimiter=delimiter)


class NeverEmpty(MemoryBucket):
    """Answers for every key."""

    def get(self, key: str, *, limit: int) -> bytes:
        """Some bytes, always."""
        try:
            return super().get(key, limit=limit)
        except NotFound:
            return b"?"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Ignoring, "IGNORED"),
        (Racing, "not atomic"),
        (LyingRefusal, "although"),
        (RefusingAll, "none was told"),
        (Unordered, "order"),
        (IgnoringAfter, "order of their bytes"),
        (IgnoringToken, "listing"),
        (EndlessTokens, "circles"),
        (DroppingAtBorders, "pages of 1"),
        (RepeatingAtBorders, "more than the 1"),
        (EndingEarly, "called the last one"),
        (EndingForGood, "pages of 1 gives"),
        (Overfull, "more than the 1"),
        (NeverEmpty, "never written"),
    ],
)
def test_unsafe_stores_are_refused(kind: Callable[[], MemoryBucket], reason: str) -> None:
    """Each way of being unsafe is found and named."""
    verdict = probe(kind(), rounds=4)
    assert not verdict.ok
    assert reason in verdict.reason


def test_a_store_without_the_condition_is_refused() -> None:
    """A store that says that it does not know the condition gets a verdict with its own words."""

    class Loud(MemoryBucket):
        def put_new(self, key: str, data: bytes) -> None:
            raise StoreUnsafe("501 NotImplemented")

    assert probe(Loud()) == (False, "501 NotImplemented", {})


@pytest.mark.parametrize("seed", range(4))
def test_a_bad_network_makes_no_store_unsafe(seed: int) -> None:
    """Lost replies and late writes do not make a safe store look unsafe."""
    bucket = FaultyBucket.seeded(MemoryBucket(), seed, 0.2)
    verdict = probe(bucket, rounds=3)
    assert verdict.ok, verdict.reason


def test_no_answer_is_no_verdict() -> None:
    """A store that refuses or cannot be reached is not judged."""

    class Closed(MemoryBucket):
        def put_new(self, key: str, data: bytes) -> None:
            raise StoreRefused("403")

    with pytest.raises(StoreRefused):
        probe(Closed())

    class Failing(MemoryBucket):
        def put_new(self, key: str, data: bytes) -> None:
            if "race" in key:
                raise StoreUnavailable("gone")
            super().put_new(key, data)

    with pytest.raises(StoreUnavailable):
        probe(Failing())


def test_needs_no_permission_to_delete() -> None:
    """Whoever may not delete can still have a verdict."""

    class Keeping(MemoryBucket):
        def delete(self, key: str) -> None:
            raise StoreRefused("403")

    assert probe(Keeping(), rounds=1, writers=2).ok


def test_the_canary_notices_a_store_that_changed() -> None:
    """A store that begins to ignore the condition is caught by the next canary, in one request."""
    store = Store(Ignoring())
    plant_canary(store)
    before = store.requests
    with pytest.raises(StoreUnsafe, match=CANARY_KEY):
        canary(store)
    assert store.requests == before + 1


def test_a_missing_canary_is_an_alarm() -> None:
    """Where the canary was deleted nothing is published, since nothing can be told."""
    with pytest.raises(StoreUnsafe, match="deleted"):
        canary(Store(MemoryBucket()))


class Counted(MemoryBucket):
    """Counts its requests."""

    sent = 0

    def __getattribute__(self, name: str) -> object:
        """Count the verbs as they are looked up, which each request does once."""
        if name in ("put_new", "get", "list", "delete"):
            self.sent += 1
        return super().__getattribute__(name)


def test_the_number_of_requests_is_the_one_that_is_told() -> None:
    """What the help and the documentation call "about 200 requests" is that."""
    bucket = Counted()
    assert probe(bucket).ok
    assert 190 < bucket.sent < 210
