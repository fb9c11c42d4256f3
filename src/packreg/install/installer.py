"""Installing: a release becomes a directory that the stock Pulumi CLI can use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import InstallError, IntegrityError, InvalidPack
from packreg.install import marker
from packreg.install.disk import disk_errors, is_free, only_one
from packreg.install.entries import is_as_made
from packreg.install.environment import Needs
from packreg.install.fitting import is_named
from packreg.install.home import Home
from packreg.install.provision import Provision, Runtime, dependencies_place, needs_of, provide
from packreg.install.releases import Content, Release, Releases
from packreg.install.remembered import DiskMemory
from packreg.install.several import NotInstalled, each
from packreg.install.staging import reveal, staged, sweep_others
from packreg.install.tools import Tools
from packreg.pack.bundle import extract
from packreg.pack.files import DEFAULT_LIMITS, File, Limits
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.record import NOT_RUN, UNLOCKED, Lock, Record

if TYPE_CHECKING:
    from packreg.install.npm_lock import NpmInput
    from packreg.pack.check import Pack
    from packreg.registry.registry import Registry

#: Called with the reference of the pack that is worked on, and what is being done, in a few words.
Progress = Callable[[str, str], None]


class Installed(NamedTuple):
    """An installed release. `environment` is its virtual environment or node_modules, if it has one.

    `changed` is False if the release was installed already; `notes` are sentences that the user should see.
    """

    path: Path
    name: str
    version: Version
    digest: str
    environment: Path | None
    changed: bool
    notes: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name,
            "version": self.version.text,
            "path": str(self.path),
            "digest": self.digest,
            "environment": str(self.environment) if self.environment else None,
            "changed": self.changed,
            "notes": list(self.notes),
        }


class Gathered(NamedTuple):
    """What an installation is made from. `resolved` is the lock's file if it was made on this machine."""

    content: Content
    runtime: Runtime
    needs: Needs | NpmInput | None
    resolved: Path | None = None
    notes: tuple[str, ...] = ()


class Job(NamedTuple):
    """The options of one call of `install` or `unpack`; `say` is called with each step."""

    env: bool
    force: bool
    python: str | None
    offline: bool
    say: Callable[[str], None]


