"""Resolving and fetching, the roles of a registry, and what readers remember."""

from __future__ import annotations

import pytest

from packreg.errors import IntegrityError, NotFound, Removed, StoreRefused
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.layout import SETTINGS, bundles_prefix, pack_prefix, record_key
from packreg.registry.maintenance import Standing
from packreg.registry.settings import Settings
from packreg.store.memory import MemoryBucket
from packreg.store.url import StoreLocation

from .buckets import Tapped, once
from .packs import LOCAL, NOW, S3, Memory, bundle, founded, pack, publish, record, registry

V1 = Version("1.0.0")


@pytest.fixture
def home() -> MemoryBucket:
    """A registry with three versions of one pack, the last of them yanked, and another pack."""
    bucket = MemoryBucket()
    target = founded(bucket)
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        publish(target, "guard", version)
    publish(target, "other", "0.1.0")
    target.yank("guard", Version("1.2.0"), "too strict", "ann")
    return bucket


def ref(text: str) -> Reference:
    """A reference from its text."""
    return Reference.parse(text)


@pytest.mark.parametrize(
    ("text", "version"),
    [("guard", "1.1.0"), ("guard@1.0.0", "1.0.0"), ("guard@^1.0", "1.1.0"), ("guard@1.2.0", "1.2.0")],
)
def test_a_reference_means_one_release(home: MemoryBucket, text: str, version: str) -> None:
    """Latest and ranges skip what is yanked; an exact version does not."""
    assert registry(home).resolve(ref(text)).record.version.text == version


def test_an_exact_version_that_is_yanked_comes_with_the_reason(home: MemoryBucket) -> None:
    """Who pinned it keeps it, and hears who said what against it."""
    assert registry(home).resolve(ref("guard@1.2.0")).yanked == f"too strict (ann, {NOW})"
    assert registry(home).resolve(ref("guard@1.1.0")).yanked == ""
    assert registry(home).resolve(ref("guard@1.2.0"), warn=False).yanked == ""


def test_a_digest_means_the_release_with_this_identity(home: MemoryBucket) -> None:
    """Yanked or not, and with the reason if it is."""
    for version, yanked in (("1.0.0", ""), ("1.2.0", f"too strict (ann, {NOW})")):
        found = registry(home).resolve(ref(f"guard@{bundle(version=version).digest}"))
        assert (found.record.version.text, found.yanked) == (version, yanked)
    with pytest.raises(NotFound, match="no version of guard has the identity"):
        registry(home).resolve(ref("guard@sha256:" + "0" * 64))


def test_the_digest_of_a_removed_release_says_so(home: MemoryBucket) -> None:
    """It was there, which is not the same as never having been there."""
    registry(home).remove("guard", V1, "leaked a key", "ann")
    with pytest.raises(Removed):
        registry(home).resolve(ref(f"guard@{bundle().digest}"))


@pytest.mark.parametrize("text", ["nothing", "nothing@1.0.0", "nothing@^1"])
def test_an_absent_pack_is_not_found(home: MemoryBucket, text: str) -> None:
    """Whatever was asked of it."""
    with pytest.raises(NotFound, match="no pack 'nothing'"):
        registry(home).resolve(ref(text))


def test_an_absent_version_is_answered_with_what_there_is(home: MemoryBucket) -> None:
    """The message names the versions."""
    with pytest.raises(NotFound, match=r"no version 3\.0\.0; there is 1\.0\.0, 1\.1\.0, 1\.2\.0"):
        registry(home).resolve(ref("guard@3.0.0"))


def test_the_packs_are_listed_in_order_and_what_is_none_is_not(home: MemoryBucket) -> None:
    """An object that somebody else put there makes no pack."""
    home.put_new("packs/readme", b"")
    home.put_new("packs/-x/v/1.0.0", b"")
    assert registry(home).packs() == ["guard", "other"]


def test_the_requests_of_reading_are_counted(home: MemoryBucket) -> None:
    """Exact: record and bundle. Latest: two listings more. Versions two listings, packs and yanks one."""

    def count(text: str) -> int:
        reader = registry(home, location=S3)
        reader.files(reader.resolve(ref(text), warn=False).record)
        return reader.store.requests

    assert (count("guard@1.0.0"), count("guard"), count("guard@^1")) == (2, 4, 4)
    reader = registry(home)
    reader.versions("guard")
    reader.packs()
    reader.yanked("guard", V1)
    assert reader.store.requests == 4


