"""What is added to a release after it was published: said beside its record, proved, kept, and never half."""

from __future__ import annotations

import json

import pytest

from packreg.pack.version import Version
from packreg.registry.layout import record_key, seal_key
from packreg.registry.registry import Registry
from packreg.registry.seals import Seal, Sealed
from packreg.registry.verification import UNDECIDED
from packreg.store.memory import MemoryBucket

from .buckets import Tapped, once
from .packs import NOW, artifact, founded, lock, pack, publish, record, ref, registry
from .test_verification import findings, replace

V1 = Version("1.0.0")
LINUX, MACOS = "linux-x86_64 python 3.11", "macos-arm64 python 3.12"
ONE, TWO = artifact(b"1"), artifact(b"2")
LATER = UNDECIDED + 1


@pytest.fixture
def home() -> MemoryBucket:
    """A registry with one release, created at the time 0."""
    bucket = MemoryBucket()
    publish(founded(bucket), "guard", "1.0.0")
    return bucket


def seal(into: Registry, data: bytes = b"1", target: str = LINUX) -> None:
    """Add a file to guard@1.0.0, and with it a platform."""
    found = into.resolve(ref("guard@1.0.0"))
    added = Sealed((artifact(data),), (target,))
    into.seals.add(found.record, added, {artifact(data): lambda: data}, found.seals, "ann")


def sealed(bucket: MemoryBucket, reference: str = "guard@1.0.0") -> Sealed:
    """What is kept for the release, as a new reader sees it."""
    found = registry(bucket).resolve(ref(reference))
    return registry(bucket).seals.kept(found.record, found.seals)


def test_a_record_says_what_was_sealed_when_it_was_published(home: MemoryBucket) -> None:
    """Nothing beside it is needed; a record of a release that is not sealed is as it always was."""
    registry(home).publish(
        pack("other"),
        lock=lock(),
        source=record().source,
        publisher="ann",
        tool="t",
        artifacts={ONE: lambda: b"1"},
        sealed_for=(LINUX,),
    )
    assert sealed(home, "other@1.0.0") == Sealed((ONE,), (LINUX,))
    written = json.loads(home.get(record_key("other", V1), limit=10**6))
    assert written["sealed_for"] == [LINUX]
    assert not {"artifacts", "sealed_for"} & record().as_json().keys()


@pytest.mark.parametrize("reference", ["guard@1.0.0", "guard", "guard@^1"])
def test_what_was_added_later_is_found_whatever_the_reference_is(home: MemoryBucket, reference: str) -> None:
    """All additions count together; the record stays as it is."""
    before = home.get(record_key("guard", V1), limit=10**6)
    seal(registry(home))
    seal(registry(home), b"2", MACOS)
    assert sealed(home, reference) == Sealed((ONE, TWO), (LINUX, MACOS))
    assert home.get(record_key("guard", V1), limit=10**6) == before
    assert findings(home) == [("guard@1.0.0", "ok", "")]


def test_a_digest_finds_it_too(home: MemoryBucket) -> None:
    """A release that is named by its identity is the same one."""
    seal(registry(home))
    digest = registry(home).record("guard", V1).digest
    assert sealed(home, f"guard@{digest}").targets == (LINUX,)


def test_seals_are_no_yanks(home: MemoryBucket) -> None:
    """They lie in one listing, and neither counts for the other."""
    seal(registry(home))
    assert registry(home).since("guard", V1) == ("", 1)
    registry(home).yank("guard", V1, "broken", "ann")
    seal(registry(home), b"2", MACOS)
    since = registry(home).since("guard", V1)
    assert since.yanked.startswith("broken") and since.seals == 2
    assert registry(home).restore("guard", V1, "", "ann").state == "published"
    listed = registry(home).versions("guard").by_version[V1]
    assert (listed.state, listed.revision, listed.seals) == ("published", 2, 2)


def test_two_who_seal_at_once_both_count(home: MemoryBucket) -> None:
    """Whoever finds the number taken takes the next one."""
    arrive = once("put_new", seal_key("guard", V1, 1), lambda: seal(registry(home, who="b"), b"2", MACOS))
    seal(registry(Tapped(home, before=arrive)))
    assert sorted(sealed(home).artifacts) == sorted([ONE, TWO])
    assert registry(home).since("guard", V1).seals == 2


