"""Publish a pack: store its bundle, then its record. With the record it is a release.

The protocol and what every crash leaves behind:

| killed after        | an exact read or a listing | the same again     | other content          |
|---------------------|----------------------------|--------------------|------------------------|
| any step before (3) | nothing                    | published          | published              |
| (3) bundle stored   | nothing (an orphan)        | published          | published, orphan left |
| (4) record stored   | the release                | already published  | refused                |

(1) read the record: somebody may have published the version; (2) the canary proves that the store still
refuses to create an object that exists; (3) create the artifacts that the record names, and the bundle;
(4) create the record. Nothing is ever cleaned up on failure: a write whose answer was lost may still arrive.
So no crash leaves a record without its bundle: somebody deleted the bundle, and the version counts as
removed, also for the same content.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packreg.errors import (
    IntegrityError,
    InvalidPack,
    OutcomeUnknown,
    StoreError,
    StoreUnavailable,
    VersionUsed,
)
from packreg.pack.files import MANIFEST
from packreg.registry.artifacts import Artifacts
from packreg.registry.layout import record_key
from packreg.registry.members import printable_values
from packreg.registry.record import MAX_RECORD, Lock, Record, Source
from packreg.store.probe import canary
from packreg.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packreg.pack.bundle import Bundle
    from packreg.pack.check import Pack
    from packreg.pack.metadata import PackInfo
    from packreg.registry.artifacts import Artifact, Supply
    from packreg.registry.objects import Objects

#: No artifacts.
NONE: Mapping[Artifact, Supply] = {}


@dataclass(frozen=True)
class Published:
    """A release that exists. `already`: it existed before, with the same content."""

    record: Record
    already: bool


def make_record(
    pack: Pack,
    bundle: Bundle,
    *,
    lock: Lock | None,
    source: Source,
    publisher: str,
    published: str,
    tool: str,
    attempt: str,
    notes: tuple[str, ...] = (),
    metadata: PackInfo | None = None,
    artifacts: tuple[Artifact, ...] = (),
    sealed_for: tuple[str, ...] = (),
) -> Record:
    """The record of a pack that is about to be published, as every reader will read it; pure.

    Texts are made printable. `metadata` is the running pack's.

    Raises:
        InvalidPack: no reader would accept the record, because it is too large or has invalid text.
    """
    record = Record(
        name=pack.name,
        version=pack.version,
        digest=bundle.digest,
        bundle_sha256=bundle.sha256,
        bundle_size=bundle.size,
        unpacked=bundle.unpacked,
        members=bundle.members,
        runtime=pack.runtime,
        manifest=printable_values(pack.manifest.as_dict()),
        manifest_sha256=hashlib.sha256(pack.files[MANIFEST].data).hexdigest(),
        publisher=one_line(publisher)[:200],
        published=published,
        tool=one_line(tool)[:200],
        attempt=attempt,
        lock=lock,
        source=source.cleaned(),
        notes=tuple(one_line(note) for note in notes),
        metadata=metadata,
        artifacts=artifacts,
        requires_python=pack.requires_python,
        sealed_for=sealed_for,
    )
    try:
        return Record.decode(record.encode(), record.name, record.version)
    except IntegrityError as error:
        raise InvalidPack(f"no reader would accept the record of {record.reference}: {error}") from error


def look(objects: Objects, record: Record) -> Published:
    """The result that publishing this record would have; writes nothing.

    Raises:
        VersionUsed: the version is used for other content or was removed.
    """
    existing = objects.record(record.name, record.version)
    return Published(record, already=False) if existing is None else _meet(objects, record, existing)


def commit(
    objects: Objects,
    record: Record,
    data: bytes,
    *,
    read_back: bool,
    supplies: Mapping[Artifact, Supply] = NONE,
) -> Published:
    """Publish `data` under `record`. With `read_back` the stored bundle is read again before the commit.

    `supplies` are those of the artifacts that the record names.

    Raises:
        VersionUsed: the version is used for other content or was removed; the hint names a free one.
        OutcomeUnknown: the record was sent but no answer came, so the release may or may not exist; or it
            exists, but the final check of its bundle failed.
        StoreUnavailable: the store failed before the record was sent: nothing is published.
        StoreUnsafe: the store created an object that already existed; nothing is published.
        IntegrityError: the objects that are stored for this version do not match their digests.
    """
    encoded = record.encode()
    existing = objects.record(record.name, record.version)
    if existing is not None:
        return _meet(objects, record, existing)
    canary(objects.store)
    kept = Artifacts(objects.store)
    found = kept.keep(supplies)
    if read_back:
        _read_artifacts_back(kept, supplies.keys() - found)
    requests = objects.store.requests
    _store_bundle(objects, record, data)
    first_try = objects.store.requests == requests + 1
    if read_back and first_try:  # otherwise the bytes were read and compared already
        _read_back(objects, record, data)
    key = record_key(record.name, record.version)
    try:
        other = objects.store.create(key, encoded, limit=MAX_RECORD)
    except OutcomeUnknown as error:
        raise OutcomeUnknown(
            f"{record.reference} may or may not be published: {error}",
            hint="run the same command again: it is safe, and finds out which of the two is true",
        ) from error
    if other is not None:
        return _meet(objects, record, Record.decode(other, record.name, record.version))
    if not first_try:
        _keep_bundle(objects, record, data)
    if found:
        keep_artifacts(kept, record.reference, {each: supplies[each] for each in found}, "published")
    objects.remembered.put(key, encoded)
    return Published(record, already=False)


def _store_bundle(objects: Objects, record: Record, data: bytes) -> None:
    """Create the bundle, or find exactly these bytes at its key."""
    try:
        other = objects.store.create(record.bundle_key, data)
    except OutcomeUnknown as error:
        raise StoreUnavailable(
            f"{record.reference} is not published: its bundle could not be stored: {error}",
            hint="run the same command again, it is safe",
        ) from error
    if other is not None:
        raise _damaged(record)


def _keep_bundle(objects: Objects, record: Record, data: bytes) -> None:
    """Check after the commit that the bundle is still in the store, and put it back if it is not.

    It may have been an old orphan, which a garbage collector deleted just before the record was created.
    """
    try:
        if not objects.has(record.bundle_key):
            _store_bundle(objects, record, data)
    except StoreError as error:
        raise OutcomeUnknown(
            f"{record.reference} is published, but whether its bundle is there could not be checked: {error}",
            hint="run the same command again: it is safe, and finds out",
        ) from error


def keep_artifacts(kept: Artifacts, reference: str, supplies: Mapping[Artifact, Supply], done: str) -> None:
    """Check the same for artifacts that were in the store before; `done` is the word for messages."""
    try:
        kept.keep(supplies)
    except StoreError as error:
        raise OutcomeUnknown(
            f"{reference} is {done}, but whether all that its lock needs is there could not be "
            f"checked: {error}",
            hint=f"`packreg verify {reference}` finds out",
        ) from error


def _read_artifacts_back(kept: Artifacts, created: Iterable[Artifact]) -> None:
    """Read the artifacts that were just stored and check them, for stores that ignore checksums."""
    for artifact in created:
        kept.get(artifact)


def _read_back(objects: Objects, record: Record, data: bytes) -> None:
    """Compare the stored bundle byte by byte, for stores that ignore checksums."""
    if objects.store.get(record.bundle_key, limit=len(data)) != data:
        raise _damaged(record)


def _damaged(record: Record) -> IntegrityError:
    return IntegrityError(
        f"{record.reference} is not published: the store holds other bytes at {record.bundle_key}",
        hint="delete that one object with the store's own tools and publish again",
    )


def _meet(objects: Objects, record: Record, existing: Record) -> Published:
    """The result if the version already has a record: success if its content is the same and still stored."""
    _same_or_used(objects, record, existing)
    return Published(existing, already=True)


def _same_or_used(objects: Objects, record: Record, existing: Record) -> None:
    """Check that the existing release has the same content and was not removed.

    Raises:
        VersionUsed: it has other content, or was removed.
    """
    tombstone = objects.tombstone(record.name, record.version)
    same = existing.digest == record.digest
    if tombstone is None and same and objects.has(existing.bundle_key):
        return
    shown = existing.reference
    if existing.version.text != record.version.text:
        shown += f" (versions that differ only in case, as {record.version} does, are the same)"
    if tombstone is not None:
        message = f"{shown} was removed and its version stays used: {tombstone}"
    elif same:
        message = str(objects.without_bundle(existing))
    else:
        message = f"{shown} is used for other content, published {existing.published} by {existing.publisher}"
    if not same:
        message += f"; there it is {existing.digest}, here it is {record.digest}"
    free = objects.listing(record.name).next_free(record.version)
    raise VersionUsed(message, hint=f"the next free version is {free}")
