"""The loop that creates exactly once: what it concludes from each answer, and when it gives up."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable

import pytest

from packreg.errors import (
    IntegrityError,
    NotFound,
    OutcomeUnknown,
    StoreRefused,
    StoreUnavailable,
    StoreUnsafe,
)
from packreg.store.bucket import Entry, Page, Unsure
from packreg.store.memory import MemoryBucket
from packreg.store.open import open_store
from packreg.store.store import MAX_EMPTY, READS, Store
from tests.store.faulty import WRITE_FAULTS, Fault, FaultyBucket


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        """The time."""
        return self.now


def store_with(
    writes: Iterable[Fault], reads: Iterable[bool] = (), *, deadline: float = 60.0
) -> tuple[Store, FaultyBucket, Clock]:
    """A store on a bucket with these faults, one after the other; then everything passes."""
    planned, failing = iter(writes), iter(reads)
    bucket = FaultyBucket(MemoryBucket(), lambda: next(planned, "pass"), lambda: next(failing, False))
    clock = Clock()
    store = Store(bucket, deadline=deadline, sleep=clock.sleep, random=lambda: 0.5, monotonic=clock.monotonic)
    return store, bucket, clock


@pytest.mark.parametrize("fault", WRITE_FAULTS)
def test_an_own_success_is_known_again(fault: Fault) -> None:
    """Whatever happened to the first attempts, the creator is told that the object holds its bytes."""
    store, bucket, _ = store_with([fault, fault])
    assert store.create("a", b"mine") is None
    bucket.settle()
    assert bucket.inner.get("a", limit=9) == b"mine"


@pytest.mark.parametrize("fault", WRITE_FAULTS)
def test_a_loser_is_shown_the_winners_bytes(fault: Fault) -> None:
    """Whatever happened, whoever comes second gets the bytes that were first, and changes nothing."""
    store, bucket, _ = store_with([fault, fault])
    bucket.inner.put_new("a", b"theirs")
    assert store.create("a", b"mine") == b"theirs"
    bucket.settle()
    assert bucket.inner.get("a", limit=9) == b"theirs"


def test_the_same_bytes_of_somebody_else_are_as_good() -> None:
    """Storing what is already there is a success."""
    store, bucket, _ = store_with([])
    bucket.inner.put_new("a", b"same")
    assert store.create("a", b"same") is None


def test_taken_and_then_absent_is_no_answer() -> None:
    """An object that is refused and then not found is tried again, not concluded upon."""

    class Deleted(MemoryBucket):
        def get(self, key: str, *, limit: int) -> bytes:
            self.delete(key)
            return super().get(key, limit=limit)

    bucket = Deleted()
    bucket.put_new("a", b"theirs")
    store = Store(bucket, sleep=lambda _: None)
    assert store.create("a", b"mine") is None
    assert store.requests == 3


def test_nothing_found_after_a_timeout_is_not_a_failure() -> None:
    """A late write must not surprise: the loop goes on until its own attempt is answered."""
    store, bucket, _ = store_with(["late", "cut upload", "late"])
    assert store.create("a", b"mine") is None
    bucket.settle()
    assert bucket.inner.get("a", limit=9) == b"mine"


@pytest.mark.parametrize("fault", ["late", "lost reply", "cut upload", "refused before", "failed after"])
def test_the_deadline_makes_the_outcome_unknown(fault: Fault) -> None:
    """When every answer fails to come, the caller is told that it may or may not have happened."""
    store, _, clock = store_with(itertools.repeat(fault), deadline=30)
    with pytest.raises(OutcomeUnknown, match="may or may not") as caught:
        store.create("a", b"mine")
    assert "safe" in caught.value.hint
    assert clock.now - 100 <= 30


def test_nothing_sent_is_certain() -> None:
    """Without any connection the caller is told that nothing was written."""
    store, _, _ = store_with(itertools.repeat("not sent"), deadline=30)
    with pytest.raises(StoreUnavailable, match="nothing was written"):
        store.create("a", b"mine")


def test_one_attempt_without_an_answer_makes_it_uncertain() -> None:
    """A single lost attempt among unsent ones is enough for an unknown outcome."""
    store, _, _ = store_with(itertools.chain(["late"], itertools.repeat("not sent")), deadline=30)
    with pytest.raises(OutcomeUnknown):
        store.create("a", b"mine")


def test_a_taken_key_that_cannot_be_read_is_uncertain() -> None:
    """Taken by whom cannot be told when reading fails until the deadline: it may be our own object."""
    store, _, _ = store_with(["taken by ourselves"], itertools.repeat(True), deadline=30)
    with pytest.raises(OutcomeUnknown):
        store.create("a", b"mine")


def test_a_refusal_after_a_lost_attempt_is_uncertain() -> None:
    """Credentials that expire between two attempts do not make the first one undone."""
    answers: list[Exception] = [StoreRefused("expired", hint="log in"), Unsure("lost")]

    class Refusing(MemoryBucket):
        def put_new(self, key: str, data: bytes) -> None:
            raise answers.pop()

    with pytest.raises(OutcomeUnknown):
        Store(Refusing(), sleep=lambda _: None).create("a", b"")
    answers = [StoreRefused("denied")]
    with pytest.raises(StoreRefused):
        Store(Refusing(), sleep=lambda _: None).create("a", b"")


def test_a_refused_read_of_a_taken_key() -> None:
    """Whoever may write and not read learns that, and after a lost attempt that nothing is known."""

    class WriteOnly(MemoryBucket):
        def get(self, key: str, *, limit: int) -> bytes:
            raise StoreRefused("no reading")

    inner = WriteOnly()
    inner.put_new("a", b"theirs")
    with pytest.raises(StoreRefused):
        Store(inner).create("a", b"mine")
    planned: list[Fault] = ["pass", "lost reply"]
    with pytest.raises(OutcomeUnknown):
        Store(FaultyBucket(inner, planned.pop), sleep=lambda _: None).create("a", b"mine")


def test_waits_with_full_jitter() -> None:
    """Pauses are drawn below a bound that doubles from 20 ms and stays at 5 s."""
    store, _, clock = store_with(["cut upload"] * 12)
    store.create("a", b"")
    bounds = [min(0.02 * 2**n, 5.0) for n in range(12)]
    assert clock.pauses == pytest.approx([bound / 2 for bound in bounds])


def test_reads_are_tried_a_bounded_number_of_times() -> None:
    """A read survives some broken connections and then says that the store is unavailable."""
    store, bucket, _ = store_with([], [True] * (READS - 1))
    bucket.inner.put_new("a", b"x")
    assert store.get("a") == b"x"
    assert store.requests == READS
    operations: list[Callable[[Store], object]] = [
        lambda s: s.get("a"),
        lambda s: list(s.list_all("")),
        lambda s: list(s.prefixes("a/")),
        lambda s: s.first(""),
        lambda s: s.delete("a"),
    ]
    for operation in operations:
        store, _, _ = store_with([], itertools.repeat(True))
        with pytest.raises(StoreUnavailable):
            operation(store)
        assert store.requests == READS


def test_reads_keep_to_the_deadline() -> None:
    """A short deadline ends the attempts early."""
    store, _, clock = store_with([], itertools.repeat(True), deadline=0.02)
    with pytest.raises(StoreUnavailable):
        store.get("a")
    assert clock.now - 100 <= 0.02


def test_absence_is_not_tried_again() -> None:
    """A store that says "not there" is believed at once."""
    store, _, _ = store_with([])
    with pytest.raises(NotFound):
        store.get("a")
    assert store.requests == 1


def test_reads_back_what_it_wrote() -> None:
    """Where checksums are ignored, a corrupted object is noticed by whoever wrote it."""

    class Corrupting(MemoryBucket):
        def put_new(self, key: str, data: bytes) -> None:
            super().put_new(key, data[:-1] + b"?")

    assert Store(Corrupting()).create("a", b"mine") is None
    with pytest.raises(IntegrityError, match="other bytes"):
        Store(Corrupting()).create("a", b"mine", read_back=True)
    store = Store(MemoryBucket())
    assert store.create("a", b"mine", read_back=True) is None
    assert store.requests == 2


def test_an_enormous_object_in_the_way_is_refused() -> None:
    """What is there is read up to the limit only."""
    store = Store(MemoryBucket())
    store.create("a", bytes(100))
    with pytest.raises(IntegrityError):
        store.create("a", b"mine", limit=99)


def test_is_taken_answers_through_faults() -> None:
    """Whether a key is taken is learned from a definitive answer, in one request if that comes at once."""
    store, bucket, _ = store_with(["pass", "refused before", "late", "pass"])
    bucket.inner.put_new("a", b"x")
    assert store.is_taken("a", b"x")
    assert store.requests == 1
    assert store.is_taken("a", b"x")
    store, _, _ = store_with([])
    assert not store.is_taken("b", b"x")
    store, _, _ = store_with(itertools.repeat("cut upload"), deadline=5)
    with pytest.raises(StoreUnavailable):
        store.is_taken("b", b"x")


def test_follows_pages() -> None:
    """Listings are complete over any number of pages, and one page of a thousand costs one request."""
    bucket = MemoryBucket()
    keys = sorted(f"p/{number}/v" for number in range(2_500))
    for key in keys:
        bucket.put_new(key, b"")
    store = Store(bucket)
    assert [entry.key for entry in store.list_all("p/")] == keys
    assert store.requests == 3
    assert list(store.prefixes("p/")) == [key[:-1] for key in keys]
    assert store.requests == 6
    assert [entry.key for entry in store.list_all("p/", after=keys[-2])] == keys[-1:]
    assert store.requests == 7
    first = store.first("p/")
    assert first is not None
    assert first.key == keys[0]
    assert store.requests == 8
    assert store.first("q/") is None


def test_a_listing_in_circles_is_noticed() -> None:
    """A store that ignores where a page should start is refused instead of asked for ever."""

    class Circling(MemoryBucket):
        def list(
            self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
        ) -> Page:
            return Page((), (), "a")

    with pytest.raises(StoreUnsafe, match="in circles"):
        list(Store(Circling()).list_all(""))


class Paging(MemoryBucket):
    """A store that answers listings with these pages, one after the other; the last one for ever."""

    def __init__(self, *pages: Page) -> None:
        super().__init__()
        self.pages = list(pages)

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The next page."""
        return self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]


