"""`lock` and `download`: exact packs for a project, and bundles for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import REFERENCE, command
from packreg.services.lock import lock_packs, update_lock
from packreg.services.named_files import write_named
from packreg.text import human_size

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.pack.reference import Reference


@command(
    "lock",
    examples=(
        "packreg lock s3-rules@^1.2 limits",
        "packreg lock s3-rules --file policies/packreg.lock --json",
        "packreg lock --update",
    ),
)
@click.argument("references", metavar="[REF]...", nargs=-1, type=REFERENCE)
@click.option(
    "--update", is_flag=True, help="Pin the latest version of every pack of the lock, or of those REFs."
)
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="Default: the nearest packreg.lock, or a new one here.",
)
@click.pass_obj
def lock_command(
    context: CommandContext, references: tuple[Reference, ...], update: bool, path: Path | None
) -> None:
    """Pin packs in packreg.lock.

    Each REF becomes one exact version with its digest, in place of an older pin of that pack; other pins
    stay.
    `packreg install --locked` installs exactly these. A removed version is refused; a yanked one is pinned
    with a warning. --update takes the packs that are pinned already, and with a range the highest inside it.
    """
    locked = (update_lock if update else lock_packs)(context, references, path)
    if context.out.json:
        context.out.document(locked.as_json())
        return
    for pin in locked.pins:
        context.out.line(f"{pin.name}@{pin.version} {pin.digest}")
    context.out.say(f"{'wrote' if locked.changed else 'nothing to change in'} {locked.path}")


@command("download", examples=("packreg download s3-rules@1.2.0 -o s3-rules.tgz",))
@click.argument("reference", metavar="REF", type=REFERENCE)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Default: NAME-VERSION.tgz"
)
@click.pass_obj
def download_command(context: CommandContext, reference: Reference, output: Path | None) -> None:
    """Save a pack's verified bundle to a file.

    The bytes are those that were published: size and sha256 are compared with the record before the file
    appears.
    """
    registry = context.registry()
    resolved = registry.resolve(reference)
    record = resolved.record
    data = registry.fetch(record)
    target = Path(context.cwd, output or f"{record.name}-{record.version}.tgz")
    write_named(target, data)
    if resolved.yanked:
        context.out.warn(f"{record.reference} is yanked: {resolved.yanked}")
    if context.out.json:
        context.out.document(
            {
                "name": record.name,
                "version": str(record.version),
                "path": str(target),
                "digest": record.digest,
                "sha256": record.bundle_sha256,
                "size": record.bundle_size,
            }
        )
        return
    context.out.line(str(target))
    context.out.say(f"saved {record.reference}: {human_size(record.bundle_size)}, {record.digest}")
