"""Files that the registry keeps for its releases, each once by its sha256."""

from __future__ import annotations

import pytest

from packreg.errors import IntegrityError, NotFound, OutcomeUnknown, StoreUnavailable
from packreg.pack.version import Version
from packreg.registry.artifacts import MAX_ARTIFACT, Artifact, proved
from packreg.registry.layout import ARTIFACTS, artifact_key
from packreg.registry.record import Source
from packreg.registry.registry import Registry
from packreg.store.memory import MemoryBucket

from .buckets import Tap, Tapped, lost, once
from .packs import artifact, founded, lock, pack, publish, registry

ONE, TWO = b"the first wheel", b"the second one"


@pytest.fixture
def bucket() -> MemoryBucket:
    """A registry without packs."""
    made = MemoryBucket()
    founded(made)
    return made


def never() -> bytes:
    """What must not be asked for."""
    raise AssertionError("the registry has it already")


def keys(bucket: MemoryBucket) -> list[str]:
    """What is kept."""
    return [entry.key for entry in bucket.list(ARTIFACTS).entries]


def test_bytes_are_kept_once_and_given_back(bucket: MemoryBucket) -> None:
    """What is there is not even asked for again, and counts as found."""
    kept = registry(bucket).artifacts
    assert kept.keep({artifact(ONE): lambda: ONE, artifact(TWO, "two-2.tgz"): lambda: TWO}) == frozenset()
    assert kept.get(artifact(ONE)) == ONE and kept.get(artifact(TWO)) == TWO
    assert kept.keep({artifact(ONE, "another-name.whl"): never}) == {artifact(ONE, "another-name.whl")}
    assert keys(bucket) == sorted([artifact_key(artifact(ONE).sha256), artifact_key(artifact(TWO).sha256)])


def test_what_is_kept_costs_one_request_for_all_that_are_there(bucket: MemoryBucket) -> None:
    """And one more for each that is not."""
    target = registry(bucket)
    target.artifacts.keep({artifact(ONE): lambda: ONE, artifact(TWO): lambda: TWO})
    assert target.store.requests == 3
    target.artifacts.keep({artifact(ONE): never, artifact(TWO): never})
    assert target.store.requests == 4
    target.artifacts.keep({})
    assert target.store.requests == 4


def test_bytes_that_are_not_the_artifact_are_never_stored(bucket: MemoryBucket) -> None:
    """A digest in the registry is a promise."""
    with pytest.raises(IntegrityError, match="does not have its sha256"):
        registry(bucket).artifacts.keep({artifact(ONE): lambda: TWO})
    assert keys(bucket) == []


@pytest.mark.parametrize("there", [b"", ONE[:-1] + b"!", ONE + b"!"])
def test_bytes_that_were_changed_in_the_store_are_never_given_back(
    bucket: MemoryBucket, there: bytes
) -> None:
    """Shorter, longer or others, whoever put them there; the error names the object."""
    bucket.put_new(artifact(ONE).key, there)
    with pytest.raises(IntegrityError, match=artifact(ONE).key) as caught:
        registry(bucket).artifacts.get(artifact(ONE))
    assert artifact(ONE).key in (caught.value.hint or "")


def test_a_publisher_is_told_of_other_bytes_under_its_digest(bucket: MemoryBucket) -> None:
    """By the size at least; what is there stays."""
    bucket.put_new(artifact(ONE).key, b"!")
    with pytest.raises(IntegrityError, match="has 1 bytes, not 15"):
        registry(bucket).artifacts.keep({artifact(ONE): lambda: ONE})


def test_what_is_not_there_is_not_found(bucket: MemoryBucket) -> None:
    """With its name and key."""
    with pytest.raises(NotFound, match=r"dep-1\.0-py3-none-any\.whl is not in"):
        registry(bucket).artifacts.get(artifact(ONE))


@pytest.mark.parametrize("name", ["", "../x", "a/b", "-x", ".x", "a b", "x\n", "a" * 256, "ä"])
def test_a_name_that_is_no_plain_file_name_is_refused(name: str) -> None:
    """It will be the name of a file on every machine that installs."""
    with pytest.raises(ValueError, match="cannot be kept"):
        Artifact.of(name, b"")


