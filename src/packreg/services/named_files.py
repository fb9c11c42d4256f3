"""Files that the user named: read up to a limit, and written whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from packreg.errors import UsageError
from packreg.files import read_file, write_file

if TYPE_CHECKING:
    from pathlib import Path


def read_named(directory: str, path: str, most: int) -> bytes:
    """The bytes of a file, by its path from `directory`, and one more than `most` at most.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return read_file(os.path.join(directory, path), most, beginning=True)  # noqa: PTH118
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def write_named(path: Path, data: bytes) -> None:
    """Write a file: what was there stays until the new content is complete on disk.

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