def test_versions_take_one_request_per_thousand_keys() -> None:
    """A pack with 2,500 versions is listed in three requests, and its bundles in three."""
    bucket = MemoryBucket()
    for number in range(2500):
        bucket.put_new(f"packs/guard/v/1.0.{number}", b"")
        bucket.put_new(f"bundles/guard/1.0.{number}/{'0' * 64}.tgz", b"")
    reader = registry(bucket)
    assert len(reader.versions("guard").versions("published")) == 2500
    assert reader.store.requests == 6


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


@pytest.mark.parametrize("size", [0, 10, 500])
def test_a_bundle_that_was_replaced_is_never_returned(home: MemoryBucket, size: int) -> None:
    """Shorter, longer or forged."""
    kept = registry(home).record("guard", V1)
    home.delete(kept.bundle_key)
    home.put_new(kept.bundle_key, b"x" * size)
    with pytest.raises(IntegrityError):
        registry(home).fetch(kept)
    home.delete(kept.bundle_key)
    home.put_new(kept.bundle_key, b"x" * kept.bundle_size)
    with pytest.raises(IntegrityError, match="has the sha256"):
        registry(home).fetch(kept)


def test_a_record_at_the_key_of_another_release_is_refused(home: MemoryBucket) -> None:
    """Copying objects about inside a bucket cannot give a version another pack's content."""
    home.put_new("packs/guard/v/9.0.0", record().encode())
    home.put_new(f"bundles/guard/9.0.0/{'0' * 64}.tgz", b"")
    with pytest.raises(IntegrityError, match=r"it is the record of guard@1\.0\.0"):
        registry(home).resolve(ref("guard"))


# What a registry is


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


def test_a_registry_of_a_newer_format_is_refused() -> None:
    """By everything that writes, and by readers instead of "no such pack"."""
    bucket = MemoryBucket()
    newer = Settings("id", "home", NOW, {}).encode().replace(b'"format": 1', b'"format": 2')
    bucket.put_new(SETTINGS, newer)
    target = registry(bucket)
    for ask in (
        target.init,
        lambda: publish(target),
        lambda: target.resolve(ref("guard")),
        lambda: target.yank("guard", V1, "why", "ann"),
    ):
        with pytest.raises(StoreRefused, match="was written in format 2"):
            ask()


def test_a_pack_beyond_the_limits_of_the_reader_is_refused(home: MemoryBucket) -> None:
    """Operators set how large a pack may be, for readers too."""
    from packreg.pack.files import Limits

    reader = registry(home)
    reader.limits = Limits(unpacked=10)
    with pytest.raises(IntegrityError, match="cannot be read"):
        reader.files(reader.record("guard", V1))


def test_a_record_with_policies_of_a_newer_packreg_is_installed(home: MemoryBucket) -> None:
    """Unknown members change nothing for an older reader."""
    import json

    members = record("guard", "1.1.0")._replace(lock=None).as_json() | {"policies": [1]}
    home.delete("packs/guard/v/1.1.0")
    home.put_new("packs/guard/v/1.1.0", json.dumps(members).encode())
    reader = registry(home)
    assert reader.files(reader.resolve(ref("guard")).record)


def test_how_a_release_stands(home: MemoryBucket) -> None:
    """Published, yanked and removed releases are told apart, with what was said of them."""
    target = registry(home)
    assert target.standing("guard", Version("1.1.0")) == Standing("published")
    assert str(target.standing("guard", Version("1.2.0")).notice) == f"too strict (ann, {NOW})"
    target.remove("guard", Version("1.1.0"), "a secret", "ann")
    found = target.standing("guard", Version("1.1.0"))
    assert (found.state, str(found.notice)) == ("removed", f"a secret (ann, {NOW})")
    with pytest.raises(Removed, match="a secret"):
        target.not_removed(target.record("guard", Version("1.1.0")))
    target.not_removed(target.record("guard", Version("1.2.0")))
    with pytest.raises(NotFound, match=r"no version 9\.0\.0"):
        target.standing("guard", Version("9.0.0"))
    with pytest.raises(NotFound, match="no pack 'nothing'"):
        target.standing("nothing", Version("1.0.0"))
