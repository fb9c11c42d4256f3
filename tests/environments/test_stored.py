"""Environments in the registry: revisions, tags, removals, and two people at once."""

from __future__ import annotations

import itertools
import json

import pytest

from packreg.environments.stored import Environments
from packreg.errors import ChangedMeanwhile, IntegrityError, NotFound, Removed, StoreRefused, UsageError
from packreg.registry.environment_reference import EnvironmentReference
from packreg.registry.layout import environment_prefix, environment_tags_prefix
from packreg.store.chain import Chain
from packreg.store.memory import MemoryBucket
from tests.registry.buckets import Tapped, once
from tests.registry.packs import NOW, S3, registry

_ids = itertools.count()


def environments(bucket: MemoryBucket | Tapped) -> Environments:
    """The environments of a registry in a bucket."""
    return Environments(
        registry(bucket, location=S3), now=lambda: NOW, new_id=lambda: f"attempt-{next(_ids)}"
    )


@pytest.fixture
def bucket() -> MemoryBucket:
    """A registry with an environment of two revisions, the first of them tagged."""
    bucket = MemoryBucket()
    registry(bucket).init()
    target = environments(bucket)
    first = target.set("prod", b"values: {a: 1}\n", "ann", None)
    target.set("prod", b"values: {a: 2}\n", "bob", first)
    target.tag("prod", "Stable", 1, "ann")
    return bucket


def ref(text: str) -> EnvironmentReference:
    """A reference from its text."""
    return EnvironmentReference.parse(text)


@pytest.mark.parametrize(("text", "number"), [("prod", 2), ("prod@1", 1), ("prod@2", 2), ("prod@Stable", 1)])
def test_a_reference_means_one_revision(bucket: MemoryBucket, text: str, number: int) -> None:
    """The newest, one by its number, or the one that a tag names."""
    found = environments(bucket).at(ref(text))
    assert (found.number, found.text, found.at) == (number, f"values: {{a: {number}}}\n".encode(), NOW)
    assert found.by == ("ann" if number == 1 else "bob")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("other", "there is no environment other"),
        ("other@1", "there is no environment other"),
        ("other@tag", "there is no environment other"),
        ("prod@3", "there is no prod@3; the newest is prod@2"),
        ("prod@stable", "the environment prod has no tag 'stable'"),
    ],
)
def test_what_is_not_there_is_not_found(bucket: MemoryBucket, text: str, said: str) -> None:
    """And what there is instead is said."""
    with pytest.raises(NotFound, match=said):
        environments(bucket).at(ref(text))


def test_the_same_again_adds_no_revision(bucket: MemoryBucket) -> None:
    """Setting what is there already writes nothing."""
    target = environments(bucket)
    newest = target.newest("prod")
    assert newest is not None
    assert target.set("prod", newest.text, "ann", newest) == newest
    assert [each.number for each in target.history("prod")] == [2, 1]


def test_a_revision_behind_another_is_refused(bucket: MemoryBucket) -> None:
    """Who starts from what is no longer the newest learns who was first, and nothing is written."""
    target = environments(bucket)
    for before in (target.at(ref("prod@1")), None):
        with pytest.raises(ChangedMeanwhile, match="prod@2 was made by bob") as raised:
            target.set("prod", b"values: {}\n", "ann", before)
        assert "env diff prod@1 prod@2" in raised.value.hint or "env get prod" in raised.value.hint
    assert target.at(ref("prod")).number == 2


def test_of_two_who_set_at_once_one_wins(bucket: MemoryBucket) -> None:
    """Between reading the newest and writing behind it somebody else was faster: exit code 12."""
    target = environments(bucket)
    newest = target.newest("prod")

    def other() -> None:
        environments(bucket).set("prod", b"values: {a: theirs}\n", "eve", newest)

    slow = environments(Tapped(bucket, before=once("put_new", "/r/", other)))
    with pytest.raises(ChangedMeanwhile, match="prod@3 was made by eve"):
        slow.set("prod", b"values: {a: mine}\n", "ann", newest)
    assert target.at(ref("prod")).text == b"values: {a: theirs}\n"


def test_tags_move_and_are_dropped(bucket: MemoryBucket) -> None:
    """A tag names one revision at a time; moving it says what it was."""
    target = environments(bucket)
    assert target.tag("prod", "Stable", 2, "ann") == 1
    assert target.tag("prod", "Stable", 2, "ann") == 2
    assert target.tag("prod", "v1", 1, "ann") == 0
    assert target.tags("prod").numbers == {"Stable": 2, "v1": 1}
    assert target.tag("prod", "Stable", 0, "ann") == 2
    assert target.tags("prod").numbers == {"v1": 1}
    for number in (0, 7):
        with pytest.raises(NotFound):
            target.tag("prod", "gone", number, "ann")
    for tag in ("latest", "12", "", "a b"):
        with pytest.raises(UsageError):
            target.tag("prod", tag, 1, "ann")


@pytest.mark.parametrize("theirs", ["Stable", "other"])
def test_two_who_move_tags_at_once(bucket: MemoryBucket, theirs: str) -> None:
    """Different tags are both moved; of the same one, the second mover gets exit code 12."""
    environments(bucket).set("prod", b"values: {a: 3}\n", "ann", environments(bucket).newest("prod"))

    def other() -> None:
        environments(bucket).tag("prod", theirs, 3, "eve")

    slow = environments(Tapped(bucket, before=once("put_new", "/t/", other)))
    if theirs == "Stable":
        with pytest.raises(ChangedMeanwhile, match="the tag 'Stable' of prod was moved to prod@3"):
            slow.tag("prod", "Stable", 2, "ann")
        assert environments(bucket).tags("prod").numbers == {"Stable": 3}
    else:
        slow.tag("prod", "Stable", 2, "ann")
        assert environments(bucket).tags("prod").numbers == {"Stable": 2, "other": 3}


