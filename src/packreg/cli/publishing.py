"""`publish`: check a pack, lock its dependencies, run it once, and record the release."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.authoring import directory_argument, name_option, version_option
from packreg.cli.base import command
from packreg.cli.installing import python_option
from packreg.cli.policy_table import policy_rows
from packreg.services.publish import publish_directory
from packreg.text import human_size

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.pack.check import Pack
    from packreg.registry.publish import Published
    from packreg.registry.record import Lock
    from packreg.services.publish import Publication


@command(
    "publish",
    examples=(
        "packreg publish s3-rules",
        "packreg publish s3-rules --dry-run",
        "packreg publish --name limits --version 1.2.0 --json",
        "packreg publish --build pulumi-aws old-rules",
        "packreg publish --seal s3-rules",
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
@click.option(
    "--build",
    "build",
    metavar="NAME",
    multiple=True,
    help="Build a package that has no wheels from source, once: this runs its code. Can be repeated.",
)
@click.option(
    "--seal/--no-seal",
    default=None,
    help="Keep the files of its dependencies in the registry, so that installs need no index.",
)
@python_option
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
    build: tuple[str, ...],
    seal: bool | None,
    python: str | None,
    strict: bool,
) -> None:
    """Check a pack and publish it; a version is used once.

    Publishing the same content again succeeds; other content for a used version is refused (exit code 5),
    even if the version was removed. Dependencies are locked with hashes for all platforms; installs use that
    lock. The pack is run once, with exactly these, and what it says of its policies is recorded.

    Packages are installed as wheels. One that an index has as source only is built where --build names it,
    and the registry keeps its wheel: installing never builds.
    """
    publication = publish_directory(
        context,
        directory,
        publisher=context.author(directory),
        name=name,
        version=version,
        dry_run=dry_run,
        allow_dirty=allow_dirty,
        lock=not no_lock,
        run=not no_run,
        strict=strict,
        build=build,
        seal=seal,
        python=python,
    )
    if context.out.json:
        context.out.document(publication.as_json())
    elif dry_run:
        _show_plan(context, publication)
    else:
        _show(context, publication.published)


def _show(context: CommandContext, published: Published) -> None:
    record = published.record
    context.out.line(f"{record.reference} {record.digest}")
    if published.already:
        context.out.say(f"{record.reference} is published already, with the same content")
    else:
        size = human_size(record.bundle_size)
        context.out.say(f"published {record.reference} to {context.place}: {record.members} files, {size}")
    for note in record.notes:
        context.out.warn(note)


def _show_plan(context: CommandContext, publication: Publication) -> None:
    """Print for `--dry-run`: files, what is left out and why, digests, policies, what would be written."""
    record = publication.published.record
    for path, size in publication.files:
        context.out.line(f"file      {path}  {human_size(size)}")
    for item in publication.left_out:
        context.out.line(f"left out  {item.path}  {item.reason}")
    context.out.line(f"digest    {record.digest}")
    context.out.line(f"sha256    {record.bundle_sha256}  {human_size(record.bundle_size)}")
    context.out.line(f"lock      {_lock_in_words(publication.pack, record.lock)}")
    for row in policy_rows(record.metadata):
        context.out.line(f"policy    {'  '.join(word for word in row if word)}")
    for key in publication.objects:
        context.out.line(f"object    {key}")
    if publication.published.already:
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
