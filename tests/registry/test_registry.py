"""Resolving and fetching, the roles of a registry, and what readers remember."""

from __future__ import annotations

import pytest

from packreg.errors import IntegrityError, NotFound, Removed
from packreg.pack.version import Version
from packreg.registry.maintenance import Standing
from packreg.store.memory import MemoryBucket

from .packs import NOW, S3, record, ref, registry

V1 = Version("1.0.0")


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


@pytest.mark.parametrize("text", ["nothing", "nothing@1.0.0", "nothing@^1"])
def test_an_absent_pack_is_not_found(home: MemoryBucket, text: str) -> None:
    """Whatever was asked of it."""
    with pytest.raises(NotFound, match="no pack 'nothing'"):
        registry(home).resolve(ref(text))


def test_an_absent_version_is_answered_with_what_there_is(home: MemoryBucket) -> None:
    """The message names the versions."""
    with pytest.raises(NotFound, match=r"no version 3\.0\.0; there is 1\.0\.0, 1\.1\.0, 1\.2\.0"):
        registry(home).resolve(ref("guard@3.0.0"))


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
    reader.since("guard", V1)
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
