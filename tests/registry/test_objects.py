"""What a registry's objects say, and what a client remembers of them."""

from __future__ import annotations

import pytest

from packreg.errors import IntegrityError, NotFound, Removed
from packreg.pack.version import Version
from packreg.registry.layout import SETTINGS, bundles_prefix, pack_prefix, record_key
from packreg.store.memory import MemoryBucket

from .packs import NOW, Memory, pack, record, ref, registry

V1 = Version("1.0.0")


def test_a_remembered_record_is_a_witness(home: MemoryBucket) -> None:
    """Each read asks the store; a record that is not the one that is remembered is refused, and named."""
    memory = Memory()
    known = registry(home, remembered=memory).record("guard", V1)
    reader = registry(home, remembered=memory)
    assert reader.record("guard", V1) == known
    assert reader.store.requests == 1
    key = record_key("guard", V1)
    memory.kept[key] = memory.kept[key].replace(known.digest.encode(), b"sha256:" + b"0" * 64)
    with pytest.raises(IntegrityError, match="is not the one that this machine knows") as raised:
        registry(home, remembered=memory).record("guard", V1)
    assert known.digest in str(raised.value) and key in raised.value.hint


def test_a_damaged_memory_is_no_memory(home: MemoryBucket) -> None:
    """What is remembered is checked as strictly as what is fetched, and then fetched."""
    memory = Memory()
    registry(home, remembered=memory).record("guard", V1)
    memory.kept = {key: data.replace(b"guard", b"other") for key, data in memory.kept.items()}
    assert registry(home, remembered=memory).record("guard", V1).name == "guard"


def test_a_remembered_release_that_was_removed_says_why(home: MemoryBucket) -> None:
    """The reader remembers the record, finds the bundle gone, and asks for the tombstone."""
    memory = Memory()
    kept = registry(home, remembered=memory).record("guard", V1)
    registry(home).remove("guard", V1, "leaked a key", "ann")
    reader = registry(home, remembered=memory)
    assert reader.record("guard", V1) == kept
    with pytest.raises(Removed, match=rf"guard@1\.0\.0 was removed: leaked a key \(ann, {NOW}\)"):
        reader.fetch(kept)


def test_a_remembered_release_of_a_registry_that_is_gone_is_not_found(home: MemoryBucket) -> None:
    """A registry that was deleted and made anew under the same URL is recognised as such."""
    memory = Memory()
    kept = registry(home, remembered=memory).record("guard", V1)
    fresh = MemoryBucket()
    registry(fresh).init()
    with pytest.raises(NotFound, match="though it was there once"):
        registry(fresh, remembered=memory).fetch(kept)


def test_a_release_without_its_bundle_counts_as_removed(home: MemoryBucket) -> None:
    """For whoever names it, for `latest`, and for whoever has its bytes; in a replica it may still arrive."""
    newest = registry(home).versions("guard").latest().version
    kept = registry(home).record("guard", newest)
    home.delete(kept.bundle_key)
    assert registry(home).versions("guard").by_version[newest].state == "removed"
    assert registry(home).resolve(ref("guard")).record.version < newest
    for ask in (registry(home).fetch, registry(home).not_removed):
        with pytest.raises(Removed, match="counts as removed"):
            ask(kept)
    home.delete(SETTINGS)
    registry(home).init("replica")
    registry(home).not_removed(kept)
    with pytest.raises(NotFound, match="not yet replicated"):
        registry(home).fetch(kept)


def test_a_record_at_the_key_of_another_release_is_refused(home: MemoryBucket) -> None:
    """Copying objects about inside a bucket cannot give a version another pack's content."""
    home.put_new("packs/guard/v/9.0.0", record().encode())
    home.put_new(f"bundles/guard/9.0.0/{'0' * 64}.tgz", b"")
    with pytest.raises(IntegrityError, match=r"it is the record of guard@1\.0\.0"):
        registry(home).resolve(ref("guard"))


def test_a_release_whose_bundle_has_not_arrived_in_a_replica_says_so(home: MemoryBucket) -> None:
    """Replication is per object: the record may come first."""
    replica = MemoryBucket()
    registry(replica).init("replica")
    for entry in home.list(pack_prefix("guard")).entries:
        replica.put_new(entry.key, home.get(entry.key, limit=1 << 20))
    reader = registry(replica)
    release = reader.resolve(ref("guard@1.0.0")).record
    with pytest.raises(NotFound, match="not yet replicated"):
        reader.fetch(release)
    for entry in home.list(bundles_prefix("guard")).entries:
        replica.put_new(entry.key, home.get(entry.key, limit=1 << 20))
    assert reader.files(release) == pack().files
