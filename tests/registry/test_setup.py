"""A place becomes a registry once, by a person, and keeps its role."""

from __future__ import annotations

import pytest

from packreg.errors import StoreRefused
from packreg.pack.version import Version
from packreg.registry.layout import SETTINGS
from packreg.store.location import StoreLocation
from packreg.store.memory import MemoryBucket

from .buckets import Tapped, once
from .packs import LOCAL, S3, Memory, publish, registry

V1 = Version("1.0.0")


def test_init_again_is_success_and_changes_nothing() -> None:
    """A second init finds what the first one made."""
    bucket = MemoryBucket()
    first = registry(bucket).init()
    again = registry(bucket, who="other").init()
    assert (first.already, again.already) == (False, True)
    assert again.settings == first.settings


def test_two_inits_at_once_agree() -> None:
    """The one that comes second takes what the first one wrote."""
    bucket = MemoryBucket()
    meanwhile = once("put_new", SETTINGS, lambda: registry(bucket, who="b").init())
    result = registry(Tapped(bucket, before=meanwhile), who="a").init()
    assert result.already
    assert result.settings.id == "b-1"
    assert registry(bucket).settings() == result.settings


@pytest.mark.parametrize("location", [LOCAL, S3])
def test_a_registry_has_to_be_initialised_by_a_person(location: StoreLocation) -> None:
    """Nobody turns a place into a registry by a typing error in its name, or because a mount is gone."""
    bucket = MemoryBucket()
    assert registry(bucket, location=location).packs() == []
    with pytest.raises(StoreRefused, match="there is no registry") as caught:
        publish(registry(bucket, location=location))
    assert "packreg init" in caught.value.hint
    assert bucket.list("").entries == ()
    registry(bucket, location=location).init()
    publish(registry(bucket, location=location))


def test_a_replica_takes_no_writes() -> None:
    """Publishing, yanking, removing and collecting all name the role, and leave no object behind."""
    bucket = MemoryBucket()
    replica = registry(bucket, location=S3)
    replica.init("replica")
    for write in (
        lambda: publish(replica),
        lambda: replica.yank("guard", V1, "why", "ann"),
        lambda: replica.restore("guard", V1, "why", "ann"),
        lambda: replica.remove("guard", V1, "why", "ann"),
        lambda: list(replica.collect([])),
    ):
        with pytest.raises(StoreRefused, match="is a replica: it is read only"):
            write()
    assert [entry.key for entry in bucket.list("").entries] == [SETTINGS]


def test_a_registry_keeps_its_role() -> None:
    """Two-way replication would break "used once"; so a role is not changed in passing."""
    bucket = MemoryBucket()
    registry(bucket).init()
    with pytest.raises(StoreRefused, match="is a home already, not a replica"):
        registry(bucket).init("replica")


def test_a_promoted_replica_is_not_refused_from_memory() -> None:
    """A client that remembers the replica asks again before it refuses to publish."""
    bucket = MemoryBucket()
    memory = Memory()
    registry(bucket, location=S3).init("replica")
    with pytest.raises(StoreRefused):
        publish(registry(bucket, location=S3, remembered=memory))
    bucket.delete(SETTINGS)
    registry(bucket, location=S3).init()
    publish(registry(bucket, location=S3, remembered=memory))
