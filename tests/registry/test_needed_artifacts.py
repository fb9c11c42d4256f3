"""Proving a registry's artifacts, and finding those that no release needs."""

from __future__ import annotations

import pytest

from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.layout import ARTIFACTS, record_key
from packreg.registry.verification import UNDECIDED
from packreg.store.memory import MemoryBucket

from .buckets import Tapped, once
from .packs import artifact, founded, publish, registry
from .test_verification import findings, replace

V1 = Version("1.0.0")
ONE, TWO = b"the first wheel", b"the second one"
LATER = UNDECIDED + 1


@pytest.fixture
def home() -> MemoryBucket:
    """Two packs, of which both need the first artifact and one the second; created at the time 0."""
    bucket = MemoryBucket()
    publish(founded(bucket), "guard", "1.0.0", artifacts=(ONE, TWO))
    publish(registry(bucket), "other", "1.0.0", artifacts=(ONE,))
    return bucket


def garbage(bucket: MemoryBucket, now: float = LATER) -> list[str]:
    """The keys of what can go."""
    return [piece.key for piece in registry(bucket).gc(now)]


def test_whole_artifacts_are_part_of_their_releases(home: MemoryBucket) -> None:
    """They have no finding of their own."""
    assert findings(home) == [("guard@1.0.0", "ok", ""), ("other@1.0.0", "ok", "")]


def test_a_release_whose_artifact_is_damaged_or_gone_is_an_error(home: MemoryBucket) -> None:
    """Each release that needs it is named, alone or with all; a release that does not need it is whole."""
    replace(home, artifact(TWO).key, b"the second 0ne")
    assert findings(home) == [("guard@1.0.0", "error", "bad-artifact"), ("other@1.0.0", "ok", "")]
    home.delete(artifact(ONE).key)
    assert findings(home, "other@1.0.0") == [("other@1.0.0", "error", "bad-artifact")]


def test_a_shared_artifact_is_read_once(home: MemoryBucket) -> None:
    """However many releases need it."""
    read: list[str] = []
    list(registry(Tapped(home, before=lambda verb, key: read.append(f"{verb} {key}"))).verify())
    assert read.count(f"get {artifact(ONE).key}") == 1


def test_what_no_release_needs_is_a_note_and_a_damaged_one_an_error(home: MemoryBucket) -> None:
    """With its key; a key that is none of packreg's is an error, too."""
    orphan, damaged = artifact(b"3"), artifact(b"4")
    home.put_new(orphan.key, b"3")
    home.put_new(damaged.key, b"5")
    home.put_new(f"{ARTIFACTS}stray", b"")
    assert sorted(findings(home)[2:]) == sorted(
        [
            (orphan.key, "note", "orphan"),
            (damaged.key, "error", "bad-artifact"),
            (f"{ARTIFACTS}stray", "error", "unknown-key"),
        ]
    )


def test_only_what_no_release_needs_is_garbage_and_only_after_thirty_days(home: MemoryBucket) -> None:
    """Its publisher may still be at work; what packreg did not write is never touched."""
    orphan = artifact(b"3")
    home.put_new(orphan.key, b"3")
    home.put_new(f"{ARTIFACTS}stray", b"")
    assert garbage(home, UNDECIDED) == []
    assert garbage(home) == [orphan.key]
    assert list(registry(home).collect(registry(home).gc(LATER)))
    assert garbage(home) == []


def test_what_a_removed_release_needed_alone_can_go(home: MemoryBucket) -> None:
    """What another release needs as well stays; a yanked release needs all of its own."""
    registry(home).yank("guard", V1, "why", "ann")
    assert garbage(home) == []
    registry(home).remove("guard", V1, "why", "ann")
    assert garbage(home) == [artifact(TWO).key]
    list(registry(home).collect(registry(home).gc(LATER)))
    assert findings(home) == [("guard@1.0.0", "ok", ""), ("other@1.0.0", "ok", "")]


def test_without_old_artifacts_no_record_is_read(home: MemoryBucket) -> None:
    """Looking for garbage stays as cheap as it was."""
    read: list[str] = []
    registry(Tapped(home, before=lambda verb, key: read.append(f"{verb} {key}"))).gc(UNDECIDED)
    assert not [each for each in read if each.startswith("get packs/")]


def test_while_a_record_cannot_be_read_no_artifact_is_garbage(home: MemoryBucket) -> None:
    """Nobody knows what it needs."""
    home.put_new(artifact(b"3").key, b"3")
    found = registry(home).gc(LATER)
    replace(home, record_key("guard", V1), b"{}")
    assert garbage(home) == []
    with pytest.raises(Exception, match="packs/guard/v"):
        list(registry(home).collect(found))
    assert home.get(artifact(b"3").key, limit=9) == b"3"
    assert ("guard@1.0.0", "error", "bad-record") in findings(home)


def test_what_is_needed_since_the_garbage_was_listed_is_kept(home: MemoryBucket) -> None:
    """A person may have taken a day to say yes."""
    home.put_new(artifact(b"3").key, b"3")
    found = registry(home).gc(LATER)
    publish(registry(home), "third", "1.0.0", artifacts=(b"3",))
    assert list(registry(home).collect(found)) == []
    assert findings(home, "third") == [("third@1.0.0", "ok", "")]


def test_what_is_needed_at_the_moment_of_its_deletion_is_put_back(home: MemoryBucket) -> None:
    """Its record came after the first look and before the deletion, and its publisher looked too early."""
    home.put_new(artifact(b"3").key, b"3")
    found = registry(home).gc(LATER)
    arrive = once(
        "delete", artifact(b"3").key, lambda: publish(registry(home), "third", "1.0.0", artifacts=(b"3",))
    )
    assert list(registry(Tapped(home, before=arrive)).collect(found)) == []
    assert findings(home, "third") == [("third@1.0.0", "ok", "")]


def test_garbage_that_somebody_else_collected_is_no_error(home: MemoryBucket) -> None:
    """Two operators may clean up at once."""
    home.put_new(artifact(b"3").key, b"3")
    found = registry(home).gc(LATER)
    assert len(list(registry(home).collect(found))) == 1
    assert list(registry(home).collect(found)) == []


def test_each_record_is_read_once_in_a_collection(home: MemoryBucket) -> None:
    """However much there is to delete."""
    for data in (b"3", b"4", b"5"):
        home.put_new(artifact(data).key, data)
    found = registry(home).gc(LATER)
    read: list[str] = []
    tapped = registry(Tapped(home, before=lambda verb, key: read.append(f"{verb} {key}")))
    assert len(list(tapped.collect(found))) == 3
    assert read.count(f"get {record_key('guard', V1)}") == 1
    assert findings(home, Reference.parse("guard").name) == [("guard@1.0.0", "ok", "")]
