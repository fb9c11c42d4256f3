"""A registry: all operations on it, for any store."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import IntegrityError, NotFound, StoreUnsafe
from packreg.pack.bundle import encode
from packreg.pack.files import DEFAULT_LIMITS, File, Limits
from packreg.pack.version import Version
from packreg.registry import layout
from packreg.registry.objects import Forgetful, Objects, Remembered, Since
from packreg.registry.proof import HINT, prove_bundle, prove_files
from packreg.registry.record import Record
from packreg.store.local import LocalBucket

# Code that writes, lists or maintains a registry is imported where it is used: most callers read one release.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from packreg.pack.check import Pack
    from packreg.pack.metadata import PackInfo
    from packreg.pack.reference import Reference
    from packreg.registry.artifacts import Artifact, Artifacts, Supply
    from packreg.registry.clocks import StoreTimes
    from packreg.registry.listing import PackListing
    from packreg.registry.maintenance import Changed, Standing
    from packreg.registry.notices import Notice
    from packreg.registry.publish import Published
    from packreg.registry.record import Lock, Source
    from packreg.registry.sealing import Seals
    from packreg.registry.settings import RegistrySettings, Role
    from packreg.registry.setup import Initialised
    from packreg.registry.verification import Finding, Garbage
    from packreg.store.chain import Chain
    from packreg.store.location import StoreLocation
    from packreg.store.store import Store


class Resolved(NamedTuple):
    """The release a reference means, why it is yanked, a note for the user, its newest seal's number."""

    record: Record
    yanked: str = ""
    note: str = ""
    seals: int = 0


