"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

from packreg.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that the user named: what was there stays until the new content is complete on disk.

    Raises:
        UsageError: it cannot be written there; nothing changed.
    """
    staged = ""
    try:
        if path.is_dir():
            raise UsageError(f"cannot write {path}: it is a directory", hint="name a file")
        descriptor, staged = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(staged, 0o666 & ~umask)  # noqa: PTH101 - mkstemp makes private files, this one is for others too
        os.replace(staged, path)  # noqa: PTH105
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}",
            hint="name a file where you may write",
        ) from None
    finally:
        if staged:
            with suppress(FileNotFoundError):
                os.unlink(staged)  # noqa: PTH108