def page(*keys: str, prefixes: tuple[str, ...] = (), more: str = "") -> Page:
    """A page with these keys."""
    return Page(tuple(Entry(key, 0, 0.0) for key in keys), prefixes, more)


@pytest.mark.parametrize(
    ("pages", "given"),
    [
        ([page("p/b", "p/a")], "p/a"),
        ([page("p/a", "p/a")], "p/a"),
        ([page("p/b", more="1"), page("p/a")], "p/a"),
        ([page("p/a", more="1"), page("p/a")], "p/a"),
        ([page("q/a")], "q/a"),
        ([page(prefixes=("p/b/", "p/a/"))], "p/a/"),
        ([page(prefixes=("p/b/",), more="1"), page(prefixes=("p/a/",))], "p/a/"),
        ([page(prefixes=("q/",))], "q/"),
    ],
)
def test_a_listing_out_of_order_is_noticed(pages: list[Page], given: str) -> None:
    """Keys and beginnings that come twice, backwards or from elsewhere are believed by no reader."""
    with pytest.raises(StoreUnsafe, match=f"it gives '{given}'"):
        list(Store(Paging(*pages)).list_all("p/"))
    with pytest.raises(StoreUnsafe, match=f"it gives '{given}'"):
        list(Store(Paging(*pages)).prefixes("p/"))


