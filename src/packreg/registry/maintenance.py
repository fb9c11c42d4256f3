"""What happens to a release after it was published: yanked, restored, removed."""

from __future__ import annotations

from dataclasses import dataclass

from packreg.errors import NotFound, OutcomeUnknown, Removed, StoreError, UsageError
from packreg.pack.version import Version
from packreg.registry import layout
from packreg.registry.listing import State
from packreg.registry.notices import MAX_NOTICE, Notice
from packreg.registry.objects import Objects


@dataclass(frozen=True)
class Changed:
    """The state a release is in now and what was said about it. `already`: it was in that state before."""

    name: str
    version: Version
    state: State
    notice: Notice
    already: bool


def yank(objects: Objects, notice: Notice) -> Changed:
    """Hide a release from `latest` and ranges. See `Registry.yank`."""
    if not notice.reason:
        raise UsageError("a yank needs a reason", hint="say in a few words what is wrong with the release")
    return _revise(objects, notice, "yanked")


def restore(objects: Objects, notice: Notice) -> Changed:
    """Undo a yank. See `Registry.restore`."""
    return _revise(objects, notice, "published")


def _revise(objects: Objects, notice: Notice, wanted: State) -> Changed:
    """Create the next revision, if the newest does not already say so.

    Its number is read from a listing. Should somebody else create that number first, then by its parity it
    says what we wanted to say, and theirs stands.
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
    other = objects.store.create(key, notice.encode(), limit=MAX_NOTICE)
    said = notice if other is None else Notice.decode(other, key, name, version)
    return Changed(name, version, wanted, said, already=other is not None)


def _never(notice: Notice) -> Notice:
    """What stands for the notice of a release that was never yanked."""
    return Notice(notice.name, notice.version, "it was never yanked", "", "", "")


def yanked(objects: Objects, name: str, version: Version) -> str:
    """Why a release is yanked, or an empty string. See `Registry.yanked`."""
    newest = 0
    for entry in objects.store.list_all(layout.revisions_prefix(name, version)):
        meaning = layout.read_pack_key(name, entry.key)
        if meaning is not None:
            newest = max(newest, meaning.number)
    return yank_reason(objects, name, version, newest)


def yank_reason(objects: Objects, name: str, version: Version, number: int) -> str:
    """What the yank with this number says; an empty string if the number is that of a restore, or 0."""
    if number % 2 == 0:
        return ""
    notice = objects.revision(name, version, number)
    return str(notice) if notice is not None else "no reason given"


def remove(objects: Objects, notice: Notice) -> Changed:
    """Remove a release for good. See `Registry.remove`.

    The tombstone comes first: from then on no reader that finds the bundle gone is left without the reason,
    and a command that was killed in between is finished by running it again.
    """
    name, version = notice.name, notice.version
    if not notice.reason:
        raise UsageError("a removal needs a reason", hint="say in a few words why the release has to go")
    if objects.record(name, version, fresh=True) is None:
        objects.listing(name).choose(version)  # names what there is
        raise NotFound(f"there is no {name}@{version} to remove")
    key = layout.tombstone_key(name, version)
    other = objects.store.create(key, notice.encode(), limit=MAX_NOTICE)
    said = notice if other is None else Notice.decode(other, key, name, version)
    try:
        for entry in objects.store.list_all(layout.bundles_prefix(name, version)):
            objects.store.delete(entry.key)
    except StoreError as error:
        raise OutcomeUnknown(
            f"the removal of {name}@{version} has begun, but its bundle may still be there: {error}",
            hint="run the same command again, or `packreg gc`, with the permission to delete",
        ) from error
    return Changed(name, version, "removed", said, already=other is not None)


def removed(objects: Objects, name: str, version: Version) -> Removed | None:
    """The error that tells a reader that a release was removed, if it was. One request."""
    notice = objects.tombstone(name, version)
    if notice is None:
        return None
    return Removed(
        f"{name}@{version} was removed: {notice}",
        hint=f"choose another version: `packreg versions {name}` lists them",
    )
