"""What one listing tells about a pack."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import NotFound, Removed
from packreg.pack.version import Version, VersionRange
from packreg.registry.layout import bundle_key, record_key, revision_key, tombstone_key
from packreg.registry.listing import Choice, PackListing, UsedVersion, precedence

from .test_layout import VERSIONS

NAME = "guard"


def listing(published: str = "", yanked: str = "", restored: str = "", removed: str = "") -> PackListing:
    """A listing of versions given as words."""
    keys = [record_key(NAME, Version(text)) for text in f"{published} {yanked} {restored} {removed}".split()]
    keys += [revision_key(NAME, Version(text), 1) for text in f"{yanked} {restored}".split()]
    keys += [revision_key(NAME, Version(text), 2) for text in restored.split()]
    keys += [tombstone_key(NAME, Version(text)) for text in removed.split()]
    return PackListing.from_keys(NAME, keys)


def test_the_keys_tell_the_state_of_every_version() -> None:
    """Published, yanked, restored and removed versions are told apart without reading any object."""
    found = listing("1.0.0", yanked="1.1.0", restored="1.2.0", removed="1.3.0")
    assert found.releases == (
        UsedVersion(Version("1.0.0"), "published"),
        UsedVersion(Version("1.1.0"), "yanked", 1),
        UsedVersion(Version("1.2.0"), "published", 2),
        UsedVersion(Version("1.3.0"), "removed"),
    )


def test_the_highest_revision_counts_and_removal_beats_it() -> None:
    """Yanked for the second time is yanked; a removed version stays removed whatever was said before."""
    version = Version("1.0.0")
    keys = [record_key(NAME, version), *(revision_key(NAME, version, number) for number in (3, 1, 2))]
    assert PackListing.from_keys(NAME, keys).releases == (UsedVersion(version, "yanked", 3),)
    keys.append(tombstone_key(NAME, version))
    assert PackListing.from_keys(NAME, keys).releases == (UsedVersion(version, "removed", 3),)


def test_foreign_keys_are_counted_and_make_no_version() -> None:
    """What packreg did not write shows up as unknown, and a revision without a record makes no version."""
    keys = ["packs/guard/README", "packs/guard/v/latest", revision_key(NAME, Version("9.0.0"), 1)]
    found = PackListing.from_keys(NAME, keys)
    assert found.unknown == ("packs/guard/README", "packs/guard/v/latest")
    assert found.releases == ()


@given(st.lists(VERSIONS, unique=True, max_size=12), st.randoms())
def test_the_order_of_keys_does_not_matter(versions: list[Version], shuffle: object) -> None:
    """Stores list in byte order, which is not version order; the listing is the same for every order."""
    keys = [record_key(NAME, version) for version in versions]
    mixed = list(keys)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    assert PackListing.from_keys(NAME, mixed).releases == PackListing.from_keys(NAME, keys).releases


@given(st.lists(VERSIONS, max_size=12))
def test_the_sort_key_agrees_with_semver(versions: list[Version]) -> None:
    """The fast key orders exactly as the precedence of the semver library does."""
    slow = sorted(versions)
    assert [v.key for v in sorted(versions, key=precedence)] == [v.key for v in slow]


def test_precedence_follows_the_example_of_the_standard() -> None:
    """The chain of pre-releases in SemVer 2.0.0, rule 11, comes out in its order."""
    chain = ["alpha", "alpha.1", "alpha.beta", "beta", "beta.2", "beta.11", "rc.1"]
    versions = [Version(f"1.0.0-{word}") for word in chain] + [Version("1.0.0")]
    backwards = versions[::-1]
    assert sorted(backwards, key=precedence) == versions


def test_latest_is_the_highest_stable_version_that_is_neither_yanked_nor_removed() -> None:
    """9.0.0 was published before 10.0.0, and bytes would order them the other way round."""
    found = listing("9.0.0 10.0.0 11.0.0-rc.1", yanked="12.0.0", removed="13.0.0")
    assert found.latest() == Choice(Version("10.0.0"))


def test_latest_is_a_prerelease_only_if_there_is_nothing_else() -> None:
    """A pack that has only pre-releases gives its newest, and says that it is one."""
    choice = listing("1.0.0-rc.1 1.0.0-rc.2").latest()
    assert choice.version == Version("1.0.0-rc.2")
    assert "pre-release" in choice.note


@pytest.mark.parametrize(
    ("wanted", "version"),
    [("^1.0", "1.4.0"), ("1.x || 2.x", "2.0.0"), ("<1.4", "1.3.9"), ("=1.3.9", "1.3.9")],
)
def test_a_range_gives_the_highest_published_version_inside(wanted: str, version: str) -> None:
    """Yanked and removed versions are no candidates."""
    found = listing("1.3.9 1.4.0 2.0.0", yanked="1.5.0 2.1.0", removed="1.6.0")
    assert found.choose(VersionRange(wanted)) == Choice(Version(version))


def test_an_exact_version_is_chosen_even_if_it_was_yanked() -> None:
    """Whoever pinned a version keeps it."""
    assert listing(yanked="1.0.0").choose(Version("1.0.0")) == Choice(Version("1.0.0"))


def test_an_exact_version_that_was_removed_says_so() -> None:
    """Removed is not the same as never published."""
    with pytest.raises(Removed, match=r"guard 1\.0\.0 was removed"):
        listing("1.1.0", removed="1.0.0").choose(Version("1.0.0"))


def test_what_is_not_there_is_answered_with_what_is() -> None:
    """The message names the versions next to the one that was asked for."""
    found = listing(" ".join(f"1.{minor}.0" for minor in range(20)))
    with pytest.raises(
        NotFound, match=r"no version 1\.10\.5; there is 1\.9\.0, 1\.10\.0, 1\.11\.0, 1\.12\.0, 1\.13\.0"
    ):
        found.choose(Version("1.10.5"))
    with pytest.raises(NotFound, match=r"no version in \^2; .*1\.18\.0, 1\.19\.0 and 15 lower ones"):
        found.choose(VersionRange("^2"))


def test_a_range_with_only_yanked_versions_says_how_to_get_them() -> None:
    """A yank hides a version from ranges, not from those who name it."""
    with pytest.raises(NotFound, match="was yanked") as caught:
        listing("1.0.0", yanked="2.0.0").choose(VersionRange("^2"))
    assert "guard@2.0.0" in caught.value.hint


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (listing(), "no pack 'guard'"),
        (listing(removed="1.0.0"), "every version of it was removed"),
        (listing(yanked="1.0.0"), "all yanked"),
    ],
)
def test_latest_of_nothing_says_why_there_is_nothing(found: PackListing, words: str) -> None:
    """An absent pack, a removed one and a yanked one are three different answers."""
    with pytest.raises(NotFound, match=words):
        found.latest()


def test_the_next_free_version_is_above_everything_used() -> None:
    """Yanked and removed versions are used, too."""
    found = listing("1.2.0", yanked="1.2.5", removed="1.2.7")
    assert found.next_free(Version("1.2.0")) == Version("1.2.8")


def test_a_version_is_removed_without_its_bundle_and_used_without_its_record() -> None:
    """A tombstone alone keeps the version used; a record alone is no release any more."""
    one, two, three = (Version(f"{number}.0.0") for number in (1, 2, 3))
    keys = [record_key(NAME, one), record_key(NAME, two), tombstone_key(NAME, three)]
    bundles = [bundle_key(NAME, one, "0" * 64), bundle_key(NAME, three, "0" * 64)]
    found = PackListing.from_keys(NAME, keys, bundles)
    assert [(str(each.version), each.state) for each in found.releases] == [
        ("1.0.0", "published"),
        ("2.0.0", "removed"),
        ("3.0.0", "removed"),
    ]
    assert str(found.next_free(three)) == "3.0.1"
