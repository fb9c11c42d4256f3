"""The names of a registry's objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.version import Version
from packreg.registry import layout
from packreg.store.bucket import key_problem

NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}[a-z0-9]", fullmatch=True).filter(
    lambda name: layout.read_name(f"packs/{name}/", layout.PACKS) is not None
)
VERSIONS = st.builds(
    lambda a, b, c, pre: Version(f"{a}.{b}.{c}{pre}"),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 99),
    st.sampled_from(["", "-rc.1", "-RC.1", "-0a", "-x-y.7.z"]),
)
SHA = "ab" * 32


@given(NAMES, VERSIONS, st.integers(1, 999_999))
def test_every_key_is_read_back_as_what_it_was_made_from(name: str, version: Version, number: int) -> None:
    """Making a key and reading it are each other's inverse, and every key suits every store."""
    keys = {
        layout.record_key(name, version): layout.PackKey("record", version),
        layout.tombstone_key(name, version): layout.PackKey("tombstone", version),
        layout.revision_key(name, version, number): layout.PackKey("revision", version, number),
        layout.seal_key(name, version, number): layout.PackKey("seal", version, number),
    }
    for key, meaning in keys.items():
        assert layout.read_pack_key(name, key) == meaning
        assert key_problem(key) == ""
    bundle = layout.bundle_key(name, version, SHA)
    assert layout.read_bundle_key(name, bundle) == layout.BundleKey(version, SHA)
    assert key_problem(bundle) == ""


def test_the_key_of_an_artifact_is_its_sha256() -> None:
    """Nothing but 64 hex digits in lower case is one."""
    assert layout.read_artifact_key(layout.artifact_key(SHA)) == SHA
    assert key_problem(layout.artifact_key(SHA)) == ""
    for other in (SHA.upper(), SHA[1:], f"{SHA}/x", f"x{SHA}", f"{SHA}\n"):
        assert layout.read_artifact_key(layout.ARTIFACTS + other) is None


def test_the_longest_name_and_version_still_make_keys() -> None:
    """No accepted name and version are too long for a store."""
    version = Version("1.0.0-" + "a" * 94)
    assert key_problem(layout.bundle_key("n" * 100, version, SHA)) == ""
    assert key_problem(layout.revision_key("n" * 100, version, 999_999)) == ""
    assert key_problem(layout.seal_key("n" * 100, version, 999_999)) == ""


def test_versions_that_differ_only_in_case_share_a_key() -> None:
    """Publishing 1.0.0-RC.1 uses up 1.0.0-rc.1."""
    assert layout.record_key("guard", Version("1.0.0-RC.1")) == layout.record_key(
        "guard", Version("1.0.0-rc.1")
    )


def test_two_editors_meet_at_the_same_key() -> None:
    """The number alone decides between yank and restore, so one number has one key."""
    assert layout.revision_key("guard", Version("1.0.0"), 1) == "packs/guard/y/1.0.0/000001-yanked"
    assert layout.revision_key("guard", Version("1.0.0"), 2) == "packs/guard/y/1.0.0/000002-restored"


@pytest.mark.parametrize(
    "key",
    [
        "packs/guard/",
        "packs/guard/v",
        "packs/guard/v/",
        "packs/guard/v/1.0",
        "packs/guard/v/1.0.0/more",
        "packs/guard/v/1.0.0-RC.1",
        "packs/guard/w/1.0.0",
        "packs/guard/x/latest",
        "packs/guard/y/1.0.0",
        "packs/guard/y/1.0.0/000001-restored",
        "packs/guard/y/1.0.0/000002-yanked",
        "packs/guard/y/1.0.0/000000-restored",
        "packs/guard/y/1.0.0/1-yanked",
        "packs/guard/y/1.0.0/0000001-yanked",
        "packs/guard/y/1.0.0/000001-yanked/x",
        "packs/other/v/1.0.0",
    ],
)
def test_a_key_that_is_none_of_ours_means_nothing(key: str) -> None:
    """What somebody else put below a pack is never taken for a version."""
    assert layout.read_pack_key("guard", key) is None


@pytest.mark.parametrize(
    "key",
    [
        "bundles/guard/1.0.0",
        "bundles/guard/1.0.0/x.tgz",
        f"bundles/guard/1.0.0/{SHA.upper()}.tgz",
        f"bundles/guard/1.0.0/{SHA}.tar",
        f"bundles/guard/1.0/{SHA}.tgz",
        f"bundles/guard/1.0.0/{SHA}.tgz/x",
    ],
)
def test_a_bundle_key_that_is_none_of_ours_means_nothing(key: str) -> None:
    """Only a version and a sha256 in lower case name a bundle."""
    assert layout.read_bundle_key("guard", key) is None


@pytest.mark.parametrize("prefix", ["packs/Guard/", "packs//", "packs/.x/", "packs/con/"])
def test_a_prefix_that_cannot_be_a_pack_has_no_name(prefix: str) -> None:
    """Whatever stands below packs/ without a valid name is not a pack."""
    assert layout.read_name(prefix, layout.PACKS) is None
