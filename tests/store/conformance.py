"""What every bucket must do: one suite, run for each kind and for each server.

A test module inherits `BucketConformance` and provides the fixture `bucket`, an empty one.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from packreg.errors import IntegrityError, NotFound, UsageError
from packreg.store.bucket import Bucket, Exists, Unsure
from packreg.store.chain import Chain
from packreg.store.probe import canary, plant_canary, probe
from packreg.store.store import Store

#: In the order of their bytes, with the traps: "-" and "." come before "/", digits and letters after it.
KEYS = (
    ".packreg/canary",
    "packs/a-b/v/1.0.0",
    "packs/a.b/v/1.0.0",
    "packs/a/v/1.0.0",
    "packs/a/v/1.0.0-rc.1",
    "packs/a/v/10.0.0",
    "packs/a/v/2.0.0",
    "packs/a/x/2.0.0",
    "packs/a0/v/1.0.0",
    "packs/a_b/v/1.0.0",
    "packs/ab/v/1.0.0",
    "registry.json",
)


class BucketConformance:
    """The tests; `bucket` is the subject."""

    def test_gives_back_what_was_put(self, bucket: Bucket) -> None:
        """The bytes of an object are those it was created with, whatever they are."""
        for number, data in enumerate((b"", b"x", bytes(range(256)) * 5, b"\r\n\0" * 100_000)):
            bucket.put_new(f"objects/{number}", data)
            assert bucket.get(f"objects/{number}", limit=1_000_000) == data

    def test_creates_only_once(self, bucket: Bucket) -> None:
        """A second creation is refused, also of the same bytes, and changes nothing."""
        bucket.put_new("a/b", b"first")
        for data in (b"second", b"first", b""):
            with pytest.raises(Exists):
                bucket.put_new("a/b", data)
        assert bucket.get("a/b", limit=10) == b"first"

    def test_absent_is_not_found(self, bucket: Bucket) -> None:
        """Reading what is not there says so, also beside and below what is there."""
        bucket.put_new("a/b", b"")
        for key in ("b", "a/c", "a/b/c", "a/b-"):
            with pytest.raises(NotFound):
                bucket.get(key, limit=10)

    def test_refuses_objects_over_the_limit(self, bucket: Bucket) -> None:
        """An object of exactly the limit is read, one byte more is refused."""
        bucket.put_new("a", b"12345")
        assert bucket.get("a", limit=5) == b"12345"
        with pytest.raises(IntegrityError):
            bucket.get("a", limit=4)
        bucket.put_new("big", bytes(3_000_000))
        assert len(bucket.get("big", limit=3_000_000)) == 3_000_000
        with pytest.raises(IntegrityError):
            bucket.get("big", limit=2_999_999)

    def test_deleting_frees_the_key(self, bucket: Bucket) -> None:
        """A deleted object is gone from reads and listings; deleting again, or nothing, is no error."""
        bucket.put_new("a/b/c", b"1")
        bucket.put_new("a/d", b"1")
        for _ in range(2):
            bucket.delete("a/b/c")
        bucket.delete("never/was")
        with pytest.raises(NotFound):
            bucket.get("a/b/c", limit=10)
        assert [entry.key for entry in bucket.list("").entries] == ["a/d"]
        assert bucket.list("a/", delimiter=True).prefixes == ()
        bucket.put_new("a/b/c", b"2")
        assert bucket.get("a/b/c", limit=10) == b"2"

    @pytest.mark.parametrize(
        "key", ["", "A", "a b", "../a", "a//b", "/a", "a/", ".a", "a/.b", "a.", "con", "é"]
    )
    def test_refuses_keys_that_break_the_rule(self, bucket: Bucket, key: str) -> None:
        """Every verb refuses a key that is not one plain spelling everywhere."""
        for verb in (
            lambda: bucket.put_new(key, b""),
            lambda: bucket.get(key, limit=1),
            lambda: bucket.delete(key),
        ):
            with pytest.raises(UsageError):
                verb()

    def test_lists_in_byte_order_with_sizes(self, bucket: Bucket) -> None:
        """A listing holds every key once, in the order of the bytes, with its size."""
        for number, key in enumerate(reversed(KEYS)):
            bucket.put_new(key, bytes(number))
        page = bucket.list("")
        assert [entry.key for entry in page.entries] == list(KEYS)
        assert [entry.size for entry in page.entries] == list(reversed(range(len(KEYS))))
        assert not page.more
        assert not page.prefixes

    def test_lists_by_prefix(self, bucket: Bucket) -> None:
        """A prefix may end anywhere, also inside a segment; one that nothing starts with gives nothing."""
        for key in KEYS:
            bucket.put_new(key, b"")
        for prefix in (
            "packs/",
            "packs/a",
            "packs/a/",
            "packs/a/v/1",
            "packs/a/v/1.0.0",
            "reg",
            "packs/zz/",
            "none",
        ):
            listed = [entry.key for entry in bucket.list(prefix).entries]
            assert listed == [key for key in KEYS if key.startswith(prefix)], prefix

    def test_lists_from_any_key_on(self, bucket: Bucket) -> None:
        """`after` leaves out everything up to a key, whether that key exists or not."""
        for key in KEYS:
            bucket.put_new(key, b"")
        for after in (*KEYS, "packs/a/", "packs/a/v/1.0.0~", "packs/a~", "a", "zzz"):
            listed = [entry.key for entry in bucket.list("", after=after).entries]
            assert listed == [key for key in KEYS if key > after], after

    @pytest.mark.parametrize("limit", [1, 2, 5, 11, 12, 13])
    def test_pages_cover_everything_once(self, bucket: Bucket, limit: int) -> None:
        """Following `more` visits every key exactly once, and no page exceeds the limit."""
        for key in KEYS:
            bucket.put_new(key, b"")
        seen: list[str] = []
        token = ""
        while True:
            page = bucket.list("", token=token, limit=limit)
            assert len(page.entries) <= limit
            seen += [entry.key for entry in page.entries]
            token = page.more
            if not token:
                break
        assert seen == list(KEYS)

    def test_pages_of_another_size_go_on_where_one_ended(self, bucket: Bucket) -> None:
        """A token holds for a page of any size, and for a listing that began behind a key."""
        for key in KEYS:
            bucket.put_new(key, b"")
        one = bucket.list("", after=KEYS[2], limit=1)
        two = bucket.list("", after=KEYS[2], token=one.more, limit=3)
        rest = bucket.list("", after=KEYS[2], token=two.more)
        assert [entry.key for page in (one, two, rest) for entry in page.entries] == list(KEYS[3:])

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
    def test_rolls_up_at_the_delimiter(self, bucket: Bucket, limit: int) -> None:
        """With a delimiter each beginning appears once over all pages, beside the keys without one."""
        for key in (*KEYS, "packs/b"):
            bucket.put_new(key, b"")
        entries: list[str] = []
        prefixes: list[str] = []
        token = ""
        while True:
            page = bucket.list("packs/", token=token, limit=limit, delimiter=True)
            assert len(page.entries) + len(page.prefixes) <= limit
            entries += [entry.key for entry in page.entries]
            prefixes += page.prefixes
            token = page.more
            if not token:
                break
        assert entries == ["packs/b"]
        assert prefixes == [f"packs/{name}/" for name in ("a-b", "a.b", "a", "a0", "a_b", "ab")]

    def test_one_winner_among_threads(self, bucket: Bucket) -> None:
        """Of many who create one object at once exactly one is told so, and its bytes are there."""
        for number in range(3):
            won: list[bytes] = []
            other: list[BaseException] = []
            barrier = threading.Barrier(12)

            def write(
                data: bytes, key: str, barrier: Any = barrier, won: Any = won, other: Any = other
            ) -> None:
                barrier.wait()
                try:
                    bucket.put_new(key, data)
                    won.append(data)
                except (Exists, Unsure) as failed:  # Ceph may answer 500 to one who comes second
                    other.append(failed)

            key = f"race/{number}"
            threads = [threading.Thread(target=write, args=(b"%d" % n, key)) for n in range(12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(won) == 1
            assert len(other) == 11
            assert bucket.get(key, limit=10) == won[0]

    def test_is_told_safe(self, bucket: Bucket) -> None:
        """The probe approves of it and leaves nothing behind."""
        verdict = probe(bucket, rounds=3, writers=8)
        assert verdict.ok, verdict.reason
        assert not bucket.list("").entries

    def test_canary_sings(self, bucket: Bucket) -> None:
        """The canary costs one request and finds nothing wrong."""
        store = Store(bucket)
        plant_canary(store)
        before = store.requests
        canary(store)
        assert store.requests - before == 1

    def test_holds_chains(self, bucket: Bucket) -> None:
        """Revisions come back newest first, and the newest costs three requests."""
        store = Store(bucket)
        chain = Chain(store, "governance")
        assert chain.head() is None
        for number in range(12):
            chain.append(lambda last: (last.value if last else b"") + b"+", attempt_id=f"attempt-{number}")
        before = store.requests
        head = chain.head()
        assert store.requests - before == 3
        assert head is not None
        assert (head.number, head.value) == (12, b"+" * 12)
        assert [revision.number for revision in chain.history()] == list(range(12, 0, -1))

    def test_names_itself(self, bucket: Bucket) -> None:
        """The description says where it is."""
        assert ":" in bucket.describe()
