"""Fetch and decode the objects of a registry; those that never change are cached."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from packreg.errors import IntegrityError, NotFound, Removed
from packreg.registry import layout
from packreg.registry.record import MAX_RECORD, Record

if TYPE_CHECKING:
    from packreg.pack.version import Version
    from packreg.registry.listing import PackListing
    from packreg.registry.notices import Notice
    from packreg.registry.seals import Seal
    from packreg.registry.settings import RegistrySettings
    from packreg.store.store import Store


class Remembered(Protocol):
    """A cache of objects of ONE registry that never change, by their keys.

    Used by several threads at once. Its data is decoded as strictly as a store's, so it may lose or damage
    entries, but it must never return objects of another registry.
    """

    def get(self, key: str) -> bytes | None:
        """The bytes last put under this key, or None."""

    def put(self, key: str, data: bytes) -> None:
        """Keep the bytes; failing to is no error."""


class Forgetful:
    """A cache that keeps nothing, for short-lived programs."""

    def get(self, key: str) -> bytes | None:
        """None: nothing is remembered."""
        return None

    def put(self, key: str, data: bytes) -> None:
        """Forget the bytes."""


class Since(NamedTuple):
    """Changes to a release since it was published: why it is yanked (or ""), its newest seal's number."""

    yanked: str = ""
    seals: int = 0


