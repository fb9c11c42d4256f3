"""Yank, restore and remove releases."""

from __future__ import annotations

from dataclasses import dataclass

from packreg.errors import NotFound, OutcomeUnknown, StoreError, UsageError
from packreg.pack.version import Version
from packreg.registry import layout
from packreg.registry.listing import PackListing, State
from packreg.registry.notices import Notice
from packreg.registry.objects import Objects, read_notice


@dataclass(frozen=True)
class Changed:
    """A release's present state, and the notice for it. `already`: it was in that state before."""

    name: str
    version: Version
    state: State
    notice: Notice
    already: bool


@dataclass(frozen=True)
class Standing:
    """A release's present state, and the notice with which it was yanked or removed (else None).

    `seals` is the number of its newest seal.
    """

    state: State
    notice: Notice | None = None
    seals: int = 0


def standing(objects: Objects, listing: PackListing, version: Version) -> Standing:
    """The state of a version of a listing. See `Registry.standing`."""
    release = listing.by_version.get(version)
    if release is None:
        listing.choose(version)  # raises an error that names the existing versions
        raise NotFound(f"there is no {listing.name}@{version}")
    if release.state == "removed":
        said = objects.tombstone(listing.name, version)
        return Standing("removed", said or _unsaid(listing.name, version), release.seals)
    if release.state == "yanked":
        notice = objects.revision(listing.name, version, release.revision)
        return Standing("yanked", notice, release.seals)
    return Standing("published", seals=release.seals)


def _unsaid(name: str, version: Version) -> Notice:
    """The notice to show for a release that has neither a bundle nor a tombstone."""
    return Notice(name, version, "its bundle is gone, and no tombstone says why", "", "", "")


def yank(objects: Objects, notice: Notice) -> Changed:
    """Hide a release from `latest` and ranges. See `Registry.yank`."""
    if not notice.reason:
        raise UsageError("a yank needs a reason", hint="say in a few words what is wrong with the release")
    return _revise(objects, notice, "yanked")


def restore(objects: Objects, notice: Notice) -> Changed:
    """Undo a yank. See `Registry.restore`."""
    return _revise(objects, notice, "published")


def _revise(objects: Objects, notice: Notice, wanted: State) -> Changed:
    """Create the next yank or restore, if the release is not already in the `wanted` state.

    Its number comes from a listing. If somebody else creates that number first, it has the same meaning, as
    odd numbers yank and even ones restore; then theirs counts.
    """
    name, version = notice.name, notice.version
    listing = objects.listing(name)
    release = listing.by_version.get(listing.choose(version).version)
    assert release is not None, "choose returns a version of the listing"
    number = release.revision
    if release.state == wanted:
        said = objects.revision(name, version, number) if number else None
        return Changed(name, version, wanted, said or _never(notice), already=True)
    key = layout.revision_key(name, version, number + 1)
    other = objects.store.create(key, notice.encode(), limit=layout.MAX_NOTICE)
    said = notice if other is None else read_notice(other, key, name, version)
    return Changed(name, version, wanted, said, already=other is not None)


def _never(notice: Notice) -> Notice:
    """The notice to show for a release that was never yanked."""
    return Notice(notice.name, notice.version, "it was never yanked", "", "", "")


def remove(objects: Objects, notice: Notice) -> Changed:
    """Remove a release for good. See `Registry.remove`.

    The tombstone is created first, so that a reader that finds no bundle always finds the reason. If the
    command is killed in between, running it again finishes it.
    """
    name, version = notice.name, notice.version
    if not notice.reason:
        raise UsageError("a removal needs a reason", hint="say in a few words why the release has to go")
    if objects.record(name, version) is None:
        objects.listing(name).choose(version)  # raises an error that names the existing versions
        raise NotFound(f"there is no {name}@{version} to remove")
    key = layout.tombstone_key(name, version)
    other = objects.store.create(key, notice.encode(), limit=layout.MAX_NOTICE)
    said = notice if other is None else read_notice(other, key, name, version)
    try:
        for entry in objects.store.list_all(layout.bundles_prefix(name, version)):
            objects.store.delete(entry.key)
    except StoreError as error:
        raise OutcomeUnknown(
            f"the removal of {name}@{version} has begun, but its bundle may still be there: {error}",
            hint="run the same command again, or `packreg gc`, with the permission to delete",
        ) from error
    return Changed(name, version, "removed", said, already=other is not None)
