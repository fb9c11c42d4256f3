"""`publish`: check, lock, run once, record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from packreg._version import __version__
from packreg.cli.authoring import directory_argument, name_option, version_option
from packreg.cli.base import command
from packreg.cli.output import human_size
from packreg.cli.policies import warn_of_changes
from packreg.errors import UsageError
from packreg.services.check import check_path, checked_pack, with_wheel
from packreg.services.governance import found_default
from packreg.services.trial import ask_pack, check_metadata, learned, named_or_not

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.pack.check import Pack
    from packreg.registry.publish import Published
    from packreg.registry.record import Lock, Source
    from packreg.services.notify import Work

SHOWN = 10


@command(
    "publish",
    examples=(
        "packreg publish guard",
        "packreg publish guard --dry-run",
        "packreg publish --name limits --version 1.2.0 --json",
    ),
)
@directory_argument
@name_option
@version_option
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--allow-dirty", is_flag=True, help="Publish files that git does not know as they are.")
@click.option("--no-lock", is_flag=True, help="Do not lock the dependencies; the record says so.")
@click.option(
    "--no-run", is_flag=True, help="Do not run the pack to ask for its policies; the record says so."
)
@click.option("--strict", is_flag=True, help="Refuse a patch version that judges more strictly, or less.")
@click.pass_obj
def publish_command(
    context: CommandContext,
    directory: Path,
    name: str | None,
    version: str | None,
    dry_run: bool,
    allow_dirty: bool,
    no_lock: bool,
    no_run: bool,
    strict: bool,
) -> None:
    """Check a pack and publish it; a version is used once.

    The same content again is success, other content for a used version is refused (exit code 5), also where
    the version was removed. Dependencies are locked with hashes for all platforms; installs use that lock.
    The pack is run once, with exactly these, and what it says of its policies is recorded.
    """

    if strict and no_run:
        raise UsageError(
            "--strict compares what the running pack says of its policies, and --no-run does not run it",
            hint="leave one of them out",
        )
    if no_run:
        pack = checked_pack(context, directory, name, version, rego=True, without_opa=True)
        named = True
    else:
        pack, named = named_or_not(context, directory, name, version)
    source = git_source(context, directory, pack, allow_dirty=allow_dirty or dry_run)
    pack = with_wheel(context, pack)

    if not context.settings.registry_is_default:
        context.registry().home()
    elif not dry_run:
        found_default(context)
    publisher, tool = context.author(directory), f"packreg {__version__}"

    def publish(**more: Any) -> Published:
        return context.registry().publish(pack, source=source, publisher=publisher, tool=tool, **more)

    with context.out.working() as work:
        work.show("looking for the version")
        published = publish(lock=None, dry_run=True) if named else None
        if published is None or not published.already:
            notes = notes_for(pack, no_lock=no_lock, no_run=no_run)
            lock = None if no_lock else _locked(context, pack, work, notes)
            metadata = None
            if not no_run:
                metadata = ask_pack(context, pack, lock, work.show)
                pack = pack if named else learned(pack, metadata)
                check_metadata(pack, metadata)
                warn_of_changes(context, pack, metadata, strict=strict)
            work.show("publishing")
            published = publish(lock=lock, notes=notes, metadata=metadata, dry_run=dry_run)
    if dry_run:
        _show_plan(context, directory, pack, published, version)
    else:
        _show(context, published)


def _locked(context: CommandContext, pack: Pack, work: Work, notes: list[str]) -> Lock | None:
    from packreg.install.lock_dependencies import lock_dependencies

    work.show("locking dependencies")
    return lock_dependencies(pack, context.tools, note=notes.append)


def notes_for(pack: Pack, *, no_lock: bool, no_run: bool) -> list[str]:
    """What readers of the record should know."""
    from packreg.registry.record import NOT_RUN, UNLOCKED

    notes = []
    if no_lock and pack.dependencies_kind != "none":
        notes.append(f"{UNLOCKED}: every machine resolves the dependencies on its own")
    if no_run:
        notes.append(f"{NOT_RUN}: its policies are not in the record")
    return notes


def git_source(context: CommandContext, directory: Path, pack: Pack, *, allow_dirty: bool) -> Source:
    """Where the pack comes from, as git knows it.

    Raises:
        UsageError: files of the pack are not committed, and nobody allowed that.
    """
    from packreg.registry.record import Source
    from packreg.services.git import Git

    place = Path(context.cwd, directory).resolve()
    facts = Git(context.environ, context.tools.which("git")).facts(place, pack.files)
    if facts.silent:
        context.out.warn("git does not speak of the repository around the pack; its commit is not recorded")
    if facts.dirty and not allow_dirty:
        shown = "\n".join(facts.dirty[:SHOWN])
        more = f"\nand {len(facts.dirty) - SHOWN} more" if len(facts.dirty) > SHOWN else ""
        raise UsageError(
            f"files of the pack are not committed:\n{shown}{more}",
            hint="commit them, or use --allow-dirty",
        )
    return Source(commit=facts.commit, branch=facts.branch, remote=facts.remote, dirty=bool(facts.dirty))


def _show(context: CommandContext, published: Published) -> None:
    record = published.record
    if context.out.json:
        context.out.document(record.as_json() | {"already": published.already})
        return
    context.out.line(f"{record.reference} {record.digest}")
    if published.already:
        context.out.say(f"{record.reference} is published already, with the same content")
    else:
        size = human_size(record.bundle_size)
        context.out.say(f"published {record.reference} to {context.place}: {record.members} members, {size}")
    for note in record.notes:
        context.out.warn(note)


def _show_plan(
    context: CommandContext, directory: Path, pack: Pack, published: Published, version: str | None
) -> None:
    """What `--dry-run` prints: files, what is left out and why, digests, policies, what would be written."""
    from packreg.cli.policies import policy_rows
    from packreg.registry.layout import record_key

    report, _ = check_path(context, directory, pack.name, version)
    record = published.record
    objects = [] if published.already else [record.bundle_key, record_key(record.name, record.version)]
    files = [(path, len(file.data)) for path, file in sorted(pack.files.items())]
    if context.out.json:
        context.out.document(
            record.as_json()
            | {
                "already": published.already,
                "dry_run": True,
                "files": [{"path": path, "size": size} for path, size in files],
                "left_out": [{"path": item.path, "reason": item.reason} for item in report.left_out],
                "objects": objects,
            }
        )
        return
    for path, size in files:
        context.out.line(f"file      {path}  {human_size(size)}")
    for item in report.left_out:
        context.out.line(f"left out  {item.path}  {item.reason}")
    context.out.line(f"digest    {record.digest}")
    context.out.line(f"sha256    {record.bundle_sha256}  {human_size(record.bundle_size)}")
    context.out.line(f"lock      {_lock_in_words(pack, record.lock)}")
    for row in policy_rows(record.metadata):
        context.out.line(f"policy    {'  '.join(word for word in row if word)}")
    for key in objects:
        context.out.line(f"object    {key}")
    if published.already:
        context.out.say(
            f"{record.reference} is published already, with the same content: nothing would be written"
        )
    else:
        context.out.say(f"dry run: {record.reference} would be published to {context.place}")


def _lock_in_words(pack: Pack, lock: Lock | None) -> str:
    if lock is not None:
        return f"{lock.kind} by {lock.made_by}, sha256 {lock.sha256}"
    own = {"package-lock.json", "npm-shrinkwrap.json"} & pack.files.keys()
    return f"the pack's own {min(own)}" if own and pack.runtime == "nodejs" else "none"
