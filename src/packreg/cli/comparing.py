"""`outdated` and `diff`: what changed, and what could."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from packreg.cli.base import command
from packreg.cli.policy_table import change_lines
from packreg.errors import NotFound
from packreg.groups.policy_changes import policy_changes
from packreg.install.lockfile import find_lock, read_lock
from packreg.pack.reference import Reference
from packreg.services.check import checked_pack
from packreg.services.pack_words import is_directory

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.pack.difference import PackDifference
    from packreg.pack.files import File
    from packreg.pack.metadata import PackInfo
    from packreg.pack.version import Version


@command("outdated", examples=("packreg outdated", "packreg outdated --json"))
@click.option("--installed", is_flag=True, help="Look at what is installed, even beside a packreg.lock.")
@click.pass_obj
def outdated_command(context: CommandContext, installed: bool) -> None:
    """Compare locked or installed packs with the latest versions.

    Looks at the nearest packreg.lock; where there is none, at what is installed here from this registry.
    """
    lock = None if installed else find_lock(Path(context.cwd))
    if lock is not None:
        used = [(pin.name, pin.version) for pin in read_lock(lock).pins.values()]
    else:
        used = context.installed_here()
    found = [row for row in context.at_once(lambda one: _compare(context, *one), used) if row]
    if context.out.json:
        context.out.document(found)
        return
    context.out.table(
        ["name", "version", "latest", "state"],
        [[row["name"], row["version"], row["latest"] or "-", row["state"]] for row in found],
    )
    if not found:
        context.out.say(
            f"every pack {f'in {lock}' if lock else 'installed here'} is at its latest version"
            if used
            else "no packs to compare"
        )


def _compare(context: CommandContext, name: str, version: Version) -> dict[str, str | None] | None:
    """The row for a pack that is outdated, yanked or removed; None for other packs."""
    listing = context.registry().versions(name)
    release = listing.by_version.get(version)
    state = release.state if release else "unknown"
    try:
        latest: Version | None = listing.latest().version
    except NotFound:
        latest = None
    if state == "published" and (latest is None or not version < latest):
        return None
    return {"name": name, "version": str(version), "latest": str(latest) if latest else None, "state": state}


@command(
    "diff",
    examples=(
        "packreg diff s3-rules@1.1.0 s3-rules@1.2.0",
        "packreg diff s3-rules ./s3-rules --text",
        "packreg diff s3-rules@1.1.0 s3-rules --json",
    ),
)
@click.argument("old", metavar="REF|DIR")
@click.argument("new", metavar="REF|DIR")
@click.option("--text", "-u", is_flag=True, help="With the changed lines of text files, as a patch.")
@click.pass_obj
def diff_command(context: CommandContext, old: str, new: str, text: bool) -> None:
    """Compare two releases, or a directory with a release.

    Compares files, requirements, the manifest and, of two releases, the policies: which were added or
    removed, whose level was raised or lowered, whose configuration became stricter or looser. A directory is
    written with a slash (./s3-rules) or as a dot. What --text prints can be applied with `patch -p1` or `git
    apply`, files that are not text left out.
    """
    from packreg.pack.difference import compare, unified

    name = next((word.partition("@")[0] for word in (old, new) if not is_directory(word)), None)
    before, after = _side(context, old, name), _side(context, new, name)
    found = compare(before.files, after.files)
    lines = unified(before.files, after.files, found) if text else []
    changes = None
    if before.metadata is not None and after.metadata is not None:
        changes = policy_changes(before.metadata, after.metadata)
    if context.out.json:
        policies = None if changes is None else [change.as_json() for change in changes]
        document = found.as_json() | {"policies": policies, "old": old, "new": new}
        context.out.document(document | ({"text": lines} if text else {}))
        return
    _show_difference(context, found)
    for line in change_lines(changes or ()):
        context.out.line(line)
    context.out.patch(lines)
    for side in (before, after):
        if changes is None and found and side.metadata is None:
            context.out.say(f"policies are not compared: {side.why}")
    if not found:
        context.out.say(f"{old} and {new} have the same content")


class _Side(NamedTuple):
    """One of the two sides of a comparison; `why` says why its metadata is not known."""

    files: dict[str, File]
    metadata: PackInfo | None
    why: str


def _side(context: CommandContext, word: str, name: str | None) -> _Side:
    """The side that `word` names: a release, or a directory with the files that publishing it would take."""
    if is_directory(word):
        why = f"{word} is not run for this; `publish --dry-run` runs it, and warns of unfit patch changes"
        return _Side(checked_pack(context, Path(word), name, None).files, None, why)
    registry = context.registry()
    record = registry.resolve(Reference.parse(word)).record
    return _Side(registry.files(record), record.metadata, f"{record.reference} was published without them")


def _show_difference(context: CommandContext, found: PackDifference) -> None:
    out = context.out
    for sign, paths in (("+", found.added), ("-", found.removed), ("~", found.changed)):
        for path in paths:
            out.line(f"file         {sign} {path}")
    for sign, lines in (("+", found.requirements_added), ("-", found.requirements_removed)):
        for line in lines:
            out.line(f"requirement  {sign} {line}")
    for field, (before, after) in found.manifest.items():
        out.line(f"manifest     ~ {field}: {before} -> {after}")
