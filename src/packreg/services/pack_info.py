"""What a pack on the command line, REF or DIR, says of itself: from a release's record, else by asking it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import NotFound
from packreg.pack.reference import Reference
from packreg.services.pack_programs import program_of, ready_packs
from packreg.services.pack_words import hinted, is_directory, refuse_both

if TYPE_CHECKING:
    from packreg.pack.metadata import PackInfo
    from packreg.services.workspace import Workspace


class PackDescription(NamedTuple):
    """What a pack says of itself, and what is known of it besides."""

    info: PackInfo
    version: str
    runtime: str


def said_by(workspace: Workspace, word: str, *, offline: bool, python: str | None) -> PackDescription:
    """What the pack says of itself.

    A release whose record holds it is neither installed nor run.

    Raises:
        PackregError: there is no such pack, or it cannot be asked.
    """
    return _recorded(workspace, word, offline=offline) or _running(workspace, word, offline, python)


def _recorded(workspace: Workspace, word: str, *, offline: bool) -> PackDescription | None:
    """What a release's record says of the pack; None if it does not, or for a directory."""
    if is_directory(word):
        return None
    refuse_both(workspace, [word], offline=offline)
    try:
        release = workspace.installer().releases.find(Reference.parse(word), offline=offline)
    except NotFound as error:
        raise hinted(workspace, word, error) from None
    record = release.record
    if record.metadata is None:
        workspace.notify.say(
            f"{record.reference} was published without its policies, so it is run to ask for them"
        )
        return None
    for note in release.notes:
        workspace.notify.warn(note)
    return PackDescription(record.metadata, record.version.text, record.runtime)


def _running(workspace: Workspace, word: str, offline: bool, python: str | None) -> PackDescription:
    """The same from the pack itself, installed or prepared if needed."""
    from packreg.analyzer.pool import Pool

    [ready] = ready_packs(workspace, [word], offline=offline, python=python)
    with Pool(keep=0) as pool:
        info = pool.take(program_of(workspace, ready, None)).info()
    return PackDescription(info, ready.version or info.version, ready.manifest.runtime)