class Installer:
    """Installs releases of one registry into one home. Several threads may use it.

    Records that it reads are kept in the home, so that a release that was installed once is found again
    offline.

    `registry` may be None for a program that installs only from caches; `registry_id`, the id of the
    registry's location, is then needed. `packreg` is the version of packreg that markers name.
    """

    def __init__(
        self,
        home: Home,
        registry: Registry | None,
        tools: Tools,
        *,
        packreg: str,
        registry_id: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
        progress: Progress = lambda reference, step: None,
    ) -> None:
        if registry_id is None:
            if registry is None:
                raise ValueError("without a registry, its id is needed")
            registry_id = registry.location.id
        self.home = home
        self.tools = tools.without_building()
        self.registry_id = registry_id
        self.packreg = packreg
        self.limits = limits
        self.progress = progress
        memory = DiskMemory(home, registry_id, registry.location.url if registry else "")
        self.releases = Releases(home, registry and registry.remembering(memory), memory, limits)

    def install(
        self,
        reference: Reference,
        *,
        to: Path | None = None,
        env: bool = True,
        force: bool = False,
        python: str | None = None,
        offline: bool = False,
        digest: str | None = None,
    ) -> Installed:
        """Install the release that a reference means, unless it is installed already.

        `to` is another directory to install into (absent, empty, or a copy of the same pack that packreg
        made). Without `env` the caller installs the pack's dependencies; `force` installs again; `python` is
        a path or a version; `digest` is the digest that the release must have. Without `to`, a second
        installer of the same release waits for the first and then finds the release installed.

        Raises:
            NotFound, Removed, StoreError: the registry has no such release, or does not answer.
            IntegrityError: it is not the release with this digest, or its bytes are not those recorded.
            InstallError: it cannot be installed on this machine. No incomplete installation is left behind.
        """
        job = Job(env, force, python, offline, lambda step: self.progress(str(reference), step))
        if isinstance(reference.wanted, Version) and to is None:
            place = self.home.release(self.registry_id, reference.name, reference.wanted.key)
            found = self._found(place, reference.name, reference.wanted, digest, job)
            if found is not None:
                return found
        release = self.releases.find(reference, offline=offline)
        record = release.record
        if digest is not None and record.digest != digest:
            raise IntegrityError(
                f"{record.reference} has the digest {record.digest}, not {digest}",
                hint="is it the right registry? A version is never published twice in one registry",
            )
        own = self.home.release(self.registry_id, record.name, record.version.key)
        place = own if to is None else Path(to).absolute()
        with only_one(self._lock(place), lambda: job.say("waiting for another packreg that installs it")):
            found = self._found(place, record.name, record.version, record.digest, job)
            if found is not None:
                return found._replace(notes=release.notes)
            if to is not None:
                _check_free(place, record)
            with disk_errors("install into", place):
                return self._install_whole(release, place, job)

    def install_all(
        self,
        references: Iterable[Reference],
        *,
        digests: Mapping[Reference, str] | None = None,
        done: Callable[[], None] = lambda: None,
        **options: Any,
    ) -> list[Installed | NotInstalled]:
        """Install several releases at the same time; for each, the installed release or why it failed.

        Results are in the order of `references`. A failure does not stop the other releases: a caller that
        needs all of them looks for `NotInstalled` among the results. `digests` are the digests that some
        releases must have, `options` those of `install`; `done` is called when each one ends.
        """
        known = digests or {}

        def install(reference: Reference) -> Installed:
            return self.install(reference, digest=known.get(reference), **options)

        return each(install, references, done=done)

    def provided(
        self, release: Release, content: Content, tools: Tools, job: Job
    ) -> tuple[Gathered, Provision]:
        """What a release is made from, and its dependencies, found or built in the home of `tools`.

        Raises what `install` raises.
        """
        offline, say = job.offline, job.say
        gathered = self._gather(release, content, tools, offline=offline, say=say)
        needs, python = gathered.needs, job.python
        return gathered, provide(
            gathered.runtime, content.files, needs, tools, python=python, offline=offline, say=say
        )

    def _found(
        self, place: Path, name: str, version: Version, digest: str | None, job: Job
    ) -> Installed | None:
        """The release, if it is installed at `place`, unchanged since then, and as `job` wants it; else None.

        Raises:
            IntegrityError: this user installed it here, and something in it was changed since.
        """
        if job.force:
            return None
        held = marker.read_installed(self.home.key, str(place))
        if held is None or not marker.says(held.facts, self.registry_id, name, version.key):
            return None
        said = held.facts
        if digest is not None and said["digest"] != digest:
            return None
        if not held.comparison.same and not held.remove_compiled():
            raise IntegrityError(
                f"{name}@{version} in {place} is not as it was installed: {held.comparison}",
                hint=f"`packreg install {name}@{version} --force` installs it again"
                + (
                    ""
                    if place == self.home.release(self.registry_id, name, version.key)
                    else f", with --to {place}"
                ),
            )
        if held.comparison.renewed is not None:
            held.renew(held.comparison.renewed)
        if not marker.holds(
            str(place), said, lambda kind, entry: is_as_made(kind, entry, self.tools), environment=job.env
        ):
            return None
        made = said["environment"]
        wanted = job.python if job.env and made["kind"] == marker.PYTHON else None
        if wanted is not None and not is_named(made["python"], wanted, self.tools):
            return None
        environment = place / made["path"] if made["path"] else None
        return Installed(place, name, Version(said["version"]), said["digest"], environment, changed=False)

    def _install_whole(self, release: Release, place: Path, job: Job) -> Installed:
        """Install, up to three times if the store entry is pruned between being found and being used."""
        for _ in range(3):
            installed = self._install(release, place, job)
            if self._found(
                place, release.record.name, release.record.version, None, job._replace(force=False)
            ):
                break
        return installed

    def _install(self, release: Release, place: Path, job: Job) -> Installed:
        record, started = release.record, time.monotonic()
        content = self.releases.content(release, offline=job.offline, say=job.say)
        leave: tuple[str, ...] = ()
        if job.env:
            gathered, provision = self.provided(release, content, self.tools, job)
            notes = gathered.notes
        else:
            notes = (*release.notes, *content.notes)
            provision = Provision(marker.LEFT_OUT)
            runtime = Runtime.of_manifest(record.reference, record.manifest, content.files)
            leave = dependencies_place(runtime)
        notes = (*notes, *self._unbelieved(place, record))
        job.say("writing files")
        with staged(place) as staging:
            extract(edited(content.files, provision), staging)
            provision.attach(staging)
            marker.write_marker(
                self.home.key,
                str(staging),
                str(place),
                {
                    "leave": leave,
                    "name": record.name,
                    "version": record.version.text,
                    "digest": record.digest,
                    "bundle": record.bundle_sha256,
                    "registry": self.registry_id,
                    "environment": provision.as_marker(),
                    "packreg": self.packreg,
                },
            )
            reveal(staging, place)
        if place == self.home.release(self.registry_id, record.name, record.version.key):
            sweep_others(place.parent, lambda name: is_free(self._lock(place.with_name(name))))
        else:
            provision.note_user(place)
        if self.home.key.directory is not None and not self.home.key.lasts:
            notes = (
                *notes,
                f"no key can be kept in {self.home.key.directory}, so later runs cannot know that you "
                f"installed this and install it again each time; it took {time.monotonic() - started:.1f} s",
            )
        environment = place / provision.path if provision.path else None
        return Installed(place, record.name, record.version, record.digest, environment, True, notes)

    def _unbelieved(self, place: Path, record: Record) -> tuple[str, ...]:
        """A note if a pack is at `place` that looks installed but was not installed by this user."""
        if (
            marker.read_marker(str(place)) is None
            or marker.read_installed(self.home.key, str(place)) is not None
        ):
            return ()
        return (
            f"you did not install the {record.reference} in {place} on this machine: "
            "it was not used, and the pack was installed again",
        )

    def gather(self, release: Release, *, offline: bool, say: Callable[[str], None]) -> Gathered:
        """The verified files of a release and its exact dependencies, resolved now if no lock was recorded.

        Raises what `install` raises.
        """
        content = self.releases.content(release, offline=offline, say=say)
        return self._gather(release, content, self.tools, offline=offline, say=say)

    def _gather(
        self, release: Release, content: Content, tools: Tools, *, offline: bool, say: Callable[[str], None]
    ) -> Gathered:
        record = release.record
        notes = [*release.notes, *content.notes]
        notes += [note for note in record.notes if not note.startswith(NOT_RUN)]  # for the publisher only
        unlocked: list[Pack] = []

        def resolve() -> Lock | None:
            notes[:] = [note for note in notes if not note.startswith(UNLOCKED)]  # the next note says more
            notes.append(
                f"{record.reference} was published without a lock: "
                "its dependencies were resolved on this machine, and may differ on another"
            )
            say("resolving dependencies")
            unlocked.append(self._checked(record, content))
            return self._resolve(record, unlocked[0], notes, tools, offline)

        runtime = Runtime.of_manifest(record.reference, record.manifest, content.files)
        needs = needs_of(runtime, content.files, record.lock, resolve, content.kept)
        resolved = None
        if unlocked:
            from packreg.install.lock_dependencies import resolved_file

            resolved = resolved_file(unlocked[0], tools)
        return Gathered(content, runtime, needs, resolved, tuple(dict.fromkeys(notes)))

    def _checked(self, record: Record, content: Content) -> Pack:
        from packreg.pack.check import check_bundle

        report, pack = check_bundle(
            content.data, name=record.name, version=record.version.text, limits=self.limits
        )
        if pack is None:
            raise InstallError(
                f"{record.reference} breaks the rules for packs:\n"
                + "\n".join(str(problem) for problem in report.errors[:10]),
                hint="publish a corrected version",
            )
        return pack

    def _resolve(
        self, record: Record, pack: Pack, notes: list[str], tools: Tools, offline: bool
    ) -> Lock | None:
        from packreg.install.lock_dependencies import remembered_lock

        try:
            return remembered_lock(pack, tools, note=notes.append, offline=offline)
        except InvalidPack as error:
            problems = "\n".join(str(problem) for problem in error.problems[:10])
            raise InstallError(f"{record.reference} cannot be installed: {error}\n{problems}") from error

    def _lock(self, place: Path) -> Path:
        return self.home.place_lock(place)


def edited(files: Mapping[str, File], provision: Provision) -> dict[str, File]:
    """A pack's files as they are installed: with the edits that tell the pack where its environment is."""
    edits = {path: File(data, files[path].executable) for path, data in provision.edits.items()}
    return {**files, **edits}


def _check_free(place: Path, record: Record) -> None:
    """Refuse a place that holds anything but an older copy of the same pack that packreg made."""
    if not os.path.lexists(place):
        return
    said = marker.read_marker(str(place)) if not place.is_symlink() else None
    if said is not None and said["name"] == record.name:
        return
    if place.is_dir() and not place.is_symlink() and not any(place.iterdir()):
        return
    raise InstallError(
        f"{place} is there already, and is not a copy of {record.name} that packreg made",
        hint="name a directory that does not exist yet",
    )
