"""Publishing: the protocol, and what every way to be interrupted leaves behind."""

from __future__ import annotations

import hashlib
import zlib

import pytest

from packreg.errors import (
    IntegrityError,
    NotFound,
    OutcomeUnknown,
    Removed,
    StoreRefused,
    StoreUnavailable,
    StoreUnsafe,
    VersionUsed,
)
from packreg.pack.bundle import Bundle
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.layout import bundles_prefix, record_key
from packreg.registry.publish import Published, commit, look, make_record
from packreg.registry.record import Source
from packreg.registry.registry import Registry
from packreg.registry.verification import UNDECIDED
from packreg.store.bucket import Bucket
from packreg.store.memory import MemoryBucket

from .buckets import Killed, Tap, Tapped, dies_after, lost, once
from .packs import NOW, S3, Memory, bundle, founded, lock, pack, publish, registry

V1 = Version("1.0.0")
#: The requests of one publish: settings, record, canary, bundle, record.
STEPS = ["settings read", "record read", "canary refused", "bundle stored", "record stored"]


@pytest.fixture
def home() -> MemoryBucket:
    """A bucket that is a registry without packs."""
    bucket = MemoryBucket()
    registry(bucket).init()
    return bucket


def releases(bucket: Bucket) -> list[str]:
    """The versions of `guard` that a reader sees, each proved by reading it."""
    reader = registry(bucket)
    versions = [version.text for version in reader.versions("guard").versions()]
    for version in versions:
        reader.files(reader.resolve(Reference.parse(f"guard@{version}")).record)
    return versions


def errors(target: Registry) -> list[str]:
    """What `verify` complains about."""
    return [finding.message for finding in target.verify() if finding.level == "error"]


def test_what_was_published_can_be_fetched(home: MemoryBucket) -> None:
    """The record says who, what and from where, and the files are those of the pack."""
    record = (
        registry(home)
        .publish(
            pack(), lock=lock(), source=Source("c0", "main", "", True), publisher="ann", tool="t", notes=["n"]
        )
        .record
    )
    found = registry(home).resolve(Reference.parse("guard@1.0.0")).record
    assert found == record
    assert (found.publisher, found.source.dirty, found.notes, found.lock) == ("ann", True, ("n",), lock())
    assert registry(home).files(found) == pack().files


@pytest.mark.parametrize("content", ["a", "b"], ids=["same bytes", "other bytes"])
@pytest.mark.parametrize("step", range(len(STEPS) + 1), ids=["nothing done", *STEPS])
def test_killed_at_any_step_a_publisher_leaves_nothing_or_a_release(
    home: MemoryBucket, step: int, content: str
) -> None:
    """The crash table: absent and publishable by anyone until the record is stored, then a whole release."""
    before, after = dies_after(step)
    with pytest.raises(Killed):
        publish(registry(Tapped(home, before=before, after=after), who="killed"), "guard", "1.0.0", "a")

    committed = step == len(STEPS)
    assert releases(home) == (["1.0.0"] if committed else [])
    again = registry(home, who="again")
    if committed and content == "b":
        with pytest.raises(VersionUsed):
            publish(again, "guard", "1.0.0", content)
    else:
        result = again.publish(pack(content=content), lock=lock(), source=Source(), publisher="bob", tool="t")
        assert result.already == committed
    assert releases(home) == ["1.0.0"]
    assert errors(again) == []

    for piece in again.collect(again.gc(now=0.0)):  # an orphan of a decided version is garbage at any age
        assert "another bundle" in piece.reason
    expected = bundle(content="a" if committed else content).sha256
    assert [entry.key for entry in again.store.list_all(bundles_prefix("guard"))] == [
        f"bundles/guard/1.0.0/{expected}.tgz"
    ]


def test_the_same_content_again_is_success(home: MemoryBucket) -> None:
    """A CI retry finds its release, and the first record stays as it was."""
    first = publish(registry(home))
    again = registry(home, who="retry").publish(
        pack(), lock=None, source=Source("other"), publisher="bob", tool="t"
    )
    assert again.already
    assert again.record == first


