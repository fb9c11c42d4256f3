"""Chains of revisions: order, form, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from packreg.errors import ChangedMeanwhile, IntegrityError, NotFound, UsageError
from packreg.store import chain as chain_module
from packreg.store.chain import Chain, Revision
from packreg.store.memory import MemoryBucket
from packreg.store.store import Store


@pytest.fixture
def store() -> Store:
    """An empty store."""
    return Store(MemoryBucket())


@pytest.fixture
def chain(store: Store) -> Chain:
    """A chain of three revisions: one, two, three."""
    chain = Chain(store, "environments/prod")
    for word in ("one", "two", "three"):
        chain.append(lambda _, word=word: word.encode(), attempt_id=f"attempt-{word}")  # type: ignore[misc]
    return chain


def test_an_empty_chain_has_no_head(store: Store) -> None:
    """Nothing is there before the first revision, and asking costs one request."""
    assert Chain(store, "x").head() is None
    assert store.requests == 1
    assert list(Chain(store, "x").history()) == []


def test_keys_count_down(chain: Chain, store: Store) -> None:
    """The newest revision has the least key, in twelve digits."""
    assert [entry.key for entry in store.list_all("")] == [
        "environments/prod/999999999996.json",
        "environments/prod/999999999997.json",
        "environments/prod/999999999998.json",
    ]


def test_revisions_are_read_by_number(chain: Chain) -> None:
    """Every revision stays readable, with the digest of the one before it."""
    one, two, three = (chain.at(number) for number in (1, 2, 3))
    assert [revision.value for revision in (one, two, three)] == [b"one", b"two", b"three"]
    assert (one.previous, two.previous, three.previous) == ("", one.digest, two.digest)
    assert three.attempt == "attempt-three"
    assert chain.head() == three
    assert chain.head(linked=False) == three
    with pytest.raises(NotFound):
        chain.at(4)
    for number in (0, -1, 10**12):
        with pytest.raises(UsageError):
            chain.at(number)


def test_the_object_is_readable_by_people(store: Store) -> None:
    """A revision is a JSON object with the document as text."""
    chain = Chain(store, "x")
    chain.append(lambda _: "packs: [ä]\n".encode(), attempt_id="a1")
    data = store.get(chain.key(1))
    assert json.loads(data) == {"number": 1, "previous": "", "attempt": "a1", "value": "packs: [ä]\n"}
    assert "ä" in data.decode()


def test_a_loser_edits_the_winners_revision(chain: Chain, store: Store) -> None:
    """Who comes second is called again with the first one's document, and loses nothing of it."""
    seen: list[bytes] = []

    def edit(last: Revision | None) -> bytes:
        assert last is not None
        seen.append(last.value)
        if len(seen) == 1:
            chain.append(lambda newest: b"fast", attempt_id="fast")
        return last.value + b" and slow"

    revision = chain.append(edit, attempt_id="slow")
    assert seen == [b"three", b"fast"]
    assert (revision.number, revision.value) == (5, b"fast and slow")


def test_an_edit_may_give_up(chain: Chain) -> None:
    """What `edit` raises reaches the caller, and nothing is added."""

    def edit(_: Revision | None) -> bytes:
        raise ChangedMeanwhile("not any more")

    with pytest.raises(ChangedMeanwhile, match="not any more"):
        chain.append(edit, attempt_id="x")
    head = chain.head()
    assert head is not None
    assert head.number == 3


def test_endless_rivals_are_an_error(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is always second is told so in the end."""
    monkeypatch.setattr(chain_module, "MAX_LOST", 5)
    calls = [0]

    def edit(_: Revision | None) -> bytes:
        calls[0] += 1
        chain.append(lambda newest: b"rival", attempt_id=f"rival-{calls[0]}")
        return b"mine"

    with pytest.raises(ChangedMeanwhile, match="5 times"):
        chain.append(edit, attempt_id="mine")


def test_refuses_what_is_no_document(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that are no text or too many, and ids that are none, are refused before anything is sent."""
    with pytest.raises(UsageError, match="UTF-8"):
        chain.append(lambda _: b"\xff", attempt_id="x")
    monkeypatch.setattr(chain_module, "MAX_REVISION", 300)
    with pytest.raises(UsageError, match="more than"):
        chain.append(lambda _: bytes(300), attempt_id="x")
    for attempt in ("", "a b", "x" * 101, 'quote"'):
        with pytest.raises(UsageError):
            chain.append(lambda _: b"", attempt_id=attempt)


def _fields(**changes: Any) -> dict[str, Any]:
    return {"number": 4, "previous": "0" * 64, "attempt": "x", "value": "four", **changes}


def _written(**changes: Any) -> bytes:
    return json.dumps(_fields(**changes), ensure_ascii=False, indent=1).encode() + b"\n"


HOSTILE: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    json.dumps(_fields()).encode(),
    _written()[:-1],
    _written() + b"\n",
    _written(number=5),
    _written(number="4"),
    _written(number=True),
    _written(number=4.0),
    _written(previous=""),
    _written(previous="0" * 63 + "G"),
    _written(previous=None),
    _written(attempt=""),
    _written(attempt=7),
    _written(attempt="a b"),
    _written(value=None),
    _written(value={"a": 1}),
    _written(extra=1),
    _written().replace(b'"attempt": "x",', b'"attempt": "y",\n "attempt": "x",'),
    _written().replace(b'"four"', b'"\\ud800"'),
    _written().replace(b'"number": 4', b'"number": 04'),
    _written().replace(b'"number": 4', b'"number": ' + b"4" * 10_000),
    _written().replace(b'"four"', b'"fou\\u0072"'),
]


