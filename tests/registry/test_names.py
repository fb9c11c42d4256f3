"""The names of a registry's packs."""

from __future__ import annotations

from packreg.store.memory import MemoryBucket

from .packs import registry


def test_the_packs_are_listed_in_order_and_what_is_none_is_not(home: MemoryBucket) -> None:
    """An object that somebody else put there makes no pack."""
    home.put_new("packs/readme", b"")
    home.put_new("packs/-x/v/1.0.0", b"")
    assert registry(home).packs() == ["guard", "other"]
