"""A pack in a directory is checked, locked, run once and published."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg._version import __version__
from packreg.errors import InvalidPack, Problem, UsageError
from packreg.groups.policy_changes import policy_changes
from packreg.install.fitting import choose_interpreter
from packreg.install.lock_dependencies import built_in, lock_dependencies
from packreg.registry.layout import record_key
from packreg.registry.record import NOT_RUN, UNLOCKED, Source
from packreg.services.check import check_path, checked_pack, with_wheel
from packreg.services.git import Git
from packreg.services.governance import found_default
from packreg.services.sealing import seal_again, supplies_of, to_seal
from packreg.services.trial import ask_pack, check_metadata, learned, named_or_not

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.install.tools import Tools
    from packreg.pack.check import Pack
    from packreg.pack.metadata import PackInfo
    from packreg.pack.select import LeftOut
    from packreg.pack.version import Version
    from packreg.registry.artifacts import Artifact
    from packreg.registry.publish import Published
    from packreg.registry.record import Record
    from packreg.services.workspace import Workspace

#: Uncommitted files that are named.
SHOWN = 10


class Publication(NamedTuple):
    """What was published, or would be with `dry_run`; then `left_out` are the files that no bundle holds."""

    pack: Pack
    published: Published
    dry_run: bool = False
    left_out: tuple[LeftOut, ...] = ()

    @property
    def files(self) -> list[tuple[str, int]]:
        """Path and size in bytes of each file, in order."""
        return [(path, len(file.data)) for path, file in sorted(self.pack.files.items())]

    @property
    def objects(self) -> list[str]:
        """The keys of what a registry needs for it and, but for artifacts, does not have yet."""
        record = self.published.record
        if self.published.already:
            return []
        artifacts = [artifact.key for artifact in record.artifacts]
        return [*artifacts, record.bundle_key, record_key(record.name, record.version)]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        found = self.published.record.as_json() | {"already": self.published.already}
        if not self.dry_run:
            return found
        return found | {
            "dry_run": True,
            "files": [{"path": path, "size": size} for path, size in self.files],
            "left_out": [{"path": item.path, "reason": item.reason} for item in self.left_out],
            "objects": self.objects,
        }


def publish_directory(
    workspace: Workspace,
    directory: Path,
    *,
    publisher: str,
    name: str | None = None,
    version: str | None = None,
    dry_run: bool = False,
    allow_dirty: bool = False,
    lock: bool = True,
    run: bool = True,
    strict: bool = False,
    build: tuple[str, ...] = (),
    seal: bool | None = None,
    python: str | None = None,
) -> Publication:
    """Publish the pack in a directory; with `dry_run` nothing is written.

    `publisher` is the name that the record bears. Without `lock` the dependencies are not locked, without
    `run` the pack is not asked for its policies, and the record says so. `strict` refuses a patch version
    that changes what policies let pass, which is warned of otherwise. `build` are requirements: packages that
    may be built from source, besides those of the settings; the registry keeps the wheels. With `seal` (by
    default as the settings say) it keeps all that installs need. `python` is the interpreter that
    the pack is run with, a path or a version.

    Raises:
        UsageError: `strict` without `run`, `seal` without `lock`, no such directory, or files that are not
            committed.
        InvalidPack: the pack breaks the rules, does not start, or (`strict`) is no patch.
        InstallError: this machine lacks a tool that it needs.
        VersionUsed: the version has other content.
        PackregError: what the registry raises.
    """
    tools = _building(workspace, build)
    seal = workspace.settings.seal if seal is None else seal
    if seal and not lock:
        raise UsageError(
            "a pack without a lock cannot be sealed: nothing says which files it needs",
            hint="leave --no-lock out, or add --no-seal",
        )
    if strict and not run:
        raise UsageError(
            "--strict compares what the running pack says of its policies, and --no-run does not run it",
            hint="leave one of them out",
        )
    if run:
        pack, named = named_or_not(workspace, directory, name, version)
    else:
        pack, named = checked_pack(workspace, directory, name, version, loadable=True, without_opa=True), True
    source = git_source(workspace, directory, pack, allow_dirty=allow_dirty or dry_run)
    if run and pack.requires_python:  # before what takes long
        choose_interpreter(workspace.python(python), tools, requires=pack.requires_python, of=pack.name)
    pack = with_wheel(workspace, pack)

    if not workspace.settings.registry_is_default:
        workspace.registry().home()
    elif not dry_run:
        found_default(workspace)

    def publish(**more: Any) -> Published:
        tool = f"packreg {__version__}"
        return workspace.registry().publish(pack, source=source, publisher=publisher, tool=tool, **more)

    with workspace.notify.working() as work:
        work.show("looking for the version")
        published = publish(lock=None, dry_run=True) if named else None
        if published is None or not published.already:
            notes = _notes(pack, lock=lock, run=run)
            locked, built = None, {}
            if lock:
                work.show("locking dependencies")
                locked = lock_dependencies(
                    pack,
                    tools,
                    note=notes.append,
                    say=workspace.notify.say,
                    directory=str(directory),
                )
                built = {each.artifact: each.path.read_bytes for each in built_in(locked, tools)}
                _say_built(workspace, build, built)
            metadata = None
            if run:
                metadata = ask_pack(workspace, pack, locked, work.show, tools=tools, python=python)
                pack = pack if named else learned(pack, metadata)
                check_metadata(pack, metadata)
                _compare_patch(workspace, pack, metadata, strict=strict)
            with (
                to_seal(workspace, pack, locked, tuple(built), work.show, python)
                if seal
                else nullcontext() as found
            ):
                supplies = built | (supplies_of(found) if found else {})
                work.show("publishing")
                published = publish(
                    lock=locked,
                    notes=notes,
                    metadata=metadata,
                    artifacts=supplies,
                    sealed_for=found.targets if found else (),
                    dry_run=dry_run,
                )
    if seal and published.already and not dry_run:
        seal_again(workspace, published.record)
    left_out = check_path(workspace, directory, pack.name, version)[0].left_out if dry_run else ()
    if not dry_run:
        workspace.seen.release(published.record)
    return Publication(pack, published, dry_run, tuple(left_out))


def _building(workspace: Workspace, build: tuple[str, ...]) -> Tools:
    """The tools, allowed to build what is named from source.

    Raises:
        UsageError: what is named is no package.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    for text in build:
        try:
            fits = Requirement(text).url is None and text != "all"
        except InvalidRequirement:
            fits = False
        if not fits:
            raise UsageError(
                f"--build {text}: this does not name a package",
                hint="write the name of a package, such as --build pulumi-aws; "
                '`build = "all"` below [publish] in your own packreg.toml allows every one',
            )
    tools = workspace.tools
    return replace(tools, build=(*build, *tools.build)) if build else tools