def compressed_otherwise() -> Bundle:
    """The bundle of `pack` as another zlib makes it: the same stream in other bytes, so at another key."""
    made = bundle()
    deflate = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(zlib.decompress(made.data, 31)) + deflate.flush()
    data = made.data[:10] + body + made.data[-8:]
    assert data != made.data
    return made._replace(data=data, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def publish_otherwise(target: Registry) -> Published:
    """Publish `pack` with another zlib than this machine's."""
    made = compressed_otherwise()
    record = make_record(
        pack(), made, lock=lock(), source=Source(), publisher="bob", published=NOW, tool="t", attempt="other"
    )
    return commit(target._objects, record, made.data, read_back=False)


def test_the_same_content_compressed_otherwise_is_the_same(home: MemoryBucket) -> None:
    """Content that another zlib compressed is published all the same, and it is that bundle that counts."""
    first = publish_otherwise(registry(home)).record
    again = registry(home, who="retry").publish(
        pack(), lock=lock(), source=Source(), publisher="ann", tool="t"
    )
    assert again == Published(first, already=True)
    assert look(registry(home)._objects, publish_otherwise(registry(home)).record) == again
    assert registry(home).fetch(first) == compressed_otherwise().data
    home.delete(first.bundle_key)
    home.put_new(bundles_prefix("guard", V1) + bundle().sha256 + ".tgz", bundle().data)
    with pytest.raises(VersionUsed, match="counts as removed"):
        publish(registry(home))


def test_of_two_who_compress_otherwise_at_once_one_has_published(home: MemoryBucket) -> None:
    """The bundle of who came second is an orphan: the record says which one counts."""
    meanwhile = once("put_new", "/v/", lambda: publish_otherwise(registry(home, who="b")))
    result = registry(Tapped(home, before=meanwhile), who="a").publish(
        pack(), lock=lock(), source=Source(), publisher="ann", tool="t"
    )
    assert result.already
    assert result.record.bundle_sha256 == compressed_otherwise().sha256
    assert releases(home) == ["1.0.0"]
    assert [piece.key for piece in registry(home).gc(now=UNDECIDED + 1)] == [
        bundles_prefix("guard", V1) + bundle().sha256 + ".tgz"
    ]


def test_other_content_is_refused_with_both_digests_and_a_free_version(home: MemoryBucket) -> None:
    """The message holds all that is needed to choose what to do."""
    publish(registry(home))
    publish(registry(home), "guard", "1.0.4")
    with pytest.raises(VersionUsed) as caught:
        publish(registry(home), "guard", "1.0.0", "b")
    assert bundle(content="a").digest in str(caught.value)
    assert bundle(content="b").digest in str(caught.value)
    assert "by ann" in str(caught.value)
    assert caught.value.hint == "the next free version is 1.0.5"


def test_a_version_that_differs_only_in_case_is_used(home: MemoryBucket) -> None:
    """The message says why a version that nobody wrote like that is taken."""
    publish(registry(home), "guard", "1.0.0-RC.1")
    with pytest.raises(VersionUsed, match=r"guard@1\.0\.0-RC\.1 \(versions that differ only in case"):
        publish(registry(home), "guard", "1.0.0-rc.1")


def test_a_yanked_version_is_used(home: MemoryBucket) -> None:
    """Hidden is not free; the same content again is still success."""
    publish(registry(home))
    registry(home).yank("guard", V1, "broken", "ann")
    with pytest.raises(VersionUsed):
        publish(registry(home), "guard", "1.0.0", "b")
    assert publish(registry(home)).reference == "guard@1.0.0"


@pytest.mark.parametrize("content", ["a", "b"], ids=["same bytes", "other bytes"])
def test_a_removed_version_is_used_for_ever(home: MemoryBucket, content: str) -> None:
    """Not even the same content comes back by a CI retry, and the reason of the removal is told."""
    publish(registry(home))
    registry(home).remove("guard", V1, "leaked a key", "ann")
    with pytest.raises(
        VersionUsed, match=r"was removed and its version stays used: leaked a key \(ann"
    ) as caught:
        publish(registry(home), "guard", "1.0.0", content)
    assert caught.value.hint == "the next free version is 1.0.1"


def test_a_lost_answer_to_the_record_is_an_unknown_outcome_that_a_retry_settles(home: MemoryBucket) -> None:
    """Exit 11 means: run it again. Stored, the retry finds the release; nothing is cleaned up meanwhile."""
    with pytest.raises(OutcomeUnknown, match="may or may not be published") as caught:
        publish(registry(Tapped(home, before=_unreadable_after_put(), after=lost("/v/")), deadline=1.0))
    assert "run the same command again" in caught.value.hint
    assert releases(home) == ["1.0.0"]
    again = registry(home).publish(pack(), lock=lock(), source=Source(), publisher="ann", tool="t")
    assert again.already


def _unreadable_after_put() -> Tap:
    """A tap that makes every read after the record was sent fail, so that nothing can settle the outcome."""
    sent = [False]

    def tap(verb: str, key: str) -> None:
        if verb == "put_new" and "/v/" in key:
            sent[0] = True
        elif verb == "get" and sent[0]:
            raise StoreUnavailable("no route to the store")

    return tap


def test_a_record_that_never_arrived_is_an_unknown_outcome_that_a_retry_publishes(home: MemoryBucket) -> None:
    """Not stored, the retry publishes; the bundle of the first attempt is used."""
    with pytest.raises(OutcomeUnknown):
        publish(registry(Tapped(home, before=lost("/v/")), deadline=1.0))
    assert releases(home) == []
    again = registry(home).publish(pack(), lock=lock(), source=Source(), publisher="ann", tool="t")
    assert not again.already
    assert releases(home) == ["1.0.0"]


def test_an_own_success_whose_answer_was_lost_is_a_success(home: MemoryBucket) -> None:
    """The retry inside the same publish meets its own record and does not take it for somebody else's."""
    tap = once("put_new", "/v/", lambda: lost("/v/")("put_new", "/v/"))
    result = registry(Tapped(home, after=tap)).publish(
        pack(), lock=lock(), source=Source(), publisher="ann", tool="t"
    )
    assert not result.already


def test_a_write_that_arrives_late_cannot_replace_a_release(home: MemoryBucket) -> None:
    """A's record arrives after A gave up and B published: the store refuses it, and B's release stands."""
    with pytest.raises(OutcomeUnknown):
        publish(registry(Tapped(home, before=lost("/v/")), who="late", deadline=1.0), "guard", "1.0.0", "a")
    winner = publish(registry(home), "guard", "1.0.0", "b")
    with pytest.raises(VersionUsed):
        publish(registry(home, who="late"), "guard", "1.0.0", "a")
    assert registry(home).record("guard", V1) == winner


def test_a_bundle_that_cannot_be_stored_publishes_nothing(home: MemoryBucket) -> None:
    """The outcome is not unknown: the record was never sent."""
    with pytest.raises(StoreUnavailable, match="is not published"):
        publish(registry(Tapped(home, after=lost("bundles/"), before=_no_reads("bundles/")), deadline=1.0))
    assert releases(home) == []
    assert publish(registry(home)).reference == "guard@1.0.0"


def _no_reads(part: str) -> Tap:
    def tap(verb: str, key: str) -> None:
        if verb == "get" and part in key:
            raise StoreUnavailable("no route to the store")

    return tap


def test_two_publishers_of_other_content_have_one_winner(home: MemoryBucket) -> None:
    """B commits while A is between its bundle and its record: A is told the truth."""
    meanwhile = once("put_new", "/v/", lambda: publish(registry(home, who="b"), "guard", "1.0.0", "b"))
    with pytest.raises(VersionUsed):
        publish(registry(Tapped(home, before=meanwhile), who="a"), "guard", "1.0.0", "a")
    assert registry(home).record("guard", V1).digest == bundle(content="b").digest


def test_two_publishers_of_the_same_content_both_succeed(home: MemoryBucket) -> None:
    """Two CI jobs on one commit: one published, the other finds it published."""
    meanwhile = once("put_new", "/v/", lambda: publish(registry(home, who="b")))
    result = registry(Tapped(home, before=meanwhile), who="a").publish(
        pack(), lock=lock(), source=Source(), publisher="ann", tool="t"
    )
    assert result.already
    assert result.record.attempt.startswith("b-")


class Overwriting(MemoryBucket):
    """A store that ignores the condition."""

    def put_new(self, key: str, data: bytes) -> None:
        """Write, whatever is there."""
        self.delete(key)
        super().put_new(key, data)


def test_a_store_that_ignores_conditions_is_refused_at_init_and_publish() -> None:
    """Nothing is published there, neither on the first day nor after a gateway was exchanged."""
    bucket = Overwriting()
    with pytest.raises(StoreUnsafe, match="cannot hold a registry"):
        registry(bucket).init()
    with pytest.raises(StoreRefused):
        publish(registry(bucket))
    bucket = Overwriting()
    for key, data in _contents(_initialised()).items():
        MemoryBucket.put_new(bucket, key, data)
    with pytest.raises(StoreUnsafe):
        publish(registry(bucket))
    assert releases(bucket) == []


def _initialised() -> MemoryBucket:
    bucket = MemoryBucket()
    registry(bucket).init()
    return bucket


def _contents(bucket: MemoryBucket) -> dict[str, bytes]:
    return {entry.key: bucket.get(entry.key, limit=1 << 20) for entry in bucket.list("").entries}


def test_an_orphan_with_other_bytes_than_its_name_says_stops_the_publish(home: MemoryBucket) -> None:
    """A bundle that this publisher did not write is never trusted."""
    home.put_new(bundles_prefix("guard", V1) + bundle().sha256 + ".tgz", b"forged")
    with pytest.raises(IntegrityError, match="the store holds other bytes"):
        publish(registry(home))
    assert releases(home) == []


def test_a_store_that_ignores_checksums_is_read_back() -> None:
    """Bytes that changed on their way are found before the record makes them a release."""
    bucket = MemoryBucket()
    target = registry(Corrupting(bucket))
    target.init()
    with pytest.raises(IntegrityError, match="the store holds other bytes"):
        publish(target)
    assert releases(bucket) == []


class Corrupting(Tapped):
    """A store that ignores checksums and changes one byte of every bundle."""

    def put_new(self, key: str, data: bytes) -> None:
        """Store something else."""
        super().put_new(key, data[:-1] + b"?" if key.startswith("bundles/") else data)

    def inspect(self, prefix: str) -> dict[str, str]:
        """What the probe of such a store finds."""
        return {"checksums": "ignored"}


def test_a_collector_that_takes_an_old_orphan_before_the_commit_does_no_harm(home: MemoryBucket) -> None:
    """The publisher found the bundle there, and puts it back when it is gone after the commit."""
    home.put_new(bundles_prefix("guard", V1) + bundle().sha256 + ".tgz", bundle().data)

    def collect() -> None:
        collector = registry(home)
        assert len(list(collector.collect(collector.gc(now=UNDECIDED + 1)))) == 1

    publish(registry(Tapped(home, before=once("put_new", "/v/", collect))))
    assert releases(home) == ["1.0.0"]


def test_a_failure_after_the_commit_is_not_told_as_if_nothing_had_happened(home: MemoryBucket) -> None:
    """The bundle was there before, the last look at it fails: exit 11 and not 9, and a retry settles it."""
    home.put_new(bundles_prefix("guard", V1) + bundle().sha256 + ".tgz", bundle().data)

    def unlisted(verb: str, key: str) -> None:
        if verb == "list":
            raise StoreUnavailable("no route to the store")

    with pytest.raises(OutcomeUnknown, match=r"guard@1\.0\.0 is published, but"):
        publish(registry(Tapped(home, before=unlisted), deadline=1.0))
    assert releases(home) == ["1.0.0"]
    publish(registry(home))


def test_a_collector_that_is_overtaken_by_a_commit_puts_the_bundle_back(home: MemoryBucket) -> None:
    """The publisher looked before the deletion; so it is the collector that sees the commit."""
    home.put_new(bundles_prefix("guard", V1) + bundle().sha256 + ".tgz", bundle().data)
    garbage = registry(home).gc(now=UNDECIDED + 1)
    overtaken = once("delete", "bundles/", lambda: publish(registry(home, who="p")))
    assert list(registry(Tapped(home, before=overtaken)).collect(garbage)) == []
    assert releases(home) == ["1.0.0"]


def test_a_lost_bundle_is_a_removal_until_it_is_put_back(home: MemoryBucket) -> None:
    """Nobody can tell it from a removal whose tombstone was deleted; the object itself mends it."""
    record = publish(registry(home))
    home.delete(record.bundle_key)
    with pytest.raises(Removed, match="counts as removed"):
        registry(home).fetch(record)
    with pytest.raises(VersionUsed, match="counts as removed"):
        publish(registry(home))
    home.put_new(record.bundle_key, bundle().data)
    assert registry(home).fetch(record) == bundle().data
    assert releases(home) == ["1.0.0"]


def test_a_dry_run_writes_nothing_and_tells_what_would_happen() -> None:
    """Also where there is no registry yet."""
    bucket = MemoryBucket()
    words = {"lock": None, "source": Source(), "publisher": "ann", "tool": "t", "dry_run": True}
    result = registry(bucket).publish(pack(), **words)  # type: ignore[arg-type]
    assert not result.already
    assert bucket.list("").entries == ()
    publish(founded(bucket))
    size = len(bucket.list("").entries)
    assert registry(bucket).publish(pack(), **words).already  # type: ignore[arg-type]
    with pytest.raises(VersionUsed):
        registry(bucket).publish(pack(content="b"), **words)  # type: ignore[arg-type]
    assert len(bucket.list("").entries) == size


def test_publishing_takes_at_most_five_requests(home: MemoryBucket) -> None:
    """Settings, record, canary, bundle, record; four with remembered settings; three to find it there."""
    memory = Memory()
    for expected, version in ((5, "1.0.0"), (4, "1.1.0")):
        target = registry(home, location=S3, remembered=memory)
        publish(target, "guard", version)
        assert target.store.requests == expected
    target = registry(home, location=S3, remembered=memory)
    publish(target, "guard", "1.0.0")
    assert target.store.requests == 3


def test_publishing_to_a_bucket_that_was_emptied_says_that_it_is_no_registry(home: MemoryBucket) -> None:
    """A client that remembers the old registry is not told that the store is unsafe."""
    memory = Memory()
    publish(registry(home, location=S3, remembered=memory))
    with pytest.raises(StoreRefused, match="there is no registry in memory:"):
        publish(registry(MemoryBucket(), location=S3, remembered=memory), "guard", "2.0.0")


def test_no_reader_finds_a_release_before_its_record(home: MemoryBucket) -> None:
    """A reader that looks at every moment of a publish sees nothing, then everything."""
    seen: list[int] = []

    def look(verb: str, key: str) -> None:
        seen.append(len(releases(home)))

    publish(registry(Tapped(home, before=look, after=look)))
    assert seen == [0] * (len(seen) - 1) + [1]
    with pytest.raises(NotFound):
        registry(home).record("guard", Version("2.0.0"))
    assert home.get(record_key("guard", V1), limit=1 << 20)


def test_whoever_published_notices_another_record(home: MemoryBucket) -> None:
    """A publisher's machine is a witness of what it published, before it ever reads it."""
    memory = Memory()
    publish(registry(home, remembered=memory))
    other = _initialised()
    publish(registry(other), "guard", "1.0.0", "b")
    home.delete(record_key("guard", V1))
    home.put_new(record_key("guard", V1), other.get(record_key("guard", V1), limit=1 << 20))
    with pytest.raises(IntegrityError, match="not the one that this machine knows"):
        registry(home, remembered=memory).record("guard", V1)
