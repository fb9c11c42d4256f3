"""The chains of entries that order reports: order, form, races, and what is refused."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import IntegrityError, NotFound, StoreRefused
from packreg.registry.layout import entity_segment, read_entity_segment
from packreg.registry.run_entries import RunEntries, RunEntry
from packreg.store.bucket import Bucket
from packreg.store.local import LocalBucket
from packreg.store.memory import MemoryBucket
from packreg.store.s3 import S3Bucket
from packreg.store.store import Store
from packreg.store.url import parse_location
from tests.store.conftest import aws, s3_endpoint, s3_url
from tests.store.faulty import FaultyBucket

__all__ = ["aws", "s3_endpoint", "s3_url"]


class Somebody(NamedTuple):
    """A stack or an account."""

    kind: Literal["stack", "account"]
    name: str


SHOP = Somebody("stack", "organization/shop/prod")
_ids = itertools.count()


def entry(id: str, kind: str = "report", entity: Somebody = SHOP) -> RunEntry:
    """An entry of an update."""
    made = RunEntry(kind, "update", entity.kind, entity.name, id)
    if kind != "report":
        return made
    segment = entity_segment(entity.kind, entity.name)
    return replace(made, report=f"reports/update/{segment}/{id}.json.gz", digest=f"sha256:{'a' * 64}")


def entries(bucket: Bucket, now: Callable[[], str] = lambda: "2026-06-01T10:00:00.000000Z") -> RunEntries:
    """The chains in a bucket, written at the same moment over and over."""
    return RunEntries(Store(bucket, deadline=600.0, sleep=lambda _: None), now=now, new_id=_new_id)


def _new_id() -> str:
    return f"attempt-{next(_ids)}"


@pytest.fixture(params=["memory", "local", "s3"])
def bucket(request: pytest.FixtureRequest, tmp_path: Any) -> Bucket:
    """An empty bucket of each kind."""
    if request.param == "memory":
        return MemoryBucket()
    if request.param == "local":
        return LocalBucket(str(tmp_path / "registry"))
    return S3Bucket(parse_location(request.getfixturevalue("s3_url"), cwd=tmp_path))


def test_the_chain_orders_and_no_clock(bucket: Bucket) -> None:
    """What was entered last is the newest, however the clocks of those who entered it stood."""
    times = iter(
        ["2027-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.000000Z", "2026-06-01T00:00:00.000000Z"]
    )
    chains = entries(bucket, lambda: next(times))
    for id in ("one", "two", "three"):
        chains.append(entry(id))
    assert [each.entry.id for each in chains.history("update", SHOP)] == ["three", "two", "one"]
    newest = chains.newest("update", SHOP)
    assert newest is not None and (newest.number, newest.entry.id) == (3, "three")
    assert newest.entry.time == "2026-06-01T00:00:00.000000Z"
    assert chains.at("update", SHOP, 1).entry.id == "one"
    with pytest.raises(NotFound):
        chains.at("update", SHOP, 4)
    assert chains.newest("preview", SHOP) is None


def test_writers_at_once_lose_nothing(bucket: Bucket) -> None:
    """Everybody's entry has a number of its own, none is there twice, and the links hold."""
    chains = entries(bucket)
    ids = [f"run-{number}" for number in range(16)]
    barrier = threading.Barrier(len(ids))
    failures: list[BaseException] = []

    def write(id: str) -> None:
        barrier.wait()
        try:
            chains.append(entry(id))
        except BaseException as failed:
            failures.append(failed)

    threads = [threading.Thread(target=write, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    history = list(chains.history("update", SHOP))
    assert sorted(each.entry.id for each in history) == sorted(ids)
    assert [each.number for each in history] == list(range(16, 0, -1))


@given(st.integers(0, 2**32), st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12))
def test_lost_replies_and_late_writes_lose_nothing(seed: int, writers: list[str]) -> None:
    """On a store that loses replies every acknowledged entry is there once, in the order of the calls."""
    faulty = FaultyBucket.seeded(MemoryBucket(), seed, 0.4)
    chains = entries(faulty)
    done = []
    for number, writer in enumerate(writers):
        chains.append(entry(f"{writer}-{number}"))
        done.append(f"{writer}-{number}")
    faulty.settle()
    found = [each.entry.id for each in entries(faulty.inner).history("update", SHOP)]
    assert found == done[::-1]


def test_what_is_the_newest_already_is_not_entered_again(bucket: Bucket) -> None:
    """A run that is made again with its id leaves one entry; its beginning and its report are two."""
    chains = entries(bucket)
    chains.append(entry("one", "begun"))
    first = chains.append(entry("one"))
    assert chains.append(entry("one")).number == first.number == 2
    assert [each.entry.kind for each in chains.history("update", SHOP)] == ["report", "begun"]


def test_reports_from_before_the_chain_are_listed_first(bucket: Bucket) -> None:
    """The first entry names what was there, so that what is added to it later is told from that."""
    place = f"reports/update/{entity_segment(*SHOP)}"
    bucket.put_new(f"{place}/old.json.gz", b"old")
    chains = entries(bucket)
    bucket.put_new(entry("one").report, b"new")
    assert chains.append(entry("one")).number == 2
    chains.append(entry("two"))
    *_, before = chains.history("update", SHOP)
    assert (before.entry.kind, before.entry.names) == ("before", ("old.json.gz",))
    assert chains.reports("update", SHOP) == [f"{place}/old.json.gz", f"{place}/one.json.gz"]


def test_the_newest_costs_no_more_with_many(bucket: Bucket) -> None:
    """Reading the newest of 30 takes as many requests as reading the newest of two."""
    store = Store(bucket)
    chains = RunEntries(store, now=lambda: "2026-06-01T10:00:00.000000Z", new_id=_new_id)

    def cost() -> int:
        before = store.requests
        chains.newest("update", SHOP)
        return store.requests - before

    chains.append(entry("a"))
    chains.append(entry("b"))
    two = cost()
    for number in range(28):
        chains.append(entry(f"c-{number}"))
    assert cost() == two <= 3


def test_everyone_with_entries_is_listed(bucket: Bucket) -> None:
    """By the name, also one that is too long for a key."""
    long = Somebody("account", "aws/" + "x" * 300)
    chains = entries(bucket)
    chains.append(entry("one"))
    chains.append(entry("two", entity=long))
    damaged: list[object] = []
    bucket.put_new(f"runs/update/{'y' * 150}/999999999998.json", b"{}")
    assert set(chains.entities("update", damaged.append)) == {SHOP, long}
    assert list(chains.entities("audit", damaged.append)) == []
    assert len(damaged) == 1, "one that cannot be read stops no other"
    assert read_entity_segment(entity_segment(*SHOP)) == SHOP


def stored(bucket: MemoryBucket) -> tuple[str, dict[str, Any]]:
    """The key and the members of the one entry in a bucket."""
    [only] = bucket.list("runs/").entries
    return only.key, json.loads(json.loads(bucket.get(only.key, limit=10_000))["value"])


def rewritten(key: str, members: object, target: MemoryBucket) -> RunEntries:
    """Chains in which that stands at a key, as the first revision."""
    text = members if isinstance(members, str) else json.dumps(members, separators=(",", ":"))
    fields = {"number": 1, "previous": "", "attempt": "a", "value": text}
    target.put_new(key, json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n")
    return entries(target)


def test_members_and_kinds_of_newer_packregs_are_passed_over() -> None:
    """A reader that does not know a member or a kind still knows the entry; a newer format stops it."""
    bucket = MemoryBucket()
    entries(bucket).append(entry("one"))
    key, members = stored(bucket)
    newer = rewritten(key, {**members, "kind": "sealed", "more": [1]}, MemoryBucket()).newest("update", SHOP)
    assert newer is not None and (newer.entry.kind, newer.entry.id) == ("sealed", "one")
    with pytest.raises(StoreRefused):
        rewritten(key, {**members, "format": 2}, MemoryBucket()).newest("update", SHOP)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("kind", "REPORT"),
        ("kind", None),
        ("run", "audit"),
        ("entity", {"kind": "stack", "name": "organization/shop/dev"}),
        ("entity", {"kind": "cloud", "name": "organization/shop/prod"}),
        ("entity", "organization/shop/prod"),
        ("id", "../x"),
        ("time", "2026-19-01T10:00:00.000000Z"),
        ("time", "yesterday"),
        ("report", "reports/update/stack.organization.shop.dev/one.json.gz"),
        ("report", "governance/999999999998.json"),
        ("report", 1),
        ("digest", "a" * 64),
        ("format", "1"),
    ],
)
def test_an_entry_that_does_not_fit_its_place_is_refused(member: str, value: object) -> None:
    """One of another stack or run, one that names another stack's report, one with a wrong form."""
    bucket = MemoryBucket()
    entries(bucket).append(entry("one"))
    key, members = stored(bucket)
    chains = rewritten(key, {**members, member: value}, MemoryBucket())
    with pytest.raises(IntegrityError, match="999999999998"):
        chains.newest("update", SHOP)


def test_what_is_no_entry_is_refused() -> None:
    """Text that is no JSON object where an entry belongs is an error that names the place."""
    bucket = MemoryBucket()
    entries(bucket).append(entry("one"))
    key, _ = stored(bucket)
    with pytest.raises(IntegrityError, match="999999999998"):
        rewritten(key, "what", MemoryBucket()).newest("update", SHOP)