def test_what_is_too_large_for_readers_is_refused() -> None:
    """Nobody could read it."""

    class Long(bytes):
        def __len__(self) -> int:
            return MAX_ARTIFACT + 1

    with pytest.raises(ValueError, match="cannot be kept"):
        Artifact.of("x.whl", Long())


def test_proved_gives_back_what_it_proved() -> None:
    """Bytes in, the same bytes out."""
    assert proved(artifact(ONE), ONE) == ONE


def test_a_release_comes_after_its_artifacts(bucket: MemoryBucket) -> None:
    """Whoever dies before the record leaves artifacts that nobody sees; the next publisher finds them."""

    def dies(verb: str, key: str) -> None:
        if verb == "put_new" and key.startswith("bundles/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(registry(Tapped(bucket, before=dies)), "guard", "1.0.0", artifacts=(ONE,))
    assert keys(bucket) == [artifact(ONE).key]
    assert registry(bucket).versions("guard").versions() == []
    record = publish(registry(bucket), "guard", "1.0.0", artifacts=(ONE,))
    assert record.artifacts == (artifact(ONE),)
    assert [finding.level for finding in registry(bucket).verify()] == ["ok"]


def test_two_packs_share_an_artifact(bucket: MemoryBucket) -> None:
    """It is stored once."""
    publish(registry(bucket), "guard", "1.0.0", artifacts=(ONE,))
    publish(registry(bucket), "other", "1.0.0", artifacts=(ONE, TWO))
    assert len(keys(bucket)) == 2


def test_a_dry_run_keeps_nothing(bucket: MemoryBucket) -> None:
    """It only looks."""
    registry(bucket).publish(
        pack(),
        lock=lock(),
        source=Source(),
        publisher="ann",
        tool="t",
        artifacts={artifact(ONE): never},
        dry_run=True,
    )
    assert keys(bucket) == []


def _collected(bucket: MemoryBucket) -> Tap:
    """Somebody deletes the artifact just before the record is stored."""
    return once("put_new", "packs/guard/v/", lambda: bucket.delete(artifact(ONE).key))


def test_an_artifact_that_is_collected_while_a_publisher_begins_to_need_it_is_put_back(
    bucket: MemoryBucket,
) -> None:
    """The publisher found it, so it looks again once its record is there."""
    registry(bucket).artifacts.keep({artifact(ONE): lambda: ONE})
    target = registry(Tapped(bucket, before=_collected(bucket)))
    publish(target, "guard", "1.0.0", artifacts=(ONE,))
    assert [finding.level for finding in registry(bucket).verify()] == ["ok"]


def test_who_cannot_look_again_says_so(bucket: MemoryBucket) -> None:
    """The release is there; whether it is whole is for `verify` to say."""
    registry(bucket).artifacts.keep({artifact(ONE): lambda: ONE})
    committed = False

    def fails(verb: str, key: str) -> None:
        nonlocal committed
        if committed and verb == "list" and key == ARTIFACTS:
            raise StoreUnavailable("the store is away")
        committed = committed or (verb == "put_new" and key.startswith("packs/guard/v/"))

    with pytest.raises(OutcomeUnknown, match="is published, but") as caught:
        publish(registry(Tapped(bucket, before=fails), deadline=1), "guard", "1.0.0", artifacts=(ONE,))
    assert "packreg verify guard@1.0.0" in (caught.value.hint or "")
    assert registry(bucket).versions("guard").versions() == [Version("1.0.0")]


def test_an_answer_that_is_lost_stops_the_publisher_before_its_record(bucket: MemoryBucket) -> None:
    """Nothing is published, and the same command again is safe."""
    silent = Tapped(bucket, after=lost(ARTIFACTS))
    with pytest.raises(StoreUnavailable, match="could not be stored"):
        publish(_impatient(silent), "guard", "1.0.0", artifacts=(ONE,))
    assert registry(bucket).versions("guard").versions() == []
    publish(registry(bucket), "guard", "1.0.0", artifacts=(ONE,))


def _impatient(bucket: Tapped) -> Registry:
    return registry(bucket, deadline=0)