class Registry:
    """The registry in `store`, which is at `location`.

    `now` returns the present time as RFC 3339 in UTC, `new_id` a new random id; `remembered` caches objects
    that never change (by default nothing is cached); `limits` apply to packs that are read. Threads may share
    one. Every method raises `StoreError` when the store fails, `IntegrityError` when an object is damaged.
    """

    def __init__(
        self,
        store: Store,
        *,
        location: StoreLocation,
        now: Callable[[], str],
        new_id: Callable[[], str],
        remembered: Remembered | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.store = store
        self.location = location
        self.limits = limits
        self._objects = Objects(store, Forgetful() if remembered is None else remembered)
        self._now = now
        self._new_id = new_id

    def remembering(self, remembered: Remembered) -> Registry:
        """This registry with another cache, which must hold objects of this registry only."""
        return Registry(
            self.store,
            location=self.location,
            now=self._now,
            new_id=self._new_id,
            remembered=remembered,
            limits=self.limits,
        )

    # What this registry is

    def settings(self) -> RegistrySettings | None:
        """The registry's settings, read from the store; None if there are none yet. Raises StoreRefused."""
        return self._objects.settings(fresh=True)

    def init(self, role: Role = "home") -> Initialised:
        """Create the registry; if it exists with the same role, nothing is done.

        For a home the store is probed first: it must create objects exactly once. The result of the probe is
        recorded. A replica is filled by the store's own replication, and is not probed.

        Raises:
            StoreUnsafe: the store failed the probe; nothing but the probe's leftovers was written.
            StoreRefused: there is a registry of another role or of a newer format.
        """
        from packreg.registry.setup import initialise

        return initialise(self._objects, role, new_id=self._new_id, now=self._now)

    def home(self) -> RegistrySettings:
        """The settings of a registry that may be written to.

        Raises:
            StoreRefused: this is a replica, or no registry.
        """
        from packreg.registry.setup import find_home

        return find_home(self._objects, local=self.location.is_local)

    @property
    def governance(self) -> Chain:
        """The revisions of the governance document (`groups.document`); nothing is read yet."""
        from packreg.store.chain import Chain

        return Chain(self.store, layout.GOVERNANCE)

    @cached_property
    def artifacts(self) -> Artifacts:
        """The files of dependencies that the registry keeps; nothing is read yet."""
        from packreg.registry.artifacts import Artifacts

        return Artifacts(self.store)

    @cached_property
    def seals(self) -> Seals:
        """The seals: which files of releases' dependencies the registry keeps; nothing is read yet."""
        from packreg.registry.sealing import Seals

        return Seals(self._objects, self.home, now=self._now, new_id=self._new_id)

    @cached_property
    def times(self) -> StoreTimes:
        """The store's own times, which those in objects are compared with; nothing is read yet."""
        from packreg.registry.clocks import StoreTimes

        return StoreTimes(self.store)

    # Publishing

    def publish(
        self,
        pack: Pack,
        *,
        lock: Lock | None,
        source: Source,
        publisher: str,
        tool: str,
        notes: Iterable[str] = (),
        metadata: PackInfo | None = None,
        artifacts: Mapping[Artifact, Supply] | None = None,
        sealed_for: tuple[str, ...] = (),
        dry_run: bool = False,
    ) -> Published:
        """Publish a pack; success too if the same is published already. At most 5 requests, and artifacts'.

        `metadata` is the running pack's. `artifacts` are files of its dependencies that the registry is to
        keep (a request per 1,000 that it has, and one for each other); `sealed_for` are the platforms for
        which these are complete. With `dry_run` nothing is written; then there need not be a registry yet.

        Raises:
            VersionUsed: the version is used for other content, or was removed.
            OutcomeUnknown: the release may or may not exist; the same call again is safe.
            StoreRefused: this is no registry, or a replica.
            StoreUnsafe: the store no longer creates exactly once; nothing was published.
            InvalidPack: the pack, its lock or its metadata exceeds what readers accept.
        """
        from packreg.registry.publish import commit, look, make_record

        bundle = encode(pack.files, self.limits)
        record = make_record(
            pack,
            bundle,
            lock=lock,
            source=source,
            publisher=publisher,
            published=self._now(),
            tool=tool,
            attempt=self._new_id(),
            notes=tuple(notes),
            metadata=metadata,
            artifacts=tuple(artifacts or ()),
            sealed_for=sealed_for,
        )
        if dry_run:
            return look(self._objects, record)
        settings = self.home()
        read_back = settings.facts.get("checksums") in ("ignored", "unknown")
        try:
            return commit(self._objects, record, bundle.data, read_back=read_back, supplies=artifacts or {})
        except StoreUnsafe:
            from packreg.registry.setup import find_home

            find_home(self._objects, local=False, fresh=True)  # raises if it is no registry any more
            raise

    # Reading

    def packs(self) -> list[str]:
        """The names of all packs, in order. One request per 1,000 packs."""
        from packreg.registry.names import pack_names

        return pack_names(self._objects.store)

    def versions(self, name: str) -> PackListing:
        """Every version of a pack and its state; empty if there is no such pack.

        One request per 1,000 versions, removals and yanks, and one per 1,000 bundles.
        """
        return self._objects.listing(name)

    def resolve(self, reference: Reference, *, warn: bool = True) -> Resolved:
        """The release that a reference means.

        An exact version takes one request; the latest and ranges two listings more; a digest a listing and
        the records of the pack. With `warn` an exact version takes a second request for `since`; to save
        time, callers can ask for that in parallel with `fetch`. Only `fetch` finds out that an exact version
        was removed.

        Raises:
            NotFound, Removed: there is no such release, or no more; the message names those that exist.
        """
        name, wanted = reference.name, reference.wanted
        if isinstance(wanted, Version):
            since = self.since(name, wanted) if warn else Since()
            return Resolved(self.record(name, wanted), since.yanked, seals=since.seals)
        listing = self._listing(name)
        if isinstance(wanted, str):
            return self._by_digest(listing, wanted)
        version, note = listing.choose(wanted)
        return Resolved(self.record(name, version), "", note, listing.by_version[version].seals)

    def record(self, name: str, version: Version) -> Record:
        """The record of a release, also of a yanked or removed one. One request.

        Raises:
            NotFound: the version was never used; the message names those that are.
        """
        record = self._objects.record(name, version)
        if record is None:
            self._listing(name).choose(version)
            raise NotFound(f"there is no {name}@{version}", hint="it may be arriving just now: try again")
        return record

    def since(self, name: str, version: Version) -> Since:
        """Why a release is yanked, and the number of its newest seal. One request, and one more if it is."""
        return self._objects.since(name, version)

    def standing(self, name: str, version: Version) -> Standing:
        """Whether a release is published, yanked or removed, and why: two listings, and a request if it is.

        Raises:
            NotFound: the version was never used; the message names those that are.
        """
        from packreg.registry import maintenance

        return maintenance.standing(self._objects, self._listing(name), version)

    def not_removed(self, record: Record) -> None:
        """Make sure that a release, whose bundle the caller already has, was not removed. Two requests.

        Raises:
            Removed: it was removed, the message says why and by whom; or it has no bundle and no tombstone.
            NotFound: the registry does not have the release any more.
        """
        removed = self._objects.removed(record.name, record.version)
        if removed is not None:
            raise removed
        if not self._objects.has(record.bundle_key) and not self._objects.is_replica():
            raise self._objects.gone(record)  # (a replica may lack a bundle that this machine has)

    def fetch(self, record: Record) -> bytes:
        """The bytes of a release's bundle, their size and sha256 verified. One request.

        Raises:
            Removed: the release was removed, the message says why and by whom; or its bundle is gone.
            NotFound: this is a replica, and the bundle has not arrived yet.
            IntegrityError: the bundle is not the one that the record names.
        """
        try:
            data = self.store.get(record.bundle_key, limit=record.bundle_size)
        except NotFound:
            raise self._objects.gone(record) from None
        except IntegrityError as longer:
            raise IntegrityError(
                f"the bundle of {record.reference} is damaged: {longer}", hint=HINT
            ) from None
        return prove_bundle(record, data)

    def files(self, record: Record) -> dict[str, File]:
        """The files of a release, fully verified. One request. Raises what `fetch` raises."""
        return prove_files(record, self.fetch(record), self.limits)

    def _listing(self, name: str) -> PackListing:
        """The versions of a pack. If there are none, checks that the registry has no newer format."""
        listing = self._objects.listing(name)
        if not listing.by_version:
            self._objects.settings(fresh=True)
        return listing

    def _by_digest(self, listing: PackListing, digest: str) -> Resolved:
        from packreg.registry.digests import find

        record = find(self._objects, listing, digest)
        release = listing.by_version[record.version]
        reason = self._objects.yank_reason(listing.name, record.version, release.revision)
        return Resolved(record, reason, seals=release.seals)

    # After publishing

    def yank(self, name: str, version: Version, reason: str, by: str) -> Changed:
        """Hide a release from `latest` and ranges; who names it exactly still gets it, with a warning.

        Raises:
            NotFound, Removed: there is no such release.
            UsageError: no reason was given.
        """
        from packreg.registry import maintenance

        self.home()
        return maintenance.yank(self._objects, self._notice(name, version, reason, by))

    def restore(self, name: str, version: Version, reason: str, by: str) -> Changed:
        """Undo a yank. Raises: NotFound, Removed: there is no such release."""
        from packreg.registry import maintenance

        self.home()
        return maintenance.restore(self._objects, self._notice(name, version, reason, by))

    def remove(self, name: str, version: Version, reason: str, by: str) -> Changed:
        """Delete a release's bundle for good; its version stays used. A second call finishes an aborted one.

        Raises:
            NotFound: there is no such release.
            UsageError: no reason was given.
            OutcomeUnknown: the release is marked as removed, but its bundle may still exist.
        """
        from packreg.registry import maintenance

        self.home()
        return maintenance.remove(self._objects, self._notice(name, version, reason, by))

    def _notice(self, name: str, version: Version, reason: str, by: str) -> Notice:
        from packreg.registry.notices import Notice

        return Notice.say(name, version, reason, by, self._now(), self._new_id())

    def verify(self, reference: Reference | None = None) -> Iterator[Finding]:
        """Read records and bundles again and prove every digest; one finding for each release, as it is done.

        Without a reference everything in the registry, with a bare name the whole pack. Nothing comes from
        memory, and nothing stops at the first error.

        Raises:
            NotFound: there is no such release.
        """
        from packreg.registry import needed_artifacts, verification

        if reference is None:
            yield from verification.verify_registry(self._objects, self.limits)
            yield from needed_artifacts.verify_artifacts(self._objects)
        else:
            yield from verification.verify_meant(self._objects, reference, self._listing, self.limits)

    def gc(self, now: float) -> list[Garbage]:
        """The objects that can be deleted at the time `now`, in seconds since the epoch; deletes nothing.

        These are bundles whose version was published with another bundle or removed; bundles of versions that
        were not published within 30 days; artifacts that no release has needed for 30 days; and leftovers of
        probes that are a day old.
        """
        from packreg.registry import needed_artifacts, verification

        return [
            *verification.find_garbage(self._objects, now),
            *needed_artifacts.find_garbage(self._objects, now),
        ]

    def collect(self, garbage: Iterable[Garbage]) -> Iterator[Garbage]:
        """Delete what `gc` found; yields each object after its deletion."""
        from packreg.registry.needed_artifacts import Collection

        self.home()
        collection = Collection(self._objects)
        yield from (piece for piece in garbage if collection.delete(piece))

    def sweep(self, now: float) -> int:
        """Remove unfinished files of killed writers, older than a day at `now` (seconds since the epoch).

        Only a local directory has such files, and no reader ever sees them. Returns how many were removed.
        """
        from packreg.registry import verification

        bucket = self.store.bucket
        return bucket.sweep(before=now - verification.DAY) if isinstance(bucket, LocalBucket) else 0