def test_a_removed_environment_is_gone_and_explained(bucket: MemoryBucket) -> None:
    """Its name and tags mean nothing, its revisions stay, and setting it again goes on counting."""
    target = environments(bucket)
    with pytest.raises(UsageError, match="needs a reason"):
        target.remove("prod", " ", "ann")
    target.remove("prod", "nobody uses it", "ann")
    for text in ("prod", "prod@3", "prod@Stable", "prod@9"):
        with pytest.raises(Removed, match="nobody uses it"):
            target.at(ref(text))
    assert target.at(ref("prod@1")).text == b"values: {a: 1}\n"
    assert target.remove("prod", "again", "bob").removed == "nobody uses it"
    newest = target.newest("prod")
    assert target.set("prod", b"values: {a: 2}\n", "ann", newest).number == 4
    assert target.names() == ["prod"]
    with pytest.raises(NotFound):
        target.at(ref("prod@Stable"))
    with pytest.raises(NotFound):
        target.remove("other", "x", "ann")


def test_a_removal_that_was_cut_short_is_finished(bucket: MemoryBucket) -> None:
    """Whoever removes it again drops the tags that were left."""
    target = environments(bucket)
    target._append("prod", {"removed": "cut short"}, "ann", target.newest("prod"))
    assert target.tags("prod").numbers == {"Stable": 1}
    target.remove("prod", "again", "ann")
    assert target.tags("prod").numbers == {}


def test_requests_do_not_grow_with_the_history(bucket: MemoryBucket) -> None:
    """The newest costs three requests, a number one, a tag three while there is one revision of tags."""
    target = environments(bucket)
    before: object = target.newest("prod")
    for number in range(20):
        before = target.set("prod", f"values: {{a: x{number}}}\n".encode(), "ann", before)  # type: ignore[arg-type]
    for text, cost in (("prod", 3), ("prod@5", 1), ("prod@Stable", 3)):
        place = registry(bucket)
        Environments(place, now=lambda: NOW, new_id=lambda: "x").at(ref(text))
        assert place.store.requests == cost


@pytest.mark.parametrize(
    "value",
    [
        b"values: {}",
        b"[]",
        b'{"format": 1, "by": "x", "at": "y"}',
        b'{"format": 1, "by": "x", "at": "y", "document": 5}',
        b'{"format": 1, "by": 1, "at": "y", "document": ""}',
    ],
)
def test_a_revision_that_packreg_does_not_write_is_refused(value: bytes) -> None:
    """What is in the bucket is checked before it is used."""
    bucket = MemoryBucket()
    registry(bucket).init()
    chain = Chain(registry(bucket).store, environment_prefix("prod"))
    chain.append(lambda _: value, attempt_id="x")
    with pytest.raises(IntegrityError):
        environments(bucket).at(ref("prod"))


@pytest.mark.parametrize("tags", [[], {"a": "1"}, {"12": 1}, {"a": -1}, {f"t{n}": 1 for n in range(1001)}])
def test_tags_that_packreg_does_not_write_are_refused(tags: object) -> None:
    """As revisions are."""
    bucket = MemoryBucket()
    registry(bucket).init()
    value = json.dumps({"format": 1, "by": "x", "at": "y", "tags": tags}).encode()
    chain = Chain(registry(bucket).store, environment_tags_prefix("prod"))
    chain.append(lambda _: value, attempt_id="x")
    with pytest.raises(IntegrityError):
        environments(bucket).tags("prod")


def test_a_newer_format_is_refused_by_its_number() -> None:
    """An older packreg never misreads what a newer one wrote."""
    bucket = MemoryBucket()
    registry(bucket).init()
    chain = Chain(registry(bucket).store, environment_prefix("prod"))
    chain.append(lambda _: b'{"format": 2}', attempt_id="x")
    with pytest.raises(StoreRefused, match="format 2"):
        environments(bucket).at(ref("prod"))


def test_nothing_is_written_outside_of_a_registry() -> None:
    """A bucket that nobody initialised, or a replica, takes no environment."""
    with pytest.raises(StoreRefused):
        environments(MemoryBucket()).set("prod", b"", "ann", None)
    replica = MemoryBucket()
    registry(replica).init("replica")
    with pytest.raises(StoreRefused):
        environments(replica).set("prod", b"", "ann", None)


def test_verify_proves_environments(bucket: MemoryBucket) -> None:
    """Both chains of each are read, and a revision that was exchanged or is missing is an error."""
    place = registry(bucket, location=S3)
    found = {finding.subject: finding.level for finding in place.verify()}
    assert found == {"environments/prod/r": "ok", "environments/prod/t": "ok"}
    place.store.create("environments/-odd/x", b"x")
    bucket.delete(Chain(place.store, environment_prefix("prod")).key(1))
    found = {finding.subject: finding.code for finding in place.verify()}
    assert found == {
        "environments/-odd/x": "unknown-key",
        "environments/prod/r": "bad-revision",
        "environments/prod/t": "",
    }
