"""Finds the release that a reference means, and its verified files, in the registry or in local caches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import InstallError, IntegrityError, NotFound, UsageError
from packreg.files import write_file
from packreg.install.disk import disk_errors
from packreg.install.home import Home
from packreg.install.kept_files import KeptFiles
from packreg.install.remembered import DiskMemory, known_elsewhere
from packreg.pack.files import DEFAULT_LIMITS, File, Limits
from packreg.pack.reference import Reference
from packreg.pack.version import Version, VersionRange
from packreg.registry.layout import record_key
from packreg.registry.objects import Since
from packreg.registry.proof import prove_bundle, prove_files
from packreg.registry.record import Record

if TYPE_CHECKING:
    from packreg.registry.registry import Registry

_ONLINE = "install it once with a network, or bring it with `packreg cache export` and `packreg cache import`"


class Release(NamedTuple):
    """A release that was found, with notes for the user. `exact`: the reference named this very version.

    `seals` is the number of its newest seal if a listing was read, else 0.
    """

    record: Record
    exact: bool
    notes: tuple[str, ...] = ()
    seals: int = 0


class Content(NamedTuple):
    """A release's bundle (`data`) and its files, all verified, with notes for the user.

    `kept` are the files of its dependencies that the registry keeps.
    """

    data: bytes
    files: dict[str, File]
    notes: tuple[str, ...] = ()
    kept: KeptFiles | None = None


class Releases:
    """The releases of one registry, as this machine sees them. Several threads may use it."""

    def __init__(
        self, home: Home, registry: Registry | None, memory: DiskMemory, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self.home = home
        self.registry = registry
        self.memory = memory
        self.limits = limits

    def find(self, reference: Reference, *, offline: bool) -> Release:
        """The release that a reference means; offline, only releases whose records are on this machine.

        Raises:
            NotFound, StoreError, IntegrityError: as the registry says.
            InstallError: offline, and no such release is known here.
        """
        exact = isinstance(reference.wanted, Version)
        if offline or self.registry is None:
            return self._find_here(reference, exact)
        resolved = self.registry.resolve(reference, warn=False)
        notes = [resolved.note] if resolved.note else []
        if resolved.yanked:
            notes.append(_yanked(resolved.record, resolved.yanked))
        return Release(resolved.record, exact, tuple(notes), resolved.seals)

    def content(self, release: Release, *, offline: bool, say: Callable[[str], None]) -> Content:
        """The files of a release. A bundle that this machine has is not fetched again.

        For a release that was named exactly, the registry is asked at the same time whether it is yanked or
        sealed, and, if the bundle is here, whether it was removed. For other releases `find` read a listing,
        which says so.

        Raises:
            Removed, NotFound, StoreError, IntegrityError: as the registry says.
            InstallError: offline, and the bundle is not on this machine; or the disk refuses.
        """
        record = release.record
        data, damage = self._kept(record)
        if offline or self.registry is None:
            if damage is not None:
                raise InstallError(
                    f"offline, and the bundle of {record.reference} that was kept here is damaged: {damage}",
                    hint=f"it was deleted; `packreg install {record.reference} --force` with a network, or "
                    "`packreg cache import` again, brings a whole one",
                )
            if data is None:
                raise InstallError(
                    f"offline, and the bundle of {record.reference} is not on this machine "
                    f"(sha256 {record.bundle_sha256})",
                    hint=_ONLINE,
                )
            return Content(data, prove_files(record, data, self.limits), kept=_kept(record, None, 0))
        registry, since = self.registry, Since(seals=release.seals)
        if not release.exact:
            data = data or self._fetch(registry, record, say)
        elif registry.location.is_local:  # nothing is gained by asking at the same time
            data = self._still(registry, record, data, say)
            since = registry.since(record.name, record.version)
        else:
            from concurrent.futures import ThreadPoolExecutor  # imports logging

            with ThreadPoolExecutor(1) as asking:
                asked = asking.submit(registry.since, record.name, record.version)
                data = self._still(registry, record, data, say)
                since = asked.result()
        files = prove_files(record, data, self.limits)
        notes = (_yanked(record, since.yanked),) if since.yanked else ()
        return Content(data, files, notes, _kept(record, registry, since.seals))

    def _still(
        self, registry: Registry, record: Record, kept: bytes | None, say: Callable[[str], None]
    ) -> bytes:
        """The bundle: the cached one (`kept`), if the release was not removed since, or a fetched one."""
        if kept is None:
            return self._fetch(registry, record, say)
        registry.not_removed(record)
        return kept

    def _fetch(self, registry: Registry, record: Record, say: Callable[[str], None]) -> bytes:
        """The bundle from the registry, verified, and kept for the next time."""
        say("downloading")
        data = registry.fetch(record)
        if self.home.is_writable:
            with disk_errors("keep the bundle in", self.home.bundles):
                write_file(self.home.bundle(record.bundle_sha256), data, parents=True)
        return data

    def _kept(self, record: Record) -> tuple[bytes | None, IntegrityError | None]:
        """The bundle from the cache, or None; for a damaged one, which is deleted, also the damage."""
        path: Path = self.home.bundle(record.bundle_sha256)
        try:
            return prove_bundle(record, path.read_bytes()), None
        except IntegrityError as damage:
            with suppress(OSError):
                path.unlink()
            return None, damage
        except OSError:
            return None, None

    def _find_here(self, reference: Reference, exact: bool) -> Release:
        name, wanted = reference.name, reference.wanted
        if isinstance(wanted, Version):
            record = self._remembered(name, wanted)
            if record is None:
                raise self._unknown(reference)
            return Release(record, exact)
        from packreg.registry.listing import PackListing

        versions = self.memory.versions(name)
        if isinstance(wanted, str):
            records = (self._remembered(name, version) for version in versions)
            same = [record for record in records if record is not None and record.digest == wanted]
            if not same:
                raise self._unknown(reference)
            return Release(max(same, key=lambda record: record.version), exact)
        listing = PackListing.from_keys(name, [record_key(name, version) for version in versions])
        try:
            choice = listing.choose(wanted)
        except NotFound as error:
            raise self._unknown(reference) from error
        record = self._remembered(name, choice.version)
        if record is None:
            raise self._unknown(reference)
        note = f"offline: {record.reference} is the highest of the versions that this machine knows"
        return Release(record, exact, (note, *([choice.note] if choice.note else [])))

    def _remembered(self, name: str, version: Version) -> Record | None:
        data = self.memory.get(record_key(name, version))
        if data is None:
            return None
        with suppress(IntegrityError, UsageError):
            return Record.decode(data, name, version)
        return None

    def _unknown(self, reference: Reference) -> InstallError:
        name, wanted = reference.name, reference.wanted
        known = sorted(self.memory.versions(name))
        there = f"; this machine knows {', '.join(v.text for v in known[-5:])}" if known else ""
        message = f"offline, and the record of {reference} is not on this machine{there}"

        def accepts(version: Version) -> bool:
            if isinstance(wanted, VersionRange):
                return version in wanted
            return not isinstance(wanted, Version) or version == wanted

        others = known_elsewhere(self.home, self.memory.root.name, name, accepts)
        if others:
            message = (
                f"offline, and the record of {reference} is not on this machine for this registry{there}"
            )
            hint = (
                f"it is known from {' and '.join(others)}: name that one with --registry or PACKREG_REGISTRY"
            )
            return InstallError(message, hint=hint)
        return InstallError(message, hint=_ONLINE)


def _kept(record: Record, registry: Registry | None, seals: int) -> KeptFiles | None:
    """The files that the registry keeps of a release's dependencies; None where it keeps none."""
    if not record.artifacts and not seals:
        return None
    return KeptFiles(record, registry, seals)


def _yanked(record: Record, reason: str) -> str:
    return f"{record.reference} is yanked: {reason}"
