"""Which backends have a stack."""

from __future__ import annotations

import pytest

from packreg.errors import IntegrityError
from packreg.registry import layout
from packreg.registry.holders import Holder, Holders, read_holder
from packreg.store.memory import MemoryBucket
from packreg.store.store import Store

SHOP = "organization/shop/dev"
ONE, TWO = "1" * 32, "2" * 32


@pytest.fixture
def store() -> Store:
    """An empty store."""
    return Store(MemoryBucket())


def test_a_name_belongs_to_every_backend_that_was_seen_with_it(store: Store) -> None:
    """Backends add up, for each stack by itself, and adding one again changes nothing."""
    holders = Holders(store)
    for backend, shown in ((ONE, "s3://a"), (TWO, "s3://b"), (ONE, "s3://renamed")):
        holders.add(SHOP, backend, shown)
    holders.add("organization/shop/dev2", TWO, "s3://b")
    assert holders.of(SHOP) == {ONE, TWO}
    assert holders.of("organization/shop/de") == frozenset()
    assert holders.all() == {
        layout.entity_segment("stack", SHOP): {ONE, TWO},
        layout.entity_segment("stack", "organization/shop/dev2"): {TWO},
    }
    assert read_holder(store, layout.stack_key(SHOP, ONE)) == Holder(SHOP, "s3://a")


def test_what_is_no_holder_holds_nothing(store: Store) -> None:
    """An object that packreg would not have written there takes a stack from nobody."""
    store.create(f"{layout.stack_prefix(SHOP)}readme.txt", b"")
    assert Holders(store).of(SHOP) == frozenset()
    assert Holders(store).all() == {}


def test_a_backend_is_named_even_where_its_object_is_damaged(store: Store) -> None:
    """A message shows the URL, or the digest where there is none; `verify` is told what is wrong."""
    holders = Holders(store)
    assert holders.shown(SHOP, ONE) == ONE
    holders.add(SHOP, ONE, "s3://a\x1b[2J")
    assert holders.shown(SHOP, ONE) == "s3://a"
    key = layout.stack_key(SHOP, TWO)
    store.create(key, b'{"format": 1, "stack": 7, "backend": "s3://b"}')
    assert (holders.of(SHOP), holders.shown(SHOP, TWO)) == ({ONE, TWO}, TWO)
    with pytest.raises(IntegrityError, match="stack: it is not a str"):
        read_holder(store, key)
