"""The bucket in memory, beyond what the conformance suite asks of every bucket: its clock."""

from __future__ import annotations

import pytest

from packreg.store.bucket import Exists
from packreg.store.memory import MemoryBucket


def test_listings_show_the_time_of_its_clock() -> None:
    """An object's time is what the clock said when it was created, and a refused create leaves it."""
    now = [5.0]
    bucket = MemoryBucket(now=lambda: now[0])
    bucket.put_new("a", b"1")
    now[0] = 9.0
    with pytest.raises(Exists):
        bucket.put_new("a", b"2")
    assert [(entry.key, entry.modified) for entry in bucket.list("").entries] == [("a", 5.0)]
    assert (bucket.own_times, bucket.clock()) == (True, 9.0)


def test_without_a_clock_it_has_no_times() -> None:
    """Nobody takes its zeros for times."""
    bucket = MemoryBucket()
    bucket.put_new("a", b"1")
    assert (bucket.own_times, bucket.clock()) == (False, None)
    assert bucket.list("").entries[0].modified == 0


def test_what_was_put_does_not_change_with_its_source() -> None:
    """An object is the bytes of the moment when it was created."""
    data = bytearray(b"one")
    bucket = MemoryBucket()
    bucket.put_new("a", data)
    data[:] = b"two"
    assert bucket.get("a", limit=10) == b"one"