def _say_built(workspace: Workspace, build: tuple[str, ...], built: Iterable[Artifact]) -> None:
    """Say which wheels the registry will keep, and what was named for nothing."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    names = set()
    for artifact in built:
        names.add(canonicalize_name(artifact.name.partition("-")[0]))
        workspace.notify.say(f"the registry keeps {artifact.name}, built from {artifact.built_from}")
    for text in build:
        if canonicalize_name(Requirement(text).name) not in names:
            workspace.notify.warn(
                f"--build {text}: it was not built, as the lock does not need it from source"
            )


def _notes(pack: Pack, *, lock: bool, run: bool) -> list[str]:
    """What readers of the record should know."""
    notes = []
    if not lock and pack.dependencies_kind != "none":
        notes.append(f"{UNLOCKED}: each machine resolves the dependencies for itself")
    if not run:
        notes.append(f"{NOT_RUN}: its policies are not in the record")
    return notes


def git_source(workspace: Workspace, directory: Path, pack: Pack, *, allow_dirty: bool) -> Source:
    """Where the pack comes from, as git knows it.

    Raises:
        UsageError: files of the pack are not committed, and nobody allowed that.
    """
    place = Path(workspace.cwd, directory).resolve()
    facts = Git(workspace.environ, workspace.tools.which("git")).facts(place, pack.files)
    if facts.silent:
        workspace.notify.warn(
            "git gives no answer about the repository around the pack; its commit is not recorded"
        )
    if facts.dirty and not allow_dirty:
        shown = "\n".join(facts.dirty[:SHOWN])
        more = f"\nand {len(facts.dirty) - SHOWN} more" if len(facts.dirty) > SHOWN else ""
        raise UsageError(
            f"files of the pack are not committed:\n{shown}{more}",
            hint="commit them, or use --allow-dirty",
        )
    if facts.ignored:
        shown = ", ".join(facts.ignored[:3]) + ", …" * (len(facts.ignored) > 3)
        workspace.notify.say(f"not committed, since git ignores it: {shown}; the record says so")
    uncommitted = tuple(sorted({*facts.dirty, *facts.ignored}))
    return Source(
        commit=facts.commit,
        branch=facts.branch,
        remote=facts.remote,
        dirty=bool(uncommitted),
        dirty_files=uncommitted,
    )


def _compare_patch(workspace: Workspace, pack: Pack, metadata: PackInfo, *, strict: bool) -> None:
    """Say what a patch version may not change: stricter or missing policies, stricter configuration.

    It is compared with the newest version below it that can be installed, if that is of the same major and
    minor number and has its policies in its record.

    Raises:
        InvalidPack: there is such a change, and `strict` was asked for.
    """
    before = _version_before(workspace, pack)
    if before is None:
        return
    if before.metadata is None:
        workspace.notify.say(
            f"{before.reference} has no policies in its record, so nothing is compared with them"
        )
        return
    major, minor, _ = pack.version.release
    problems = tuple(
        Problem("patch-changes-policies", str(change))
        for change in policy_changes(before.metadata, metadata)
        if change.breaking
    )
    if not problems:
        return
    message = f"{pack.version} is a patch of {before.reference} and changes what its policies let pass"
    hint = f"publish it as {major}.{minor + 1}.0"
    if strict:
        raise InvalidPack(message, problems, hint=hint)
    workspace.notify.warn("\n".join([message, *map(str, problems)]), hint)


def _version_before(workspace: Workspace, pack: Pack) -> Record | None:
    """The release that this one is a patch of: the newest below it, if major and minor number agree.

    A pre-release is compared with by pre-releases only, and never by those of the same number.
    """
    registry = workspace.registry()

    def counts(version: Version) -> bool:
        if version.is_prerelease and not pack.version.is_prerelease:
            return False
        return version < pack.version and version.release != pack.version.release

    lower = [version for version in registry.versions(pack.name).versions("published") if counts(version)]
    if not lower or lower[-1].release[:2] != pack.version.release[:2]:
        return None
    return registry.record(pack.name, lower[-1])
