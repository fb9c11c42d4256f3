"""Files that the user named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packreg.errors import UsageError
from packreg.files import write_file

if TYPE_CHECKING:
    from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that the user named: what was there stays until the new content is complete on disk.

    Raises:
        UsageError: it cannot be written there; nothing changed.
    """
    try:
        write_file(path, data)
    except IsADirectoryError:
        raise UsageError(f"cannot write {path}: it is a directory", hint="name a file") from None
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}", hint="name a file where you may write"
        ) from None
