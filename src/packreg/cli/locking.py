"""`lock` and `download`: exact packs for a project, and bundles for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from packreg.cli.base import REFERENCE, command
from packreg.cli.output import human_size
from packreg.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.context import CommandContext
    from packreg.install.lockfile import Pin
    from packreg.pack.reference import Reference
    from packreg.registry.registry import Resolved


@command(
    "lock",
    examples=(
        "packreg lock s3-rules@^1.2 limits",
        "packreg lock s3-rules --file policies/packreg.lock --json",
    ),
)
@click.argument("references", metavar="REF...", nargs=-1, required=True, type=REFERENCE)
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="Default: the nearest packreg.lock, or a new one here.",
)
@click.pass_obj
def lock_command(context: CommandContext, references: tuple[Reference, ...], path: Path | None) -> None:
    """Pin packs in packreg.lock.

    Each REF becomes one exact version with its digest, in place of an older pin of that pack; other pins
    stay.
    `packreg install --locked` installs exactly these. A removed version is refused; a yanked one is pinned
    with a warning.
    """
    from packreg.cli.atomic import write_atomically
    from packreg.install.lockfile import FILE_NAME, Lockfile, Pin, find_lock, lock_text, read_lock

    here = Path(context.cwd)
    target = here / path if path else find_lock(here) or here / FILE_NAME
    lock = read_lock(target) if target.exists() else Lockfile({})
    pins = lock.pins
    made: list[Pin] = []
    for resolved in context.at_once(8, lambda one: _resolve(context, one), _one_of_each(references)):
        record = resolved.record
        if resolved.yanked:
            context.out.warn(f"{record.reference} is yanked: {resolved.yanked}")
        if resolved.note:
            context.out.say(resolved.note)
        pin = Pin(record.name, record.version, record.digest)
        there = pins.get(pin.name)
        made.append(there if there is not None and there.digest == pin.digest else pin)
    updated = pins | {pin.name: pin for pin in made}
    if updated != pins:
        write_atomically(target, lock_text(lock._replace(pins=updated)).encode())
    if context.out.json:
        context.out.document(
            {
                "path": str(target),
                "packs": [
                    {
                        "name": pin.name,
                        "version": str(pin.version),
                        "digest": pin.digest,
                        "changed": pins.get(pin.name) != pin,
                    }
                    for pin in made
                ],
            }
        )
        return
    for pin in made:
        context.out.line(f"{pin.name}@{pin.version} {pin.digest}")
    context.out.say(f"{'wrote' if updated != pins else 'nothing to change in'} {target}")


def _one_of_each(references: Sequence[Reference]) -> list[Reference]:
    """The references, each once.

    Raises:
        UsageError: two of them want different versions of one pack.
    """
    by_name: dict[str, Reference] = {}
    for reference in references:
        other = by_name.setdefault(reference.name, reference)
        if other.wanted != reference.wanted:
            raise UsageError(
                f"{other} and {reference} are two versions of one pack, and a lock pins one of each",
                hint="name it once, or write two locks with --file",
            )
    return list(by_name.values())


def _resolve(context: CommandContext, reference: Reference) -> Resolved:
    """The release that a reference means.

    Raises:
        Removed: it was removed; a machine that remembers its record would not notice otherwise.
        NotFound: there is no such release.
    """
    registry = context.registry()
    resolved = registry.resolve(reference)
    registry.not_removed(resolved.record)
    return resolved


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
    from packreg.cli.atomic import write_atomically

    registry = context.registry()
    resolved = registry.resolve(reference)
    record = resolved.record
    data = registry.fetch(record)
    target = Path(context.cwd, output or f"{record.name}-{record.version}.tgz")
    write_atomically(target, data)
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
