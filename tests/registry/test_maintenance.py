"""Yanking, restoring and removing."""

from __future__ import annotations

import pytest

from packreg.errors import (
    NotFound,
    OutcomeUnknown,
    Removed,
    StoreRefused,
    StoreUnavailable,
    UsageError,
)
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.layout import bundles_prefix
from packreg.store.memory import MemoryBucket

from .buckets import Killed, Tapped, dies_after, once
from .packs import NOW, bundle, founded, publish, registry

V1, V2 = Version("1.0.0"), Version("2.0.0")


@pytest.fixture
def home() -> MemoryBucket:
    """A registry with two versions of a pack."""
    bucket = MemoryBucket()
    publish(founded(bucket), "guard", "1.0.0")
    publish(registry(bucket), "guard", "2.0.0")
    return bucket


def latest(bucket: MemoryBucket) -> str:
    """The latest version of the pack."""
    return registry(bucket).resolve(Reference.parse("guard")).record.version.text


def test_a_yank_hides_a_version_and_a_restore_brings_it_back(home: MemoryBucket) -> None:
    """As often as wanted, with the newest reason shown."""
    for reason in ("broken", "broken again"):
        assert latest(home) == "2.0.0"
        changed = registry(home).yank("guard", V2, reason, "ann")
        assert (changed.state, changed.already, changed.notice.reason) == ("yanked", False, reason)
        assert latest(home) == "1.0.0"
        assert registry(home).since("guard", V2).yanked == f"{reason} (ann, {NOW})"
        assert not registry(home).restore("guard", V2, "mended", "bob").already
        assert registry(home).since("guard", V2).yanked == ""
    assert registry(home).versions("guard").by_version[V2].revision == 4


def test_yanking_what_is_yanked_tells_the_reason_that_stands(home: MemoryBucket) -> None:
    """The second reason is not recorded, and the caller hears so."""
    registry(home).yank("guard", V2, "broken", "ann")
    again = registry(home).yank("guard", V2, "ugly", "bob")
    assert again.already
    assert again.notice.reason == "broken"
    assert registry(home).versions("guard").by_version[V2].revision == 1


def test_restoring_what_was_never_yanked_changes_nothing(home: MemoryBucket) -> None:
    """It is in the state that was asked for."""
    again = registry(home).restore("guard", V2, "", "bob")
    assert again.already
    assert registry(home).versions("guard").by_version[V2].revision == 0


def test_two_who_yank_at_once_make_one_revision(home: MemoryBucket) -> None:
    """They contest one key: the second hears what the first one said."""
    first = once("put_new", "/y/", lambda: registry(home, who="a").yank("guard", V2, "broken", "ann"))
    second = registry(Tapped(home, before=first), who="b").yank("guard", V2, "ugly", "bob")
    assert second.already
    assert second.notice.reason == "broken"
    assert registry(home).versions("guard").by_version[V2].revision == 1


@pytest.mark.parametrize("verb", ["yank", "restore", "remove"])
def test_what_is_not_there_cannot_be_changed(home: MemoryBucket, verb: str) -> None:
    """The message names what there is."""
    with pytest.raises(NotFound, match=r"there is 1\.0\.0, 2\.0\.0"):
        getattr(registry(home), verb)("guard", Version("3.0.0"), "why", "ann")
    with pytest.raises(NotFound, match="no pack 'nothing'"):
        getattr(registry(home), verb)("nothing", V1, "why", "ann")


@pytest.mark.parametrize("verb", ["yank", "remove"])
@pytest.mark.parametrize("reason", ["", "  \n"])
def test_hiding_or_removing_needs_a_reason(home: MemoryBucket, verb: str, reason: str) -> None:
    """Every later reader will ask why."""
    with pytest.raises(UsageError, match="needs a reason"):
        getattr(registry(home), verb)("guard", V1, reason, "ann")


def test_a_removed_release_is_gone_for_every_reader(home: MemoryBucket) -> None:
    """Its record stays, its bundle goes, and the reason is told wherever it is asked for."""
    kept = registry(home).record("guard", V2)
    changed = registry(home).remove("guard", V2, "leaked a key", "ann")
    assert (changed.state, changed.already) == ("removed", False)
    assert latest(home) == "1.0.0"
    assert registry(home).record("guard", V2) == kept
    with pytest.raises(Removed, match="leaked a key"):
        registry(home).fetch(kept)
    assert [entry.key for entry in home.list(bundles_prefix("guard", V2)).entries] == []
    for verb in ("yank", "restore"):
        with pytest.raises(Removed):
            getattr(registry(home), verb)("guard", V2, "why", "ann")


def test_removing_again_is_success_with_the_first_reason(home: MemoryBucket) -> None:
    """And finishes what an earlier removal left undone."""
    registry(home).remove("guard", V2, "leaked a key", "ann")
    again = registry(home).remove("guard", V2, "other", "bob")
    assert again.already
    assert again.notice.reason == "leaked a key"


@pytest.mark.parametrize(
    "step", range(5), ids=["nothing", "settings", "record", "tombstone", "bundles listed"]
)
def test_killed_at_any_step_a_removal_can_be_finished(home: MemoryBucket, step: int) -> None:
    """Before the tombstone the release is whole; after it, running again or collecting garbage finishes."""
    before, after = dies_after(step)
    with pytest.raises(Killed):
        registry(Tapped(home, before=before, after=after)).remove("guard", V2, "leaked a key", "ann")
    assert registry(home).versions("guard").by_version[V2].state == ("removed" if step > 2 else "published")
    garbage = registry(home).gc(now=0.0)
    assert [piece.reason for piece in garbage] == (["its release was removed"] if step > 2 else [])
    registry(home).remove("guard", V2, "leaked a key", "ann")
    assert [entry.key for entry in home.list(bundles_prefix("guard", V2)).entries] == []


@pytest.mark.parametrize("error", [StoreRefused, StoreUnavailable])
def test_a_removal_that_may_not_delete_says_that_it_has_begun(
    home: MemoryBucket, error: type[Exception]
) -> None:
    """The tombstone is there, so neither "refused" nor "nothing was changed" would be true."""

    def kept(verb: str, key: str) -> None:
        if verb == "delete":
            raise error("not allowed")

    with pytest.raises(OutcomeUnknown, match=r"the removal of guard@2\.0\.0 has begun"):
        registry(Tapped(home, before=kept), deadline=1.0).remove("guard", V2, "leaked a key", "ann")
    assert registry(home).versions("guard").by_version[V2].state == "removed"
    assert registry(home).remove("guard", V2, "again", "ann").notice.reason == "leaked a key"


def test_removing_takes_the_bundles_of_all_who_tried(home: MemoryBucket) -> None:
    """What a losing publisher left goes with it; the other version stays whole."""
    home.put_new(bundles_prefix("guard", V2) + "0" * 64 + ".tgz", b"loser")
    registry(home).remove("guard", V2, "leaked a key", "ann")
    keys = [entry.key for entry in home.list(bundles_prefix("guard")).entries]
    assert keys == [bundles_prefix("guard", V1) + bundle().sha256 + ".tgz"]
