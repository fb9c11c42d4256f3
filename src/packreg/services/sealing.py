"""Releases are sealed: the registry keeps the files of their dependencies, so that installs need no index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import InstallError, UsageError
from packreg.install.collecting import Collected, Missing, collect
from packreg.install.environment import Needs
from packreg.install.fitting import choose_interpreter
from packreg.install.provision import Runtime, needs_of
from packreg.install.targets import (
    Target,
    all_targets,
    known_platform,
    known_python,
    platform_here,
    target_of,
)
from packreg.pack.reference import Reference
from packreg.pack.requires_python import is_in
from packreg.registry.record import UNLOCKED
from packreg.registry.seals import Sealed
from packreg.services.catalog import kept_json
from packreg.settings.limits import memory_bytes
from packreg.text import human_size

if TYPE_CHECKING:
    from packreg.install.npm_lock import NpmInput
    from packreg.pack.check import Pack
    from packreg.pack.files import File
    from packreg.registry.artifacts import Artifact, Supply
    from packreg.registry.record import Lock, Record
    from packreg.services.workspace import Workspace


class SealedRelease(NamedTuple):
    """A release, what its registry keeps for it now, and what of that was `added`; what could not be had."""

    record: Record
    sealed: Sealed
    added: tuple[Artifact, ...] = ()
    missing: tuple[Missing, ...] = ()
    changed: bool = False

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.record.name,
            "version": str(self.record.version),
            "changed": self.changed,
            "sealed": kept_json(self.sealed),
            "added": [{"name": each.name, "sha256": each.sha256, "size": each.size} for each in self.added],
            "missing": [each._asdict() for each in self.missing],
        }


def seal_release(workspace: Workspace, reference: Reference) -> SealedRelease:
    """Keep in the registry what installs of a release need, as far as it can be had.

    Only files with the digests of its lock are taken; what is kept already is not fetched again.

    Raises:
        UsageError: the release has no lock.
        InstallError: its files are more than the limit.
        PackregError: what the registry raises.
    """

    registry = workspace.registry()
    registry.home()
    with workspace.notify.working() as work:
        work.show("reading the release")
        resolved = registry.resolve(reference)
        record, before = resolved.record, registry.seals.kept(resolved.record, resolved.seals)
        files = registry.files(record)
        held = registry.artifacts.held()
        there = [each for each in before.artifacts if each.sha256 in held]
        runtime = Runtime.of_manifest(record.reference, record.manifest, files)
        unlocked = any(note.startswith(UNLOCKED) for note in record.notes)
        needs = _needs(runtime, files, record.lock, unlocked=unlocked)
        if needs is None:
            return SealedRelease(record, before)
        with _collected(workspace, runtime, needs, there, work.show) as found:
            added = tuple(each for each in found.files if each not in before.artifacts)
            targets = tuple(each for each in found.targets if each not in before.targets)
            now = Sealed((*before.artifacts, *added), (*before.targets, *targets))
            if found.files:
                _say_sum(workspace, record.reference, now, held)
            supplies = supplies_of(found)
            if added or targets:
                work.show("sealing")
                registry.seals.add(record, Sealed(added, targets), supplies, resolved.seals, workspace.by)
            elif supplies:
                registry.artifacts.keep(supplies)  # what the registry had lost
    return SealedRelease(record, now, tuple(found.files), found.missing, bool(found.files or targets))


def seal_again(workspace: Workspace, record: Record) -> None:
    """Add what is missing to a release that was published before.

    Raises:
        InstallError: something cannot be had; and what `seal_release` raises.
    """

    done = seal_release(workspace, Reference(record.name, record.version))
    if done.missing:
        raise InstallError(f"{record.reference} is sealed in part:\n" + missing_in_words(done.missing))


@contextmanager
def to_seal(
    workspace: Workspace,
    pack: Pack,
    lock: Lock | None,
    built: tuple[Artifact, ...],
    show: Callable[[str], None],
    python: str | None = None,
) -> Iterator[Collected]:
    """What a pack that is about to be published sealed needs; the files are there while the body runs.

    `built` are files of the lock that no index has.

    Raises:
        InstallError: something cannot be had, or there is more than the limit.
    """

    of = f"{pack.name}@{pack.version}"
    runtime = Runtime.of_manifest(of, pack.manifest.as_dict(), pack.files)
    needs = _needs(runtime, pack.files, lock)
    if needs is None:
        yield Collected({}, (), ())
        return
    with _collected(workspace, runtime, needs, built, show, python) as found:
        if found.missing:
            raise InstallError(
                f"{of} cannot be sealed:\n" + missing_in_words(found.missing),
                hint="name fewer platforms or Pythons in publish.seal_platforms and publish.seal_pythons, or "
                "publish with --no-seal; `packreg seal` then keeps what can be had",
            )
        held = workspace.registry().artifacts.held()
        _say_sum(workspace, of, Sealed((*built, *found.files), found.targets), held)
        yield found


def supplies_of(found: Collected) -> dict[Artifact, Supply]:
    """What gives the bytes of each file."""
    return {artifact: path.read_bytes for artifact, path in found.files.items()}


def missing_in_words(missing: tuple[Missing, ...]) -> str:
    """What could not be had, a line for each package."""
    targets: dict[str, list[str]] = {}
    for each in missing:
        targets.setdefault(each.package, []).append(each.target)
    return "\n".join(f"{package} cannot be had for {', '.join(of)}" for package, of in targets.items())


def _needs(
    runtime: Runtime, files: Mapping[str, File], lock: Lock | None, *, unlocked: bool = False
) -> Needs | NpmInput | None:
    """What a pack depends on; None for one that needs no index anyway."""

    if unlocked:
        raise UsageError(
            f"{runtime.of} has no lock, so nothing says which files it needs",
            hint="publish a new version without --no-lock",
        )
    needs = needs_of(runtime, files, lock, lambda: None)
    return None if isinstance(needs, Needs) and not needs.lock else needs


@contextmanager
def _collected(
    workspace: Workspace,
    runtime: Runtime,
    needs: Needs | NpmInput,
    kept: Iterable[Artifact],
    show: Callable[[str], None],
    python: str | None = None,
) -> Iterator[Collected]:

    tools = workspace.tools
    with tools.home.scratch("seal") as place:
        yield collect(
            needs,
            seal_targets(workspace, needs, python),
            kept,
            tools,
            place,
            production=runtime.production,
            say=show,
        )


def seal_targets(
    workspace: Workspace, needs: Needs | NpmInput, python: str | None = None
) -> tuple[Target, ...]:
    """What a pack is sealed for: what the settings name of the Pythons that it runs on, else this machine.

    `python` is the interpreter that its publisher asked for.

    Raises:
        UsageError: a setting names what is no platform or no Python.
        InstallError: there is no such interpreter here.
    """

    settings = workspace.settings
    platforms = [known_platform(each) for each in settings.seal_platforms] or [platform_here()]
    if not isinstance(needs, Needs):
        return all_targets(platforms, ())
    named = [known_python(each) for each in settings.seal_pythons]
    pythons = [each for each in named if is_in(needs.requires, f"{each}.99")]  # any release of it will do
    if not pythons:
        interpreter = choose_interpreter(
            workspace.python(python), workspace.tools, requires=needs.requires, of=needs.of
        )
        here = target_of(interpreter)
        if here is None:
            raise UsageError(
                f"nothing can be sealed for {interpreter}",
                hint='name versions of CPython: `seal_pythons = "3.12"` below [publish]',
            )
        pythons = [here.python]
    return all_targets(platforms, pythons)


def _say_sum(workspace: Workspace, of: str, sealed: Sealed, held: Mapping[str, Any]) -> None:
    """Say how much is kept for a release, and how much of it is new in the registry; refuse too much.

    Raises:
        InstallError: it is more than the limit.
    """
    new = [each for each in sealed.artifacts if each.sha256 not in held]
    size = sum(each.size for each in new)
    limit = memory_bytes(workspace.settings.seal_limit)
    said = f"{len(sealed.artifacts)} files, {human_size(sealed.size)}"
    if sealed.size > limit:
        raise InstallError(
            f"{of} is not sealed: its dependencies are {said}, more than {human_size(limit)}",
            hint="set a higher publish.seal_limit, or name fewer platforms or Pythons; "
            "`packreg publish --no-seal` leaves them to the index",
        )
    workspace.notify.say(
        f"sealing {of} keeps {said}; {len(new)} of them, {human_size(size)}, are new in {workspace.place}"
    )