def test_a_listing_that_goes_back_behind_its_beginning_is_noticed() -> None:
    """What was asked for from a key on holds nothing up to that key."""
    for key in ("p/a", "p/b"):
        with pytest.raises(StoreUnsafe):
            list(Store(Paging(page(key))).list_all("p/", after="p/b"))
    assert [entry.key for entry in Store(Paging(page("p/c"))).list_all("p/", after="p/b")] == ["p/c"]


def test_a_beginning_may_come_again_on_the_next_page_and_counts_once() -> None:
    """Below one beginning, keys that the bucket leaves out may end one page and begin the next."""
    pages = [page(prefixes=("p/a/",), more="1"), page(prefixes=("p/a/", "p/b/"))]
    assert list(Store(Paging(*pages)).prefixes("p/")) == ["p/a/", "p/b/"]


def test_empty_pages_are_followed_up_to_a_bound() -> None:
    """A thousand empty pages in a row may stand before one with something on it, and not one more."""
    row = [page(more=f"{number}") for number in range(MAX_EMPTY)]
    again = [page(more=f"again {number}") for number in range(MAX_EMPTY)]
    found = [*row, page("p/a", more="a"), *again, page("p/b", prefixes=("p/c/",))]
    assert [entry.key for entry in Store(Paging(*found)).list_all("p/")] == ["p/a", "p/b"]
    rolled = [*row, page(prefixes=("p/a/",), more="a"), *again, page(prefixes=("p/b/",))]
    assert list(Store(Paging(*rolled)).prefixes("p/")) == ["p/a/", "p/b/"]
    first = Store(Paging(*row, page("p/a"))).first("p/")
    assert first is not None and first.key == "p/a"
    with pytest.raises(StoreUnsafe, match="in circles"):
        list(Store(Paging(*row, page(more="one more"), page("p/a"))).list_all("p/"))


def test_a_page_that_leads_to_where_it_was_before_is_noticed() -> None:
    """Tokens that come again are a circle, also a long one with nothing on its pages, noticed at once."""
    store = Store(Paging(page(more="1"), page(more="2"), page(more="1")))
    with pytest.raises(StoreUnsafe, match="in circles"):
        list(store.list_all("p/"))
    assert store.requests == 3


def test_counts_requests_of_all_threads() -> None:
    """Every request is counted once, whichever thread sends it."""
    store = Store(MemoryBucket())

    def work(number: int) -> None:
        for n in range(200):
            store.create(f"{number}/{n}", b"")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.requests == 1600


@pytest.mark.parametrize(
    ("location", "command"),
    [
        ("/srv/packs", "rm /srv/packs/a/b"),
        ("s3://bucket/p?endpoint_url=https://h", "aws s3 rm s3://bucket/p/a/b --endpoint-url https://h"),
        ("gs://bucket/p", "gcloud storage rm gs://bucket/p/a/b"),
        (
            "azblob://packs/p?storage_account=ours",
            "az storage blob delete --account-name ours --container-name packs --name p/a/b",
        ),
    ],
)
def test_hints_delete_with_the_tool_of_the_store(location: str, command: str) -> None:
    """What an operator is told to type is a command of the store that the object is in."""
    assert open_store(location, cwd="/").deletion("a/b") == command
