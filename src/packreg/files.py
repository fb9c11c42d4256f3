"""Single files, read up to a limit and written whole: the one way to do either.

Not here: the objects of a directory registry, which are created once and never replaced (`store/disk.py`),
and files of which more than their bytes must be known (a pack's that may change meanwhile, the user's key).
"""

# pathlib would cost start-up time that `list` and `path` have no use for.
# ruff: noqa: PTH100, PTH103, PTH105, PTH108, PTH118, PTH123, SIM105
from __future__ import annotations

import errno
import os
import stat

_PIECE = 1 << 20
_BINARY = getattr(os, "O_BINARY", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


def read_file(
    path: str | os.PathLike[str],
    limit: int,
    *,
    beginning: bool = False,
    follow: bool = True,
    regular: bool = False,
) -> bytes:
    """All bytes of a file, or of a pipe; of a larger one no more than `limit` and one are ever held.

    With `beginning` `limit` bytes and one of a larger file are given, for a reader that says itself what
    is too large. Without `follow` the last part of the path may be no link; with `regular` only a plain file
    is read.

    Raises:
        OSError: it cannot be read, or has more than `limit` bytes; `strerror` ends a sentence about it.
    """
    flags = os.O_RDONLY | _BINARY | (0 if follow else _NO_FOLLOW) | (_NO_WAIT if regular else 0)
    with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
        status = os.fstat(file.fileno())
        if regular and not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", os.fspath(path))
        pieces = [file.read(min(status.st_size, limit) + 1)]  # at once: pieces of a large file are held twice
        left = limit + 1 - len(pieces[0])
        while left > 0 and (piece := file.read(min(left, _PIECE))):
            pieces.append(piece)
            left -= len(piece)
    if left <= 0 and not beginning:
        raise OSError(errno.EFBIG, f"it has more than {limit} bytes", os.fspath(path))
    return b"".join(pieces)


def write_file(
    path: str | os.PathLike[str],
    data: bytes,
    *,
    parents: bool = False,
    durable: bool = True,
    staged: str = "",
) -> None:
    """Write a file so that others see all of it or nothing, also after a crash; an older one is replaced.

    With `parents`, missing directories above it are made. What need not be `durable`, since a reader notices
    damage and can have it again, saves the 1 to 10 ms that a disk takes to be sure. `staged` is where it is
    written first, on the same file system; by default beside it.

    Raises:
        OSError: the disk is full or refuses; nothing is at `path` that was not there before.
    """
    directory, name = os.path.split(os.path.abspath(path))
    if parents:
        os.makedirs(directory, exist_ok=True)
    staged = staged or os.path.join(directory, f".{name[:40]}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        with open(staged, "xb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(staged, path)
    except BaseException:
        try:
            os.unlink(staged)
        except OSError:
            pass  # it was never made
        raise