@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: repr(data[:40]))
def test_hostile_revisions_are_refused(chain: Chain, store: Store, data: bytes) -> None:
    """What packreg would not have written is no revision, for readers and for writers."""
    store.create(chain.key(4), data)
    operations: list[Callable[[], object]] = [
        chain.head,
        lambda: chain.at(4),
        lambda: chain.append(lambda _: b"next", attempt_id="x"),
        lambda: list(chain.history()),
    ]
    for operation in operations:
        with pytest.raises(IntegrityError):
            operation()


def test_a_well_formed_stranger_is_found_by_its_link(chain: Chain, store: Store) -> None:
    """A revision that was not made from the one before it is noticed by the history and by a rival."""
    forged = _written()

    def edit(last: Revision | None) -> bytes:
        store.create(chain.key(4), forged)
        return b"mine"

    with pytest.raises(IntegrityError, match="not made from"):
        chain.append(edit, attempt_id="x")
    with pytest.raises(IntegrityError, match="not made from"):
        list(chain.history())


@pytest.mark.parametrize(("number", "missing"), [(2, 2), (1, 1)])
def test_a_deleted_revision_is_missed(chain: Chain, store: Store, number: int, missing: int) -> None:
    """A gap in the chain, also at its beginning, is an error of the history."""
    store.delete(chain.key(number))
    with pytest.raises(IntegrityError, match=f"revision {missing} of environments/prod is missing"):
        list(chain.history())


@pytest.mark.parametrize(
    "name", ["-", "0", "readme", "999999999999.json", "00000000000.json", "000/1.json", "1.txt"]
)
def test_strangers_hide_no_revision(chain: Chain, store: Store, name: str) -> None:
    """An object that is no revision is passed over, wherever it sorts, and can be named."""
    key = f"environments/prod/{name}"
    store.create(key, b"")
    for expected in (3, 4):
        head = chain.head()
        assert head is not None
        assert head.number == expected
        assert [revision.number for revision in chain.history()] == list(range(expected, 0, -1))
        chain.append(lambda _: b"next", attempt_id=f"x{expected}")
    assert list(chain.strangers()) == [key]
    store.create("other/0", b"")
    assert Chain(store, "other").head() is None


def test_a_crowd_of_strangers_stops_with_the_first(
    chain: Chain, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever fills the place with other objects is told of, instead of being read for ever."""
    monkeypatch.setattr(chain_module, "MAX_STRANGERS", 5)
    for number in range(7):
        store.create(f"environments/prod/-{number}", b"")
    with pytest.raises(IntegrityError, match=r"more than 5 objects .* the first is environments/prod/-0"):
        chain.head()


@pytest.mark.parametrize("number", [5, 500, 10**12 - 1])
def test_a_head_behind_a_gap_does_not_count(chain: Chain, store: Store, number: int) -> None:
    """A forged revision with a number far away is neither followed nor appended to, and named."""
    store.create(chain.key(number), _written(number=number))
    for operation in (chain.head, lambda: chain.append(lambda _: b"mine", attempt_id="x")):
        with pytest.raises(IntegrityError, match=f"there is no revision {number - 1}") as stopped:
            operation()
        assert chain.key(number) in str(stopped.value)
        assert f"memory:/{chain.key(number)}" in stopped.value.hint
    store.delete(chain.key(number))
    assert chain.head() == chain.at(3)


def test_a_head_that_continues_another_revision_does_not_count(chain: Chain, store: Store) -> None:
    """A forged next revision, and an exchanged one before the newest, stop readers and writers."""
    store.create(chain.key(4), _written())
    for operation in (chain.head, lambda: chain.append(lambda _: b"mine", attempt_id="x")):
        with pytest.raises(IntegrityError, match="was not made from revision 3"):
            operation()
    store.delete(chain.key(4))
    store.delete(chain.key(2))
    store.create(chain.key(2), b"anything")
    with pytest.raises(IntegrityError, match="was not made from revision 2"):
        chain.head()


def test_listed_and_gone_is_an_error(chain: Chain, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision that is listed and cannot be read is not taken for an empty chain."""

    def gone(key: str, limit: int = 0) -> bytes:
        raise NotFound(key)

    monkeypatch.setattr(store, "get", gone)
    with pytest.raises(IntegrityError, match="listed"):
        chain.head()


def test_a_stale_listing_does_no_harm(store: Store, chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is led to an old revision meets taken numbers and walks forward to the newest."""
    old = chain.at(1)
    monkeypatch.setattr(chain, "head", lambda: old)
    revision = chain.append(lambda last: (last.value if last else b"") + b"!", attempt_id="x")
    assert (revision.number, revision.value) == (4, b"three!")


def test_the_second_revision_has_to_continue_the_first(store: Store) -> None:
    """The shortest chain that can be forged is looked at, too."""
    chain = Chain(store, "environments/prod")
    chain.append(lambda _: b"one", attempt_id="x")
    store.create(chain.key(2), _written(number=2))
    with pytest.raises(IntegrityError, match="was not made from revision 1"):
        chain.head()