def test_what_a_release_was_sealed_with_is_needed_until_it_is_removed(home: MemoryBucket) -> None:
    """However old it is; afterwards it can go."""
    seal(registry(home))
    assert registry(home).gc(LATER) == []
    registry(home).remove("guard", V1, "why", "ann")
    assert [piece.key for piece in registry(home).gc(LATER)] == [ONE.key]
    assert [piece.key for piece in registry(home).collect(registry(home).gc(LATER))] == [ONE.key]
    assert findings(home) == [("guard@1.0.0", "ok", "")]


def test_a_sealing_that_was_killed_leaves_nothing_but_garbage(home: MemoryBucket) -> None:
    """The files are there, no reader sees them, and a later one needs no more than to say so."""

    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal(registry(Tapped(home, before=once("put_new", seal_key("guard", V1, 1), killed))))
    assert sealed(home) == Sealed()
    assert findings(home) == [("guard@1.0.0", "ok", ""), (ONE.key, "note", "orphan")]
    assert [piece.key for piece in registry(home).gc(LATER)] == [ONE.key]
    seal(registry(home))
    assert registry(home).gc(LATER) == [] and sealed(home).artifacts == (ONE,)


def test_what_is_sealed_at_the_moment_of_its_deletion_is_put_back(home: MemoryBucket) -> None:
    """The collector looks again, and finds the seal."""
    home.put_new(ONE.key, b"1")
    found = registry(home).gc(LATER)
    arrive = once("delete", ONE.key, lambda: seal(registry(home)))
    assert list(registry(Tapped(home, before=arrive)).collect(found)) == []
    assert home.get(ONE.key, limit=9) == b"1"


def test_what_was_collected_before_the_seal_is_stored_again(home: MemoryBucket) -> None:
    """Whoever found a file there looks for it after saying that it is needed."""
    home.put_new(ONE.key, b"1")
    arrive = once("put_new", seal_key("guard", V1, 1), lambda: home.delete(ONE.key))
    seal(registry(Tapped(home, before=arrive)))
    assert home.get(ONE.key, limit=9) == b"1"


def test_verify_names_the_release_whose_files_or_seals_are_damaged(home: MemoryBucket) -> None:
    """Other bytes, a missing file, a seal that cannot be read, and one that is missing before another."""
    seal(registry(home))
    seal(registry(home), b"2", MACOS)
    replace(home, TWO.key, b"3")
    assert findings(home) == [("guard@1.0.0", "error", "bad-artifact")]
    home.delete(TWO.key)
    assert findings(home, "guard@1.0.0") == [("guard@1.0.0", "error", "bad-artifact")]
    replace(home, seal_key("guard", V1, 2), b"{}")
    assert findings(home, "guard@1.0.0") == [("guard@1.0.0", "error", "bad-seal")]
    home.delete(seal_key("guard", V1, 1))
    assert findings(home, "guard@1.0.0") == [("guard@1.0.0", "error", "no-seal")]


def test_while_a_seal_cannot_be_read_nothing_is_garbage(home: MemoryBucket) -> None:
    """Nobody knows what it needs."""
    seal(registry(home))
    home.put_new(TWO.key, b"2")
    replace(home, seal_key("guard", V1, 1), b"{}")
    assert registry(home).gc(LATER) == []


def test_a_release_that_nobody_sealed_costs_no_more(home: MemoryBucket) -> None:
    """One listing tells of yanks and of seals; each seal costs one request."""
    reader = registry(home)
    assert reader.since("guard", V1).seals == 0
    assert reader.store.requests == 1
    assert reader.seals.kept(reader.record("guard", V1), 0) == Sealed() and reader.store.requests == 2
    seal(registry(home))
    reader = registry(home)
    assert reader.seals.kept(reader.record("guard", V1), reader.since("guard", V1).seals).targets == (LINUX,)
    assert reader.store.requests == 3


def test_a_release_that_is_not_there_cannot_be_sealed(home: MemoryBucket) -> None:
    """A seal without a record is an error of its own."""
    written = Seal("guard", Version("9.0.0"), Sealed((ONE,)), "ann", NOW, "id").encode()
    home.put_new(seal_key("guard", Version("9.0.0"), 1), written)
    assert ("no-record") in [code for _, _, code in findings(home)]
