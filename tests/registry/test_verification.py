"""Proving a registry whole, and finding its garbage."""

from __future__ import annotations

import pytest

from packreg.errors import NotFound
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.layout import bundle_key, record_key, revision_key, tombstone_key
from packreg.registry.verification import DAY, UNDECIDED, Finding
from packreg.store.memory import MemoryBucket

from .buckets import Tapped, once
from .packs import Memory, bundle, founded, publish, record, registry

V1, V2 = Version("1.0.0"), Version("2.0.0")
ORPHAN = bundle_key("guard", V1, "0" * 64)


@pytest.fixture
def home() -> MemoryBucket:
    """A registry with two versions of a pack, whose objects were all created at the time 0."""
    bucket = MemoryBucket()
    publish(founded(bucket), "guard", "1.0.0")
    publish(registry(bucket), "guard", "2.0.0")
    return bucket


def findings(bucket: MemoryBucket, reference: str = "") -> list[tuple[str, str, str]]:
    """What `verify` found, without the sentences."""
    found = registry(bucket).verify(Reference.parse(reference) if reference else None)
    return [(finding.subject, finding.level, finding.code) for finding in found]


def replace(bucket: MemoryBucket, key: str, data: bytes) -> None:
    """Do what packreg never does."""
    bucket.delete(key)
    bucket.put_new(key, data)


def test_a_whole_registry_has_one_good_finding_for_each_release(home: MemoryBucket) -> None:
    """Yanked, restored and removed releases are whole, too."""
    registry(home).yank("guard", V1, "why", "ann")
    registry(home).restore("guard", V1, "why", "ann")
    publish(registry(home), "other", "0.1.0")
    registry(home).remove("guard", V2, "why", "ann")
    assert findings(home) == [
        ("guard@1.0.0", "ok", ""),
        ("guard@2.0.0", "ok", ""),
        ("other@0.1.0", "ok", ""),
    ]


def test_nothing_is_taken_from_memory(home: MemoryBucket) -> None:
    """A record that was tampered with is found by a client that remembers the good one."""
    memory = Memory()
    registry(home, remembered=memory).record("guard", V1)
    replace(home, record_key("guard", V1), b"{}")
    found = list(registry(home, remembered=memory).verify(Reference.parse("guard@1.0.0")))
    assert [finding.code for finding in found] == ["bad-record"]


@pytest.mark.parametrize(
    ("key", "data", "code"),
    [
        (record_key("guard", V1), b"{}", "bad-record"),
        (record_key("guard", V1), record("guard", "2.0.0").encode(), "bad-record"),
        (record_key("guard", V1), record("guard", "1.0.0", "other").encode(), "no-bundle"),
        (record_key("guard", V1), b'{"format": 2}', "bad-record"),
        (bundle_key("guard", V1, bundle().sha256), b"forged", "bad-bundle"),
        (bundle_key("guard", V1, bundle().sha256), b"x" * bundle().size, "bad-bundle"),
    ],
    ids=["no record", "another release's", "another bundle's", "newer", "forged", "forged, same size"],
)
def test_every_release_that_is_not_whole_is_an_error_and_the_others_go_on(
    home: MemoryBucket, key: str, data: bytes, code: str
) -> None:
    """Nothing stops at the first error."""
    replace(home, key, data)
    found = findings(home)
    assert ("guard@1.0.0", "error", code) in found
    assert ("guard@2.0.0", "ok", "") in found


def test_a_missing_bundle_is_an_error(home: MemoryBucket) -> None:
    """Unless the release was removed."""
    home.delete(bundle_key("guard", V1, bundle().sha256))
    assert ("guard@1.0.0", "error", "no-bundle") in findings(home)