class Objects:
    """Typed access to the objects in a registry's store."""

    def __init__(self, store: Store, remembered: Remembered) -> None:
        self.store = store
        self.remembered = remembered

    def settings(self, *, fresh: bool = False) -> RegistrySettings | None:
        """The registry's settings, or None if there is no registry. `fresh` skips the cache.

        Raises:
            IntegrityError, StoreRefused, StoreError: as `Settings.decode` and the store say.
        """
        from packreg.registry.settings import MAX_SETTINGS, RegistrySettings

        kept = None if fresh else self.remembered.get(layout.SETTINGS)
        if kept is not None:
            try:
                return RegistrySettings.decode(kept)
            except IntegrityError:
                pass  # a damaged cache entry counts as missing
        data = self._get(layout.SETTINGS, MAX_SETTINGS)
        if data is None:
            return None
        settings = RegistrySettings.decode(data)
        self.remembered.put(layout.SETTINGS, data)
        return settings

    def record(self, name: str, version: Version) -> Record | None:
        """The record of a release, or None if the version is unused. One request, never from the cache.

        A record never changes, so it is compared with the cached one.

        Raises:
            IntegrityError: it is damaged, or differs from the cached one.
            StoreRefused, StoreError: as `Record.decode` and the store say.
        """
        key = layout.record_key(name, version)
        data = self._get(key, MAX_RECORD)
        if data is None:
            return None
        record = Record.decode(data, name, version)
        known = self._remembered_record(key, name, version)
        if known is None:
            self.remembered.put(key, data)
        elif known != record:
            raise IntegrityError(
                f"the registry's record of {record.reference} is not the one that this machine knows: its "
                f"digest is {record.digest}, and was {known.digest}",
                hint="nothing of it was used; find out who replaced it. If it was meant to be, delete what "
                f"is remembered: the file that ends in {key} below remembered/ in `packreg cache dir`",
            )
        return record

    def _remembered_record(self, key: str, name: str, version: Version) -> Record | None:
        data = self.remembered.get(key)
        try:
            return None if data is None else Record.decode(data, name, version)
        except IntegrityError:  # a damaged cache entry counts as missing
            return None

    def tombstone(self, name: str, version: Version) -> Notice | None:
        """Why a release was removed, or None if it was not. One request, never from the cache.

        The key of a tombstone alone removes the release, and the key of a yank yanks it. If the object cannot
        be read, the notice says that its reason is not known.
        """
        key = layout.tombstone_key(name, version)
        data = self._get(key, layout.MAX_NOTICE)
        return None if data is None else read_notice(data, key, name, version)

    def revision(self, name: str, version: Version, number: int) -> Notice | None:
        """The yank or restore of a release with this number. One request, never from the cache."""
        key = layout.revision_key(name, version, number)
        data = self._get(key, layout.MAX_NOTICE)
        return None if data is None else read_notice(data, key, name, version)

    def since(self, name: str, version: Version) -> Since:
        """Changes to a release since it was published. One request, and one more if it is yanked."""
        newest = {"revision": 0, "seal": 0}
        for entry in self.store.list_all(layout.revisions_prefix(name, version)):
            meaning = layout.read_pack_key(name, entry.key)
            if meaning is not None:
                newest[meaning.kind] = max(newest[meaning.kind], meaning.number)
        return Since(self.yank_reason(name, version, newest["revision"]), newest["seal"])

    def seal(self, name: str, version: Version, number: int) -> Seal | None:
        """The seal of a release with this number. One request, never from the cache.

        Raises:
            IntegrityError, StoreRefused: as `Seal.decode` says.
        """
        from packreg.registry.seals import MAX_SEAL, Seal

        key = layout.seal_key(name, version, number)
        data = self._get(key, MAX_SEAL)
        return None if data is None else Seal.decode(data, key, name, version)

    def yank_reason(self, name: str, version: Version, number: int) -> str:
        """The reason in the yank with this number; "" if the number is that of a restore, or 0."""
        if number % 2 == 0:
            return ""
        notice = self.revision(name, version, number)
        return str(notice) if notice is not None else "no reason given"

    def listing(self, name: str) -> PackListing:
        """Every version of a pack and its state, never from the cache.

        One request per 1,000 keys of records, yanks and removals, and one per 1,000 bundles. Bundles are
        listed last: whoever publishes stores the bundle first, so every record that was seen has its bundle
        by then, unless it was removed.
        """
        from packreg.registry.listing import PackListing

        keys = [entry.key for entry in self.store.list_all(layout.pack_prefix(name))]
        bundles = self.store.list_all(layout.bundles_prefix(name)) if keys else ()
        return PackListing.from_keys(name, keys, (entry.key for entry in bundles))

    def has(self, key: str) -> bool:
        """Whether an object exists, by a listing that starts at its key. One request."""
        entry = self.store.first(key)
        return entry is not None and entry.key == key

    def removed(self, name: str, version: Version) -> Removed | None:
        """The error for a reader of a release that has a tombstone, else None. One request."""
        notice = self.tombstone(name, version)
        if notice is None:
            return None
        return Removed(
            f"{name}@{version} was removed: {notice}",
            hint=f"choose another version: `packreg versions {name}` lists them",
        )

    def is_replica(self) -> bool:
        """Whether this registry is filled by another one's replication. One request."""
        settings = self.settings(fresh=True)
        return settings is not None and settings.role == "replica"

    def gone(self, record: Record) -> NotFound:
        """The error for a reader that says why a release's bundle is missing. At most three requests."""
        removed = self.removed(record.name, record.version)
        if removed is not None:
            return removed
        if self.is_replica():
            return NotFound(
                f"the bundle of {record.reference} is not yet replicated to {self.store.describe()}",
                hint="try again in a few minutes, or use the URL of the home registry",
            )
        if self.record(record.name, record.version) is None:
            return NotFound(
                f"there is no {record.reference} in {self.store.describe()}, though it was there once",
                hint="was the registry deleted and created anew? `packreg cache clean` forgets the old one",
            )
        return self.without_bundle(record)

    def without_bundle(self, record: Record) -> Removed:
        """The error for a reader of a release that has neither its bundle nor a tombstone."""
        return Removed(
            f"{record.reference} counts as removed, and its version stays used: its bundle is not in "
            f"{self.store.describe()}, and no tombstone says why",
            hint=f"choose another version; if the bundle was lost, put {record.bundle_key} back from a "
            "replica or a backup",
        )

    def _get(self, key: str, limit: int) -> bytes | None:
        try:
            return self.store.get(key, limit=limit)
        except NotFound:
            return None


def read_notice(data: bytes, key: str, name: str, version: Version) -> Notice:
    """Read a notice; if it cannot be read, the result says that the reason is not known.

    `notices` is imported only here, as most releases have no notice.
    """
    from packreg.registry.notices import Notice

    try:
        return Notice.decode(data, key, name, version)
    except IntegrityError as error:
        return Notice.say(name, version, f"the reason is not known: {error}", "", "", "")
