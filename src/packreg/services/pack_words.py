"""What a word on the command line means that names a pack: a directory, or a release of the registry.

A directory is written with a slash or as a dot. A name alone is a release; where a pack's directory has that
name, too, commands for its author take the directory and say so, and commands that decide about other things
refuse to choose.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import NotFound, PackregError, UsageError
from packreg.pack.files import MANIFEST
from packreg.pack.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.services.workspace import Workspace


def is_directory(word: str) -> bool:
    """Whether a word means a directory: it has a slash in it, or is a dot."""
    return os.sep in word or "/" in word or word in (".", "..")


def hinted(workspace: Workspace, word: str, error: PackregError) -> PackregError:
    """The error about a release, with a better hint where there is a directory that may have been meant."""
    if isinstance(error, NotFound) and Path(workspace.cwd, word).is_dir():
        error.hint = f"for the directory, write ./{word}"
    return error


def own_directory(workspace: Workspace, word: str) -> str:
    """The word, or with a slash if it is the directory of a pack; the user is told that this is taken."""
    if not _names_both(workspace, word):
        return word
    workspace.notify.say(f"taking the directory ./{word}; for the release, write {word}@latest")
    return f"./{word}"


def refuse_both(workspace: Workspace, words: Iterable[str], *, offline: bool) -> None:
    """Refuse a name that is that of a pack's directory here and of a release.

    Raises:
        UsageError: there is one; the hint has both spellings.
        PackregError: the registry does not answer.
    """
    for word in words:
        if not _names_both(workspace, word):
            continue
        try:
            record = workspace.installer().releases.find(Reference.parse(word), offline=offline).record
        except NotFound:
            continue
        raise UsageError(
            f"{word} is a directory here, and a pack of the registry",
            hint=f"write ./{word} for the directory, or {record.reference} for the release",
        )


def _names_both(workspace: Workspace, word: str) -> bool:
    """Whether a name alone, which may be that of a release, is the directory of a pack."""
    return not is_directory(word) and "@" not in word and Path(workspace.cwd, word, MANIFEST).is_file()