@pytest.mark.parametrize(
    ("key", "finding"),
    [
        ("packs/guard/v/latest", ("packs/guard/v/latest", "error", "unknown-key")),
        ("packs/-x/v/1.0.0", ("packs/-x/", "error", "unknown-key")),
        ("bundles/-x/y", ("bundles/-x/", "error", "unknown-key")),
        ("bundles/guard/1.0.0/x", ("bundles/guard/1.0.0/x", "error", "unknown-key")),
        ("packs/new/x/1.0.0", ("new@1.0.0", "error", "no-record")),
        (
            revision_key("guard", Version("3.0.0"), 1),
            ("packs/guard/y/3.0.0/000001-yanked", "error", "no-record"),
        ),
        (revision_key("guard", V1, 2), (revision_key("guard", V1, 1), "error", "no-revision")),
        (revision_key("guard", V1, 1), (revision_key("guard", V1, 1), "error", "bad-notice")),
        (tombstone_key("guard", V1), (tombstone_key("guard", V1), "error", "bad-notice")),
        (ORPHAN, (ORPHAN, "note", "orphan")),
        (bundle_key("new", V1, "0" * 64), (bundle_key("new", V1, "0" * 64), "note", "orphan")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_packreg_did_not_write_there_is_reported(
    home: MemoryBucket, key: str, finding: tuple[str, str, str]
) -> None:
    """Foreign objects and lies are errors, leftovers are notes."""
    home.put_new(key, b"{}")
    assert finding in findings(home)


def test_an_unfinished_removal_is_a_note(home: MemoryBucket) -> None:
    """It is not harmful, and the note says what is left to do."""
    left = home.get(bundle_key("guard", V1, bundle().sha256), limit=1 << 20)
    registry(home).remove("guard", V1, "why", "ann")
    home.put_new(bundle_key("guard", V1, bundle().sha256), left)
    assert findings(home)[0] == ("guard@1.0.0", "note", "removal-unfinished")


@pytest.mark.parametrize(
    ("reference", "subjects"),
    [
        ("guard", ["guard@1.0.0", "guard@2.0.0", ORPHAN]),
        ("guard@1.0.0", ["guard@1.0.0"]),
        ("guard@^2", ["guard@2.0.0"]),
        (f"guard@{bundle(version='2.0.0').digest}", ["guard@2.0.0"]),
    ],
)
def test_a_reference_limits_what_is_verified(home: MemoryBucket, reference: str, subjects: list[str]) -> None:
    """One release, those in a range, or the whole pack with everything below its name."""
    home.put_new(ORPHAN, b"")
    assert [subject for subject, _, _ in findings(home, reference)] == subjects


@pytest.mark.parametrize("reference", ["guard@3.0.0", "guard@^3", "nothing"])
def test_verifying_what_is_not_there_is_not_success(home: MemoryBucket, reference: str) -> None:
    """An empty proof proves nothing."""
    with pytest.raises(NotFound):
        findings(home, reference)


def test_a_release_that_is_removed_while_it_is_verified_is_no_error(home: MemoryBucket) -> None:
    """Verifying runs beside everything else."""
    remove = once("get", "bundles/guard/1.0.0", lambda: registry(home).remove("guard", V1, "why", "ann"))
    found = list(registry(Tapped(home, before=remove)).verify())
    assert found[0] == Finding("guard@1.0.0", "ok")


def test_nothing_that_is_needed_is_garbage(home: MemoryBucket) -> None:
    """However old it is; and finding garbage deletes nothing."""
    registry(home).yank("guard", V1, "why", "ann")
    home.put_new(ORPHAN, b"")
    before = home.list("").entries
    assert [piece.key for piece in registry(home).gc(now=1000 * DAY)] == [ORPHAN]
    assert home.list("").entries == before


def test_an_undecided_bundle_is_kept_for_thirty_days(home: MemoryBucket) -> None:
    """Its publisher may still be at work."""
    undecided = bundle_key("guard", Version("3.0.0"), "0" * 64)
    home.put_new(undecided, b"data")
    assert registry(home).gc(now=UNDECIDED) == []
    (piece,) = registry(home).gc(now=UNDECIDED + 1)
    assert (piece.key, piece.size, piece.age) == (undecided, 4, UNDECIDED + 1)
    assert list(registry(home).collect([piece])) == [piece]
    assert registry(home).gc(now=UNDECIDED + 1) == []


def test_leftovers_of_probes_go_after_a_day(home: MemoryBucket) -> None:
    """A probe under way keeps its objects."""
    home.put_new(".packreg/probe/abc/one", b"first")
    assert registry(home).gc(now=DAY) == []
    garbage = registry(home).gc(now=DAY + 1)
    assert [piece.key for piece in registry(home).collect(garbage)] == [".packreg/probe/abc/one"]


def test_a_single_bundle_of_a_published_version_is_never_garbage(home: MemoryBucket) -> None:
    """If it is not the one in the record, the record's is missing, and nothing more may be lost."""
    key = bundle_key("guard", V1, bundle().sha256)
    home.delete(key)
    home.put_new(ORPHAN, b"")
    assert registry(home).gc(now=1000 * DAY) == []


def test_a_bundle_that_was_published_since_the_garbage_was_listed_is_kept(home: MemoryBucket) -> None:
    """Between the list and the deletion a person may have taken a day to say yes."""
    orphan = bundle("guard", "3.0.0")
    home.put_new(bundle_key("guard", Version("3.0.0"), orphan.sha256), orphan.data)
    garbage = registry(home).gc(now=UNDECIDED + 1)
    publish(registry(home), "guard", "3.0.0")
    assert list(registry(home).collect(garbage)) == []
    assert ("guard@3.0.0", "ok", "") in findings(home)


def test_garbage_that_somebody_else_collected_is_no_error(home: MemoryBucket) -> None:
    """Two operators may clean up at once."""
    home.put_new(bundle_key("guard", Version("3.0.0"), "0" * 64), b"")
    home.put_new(ORPHAN, b"")
    garbage = registry(home).gc(now=UNDECIDED + 1)
    assert len(list(registry(home).collect(garbage))) == 2
    list(registry(home).collect(garbage))
