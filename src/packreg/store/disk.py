"""How each operating system makes a file durable and gives it a name that was free.

POSIX: `link`, which refuses a taken name, and fsync of the file before and of the directory after. macOS:
fsync does not reach the medium there, `F_FULLFSYNC` does. Windows: `os.rename` refuses a taken name, and
directories cannot be synced; written by the documentation and tested by injection, never run there.
"""

# pathlib would cost start-up time that `list` and `path` have no use for.
# ruff: noqa: PTH104, PTH116, PTH119, PTH120
from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import Literal

from packreg.errors import StoreUnsafe

#: What `link` answers where the file system has no hard links.
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK, errno.ENOTSUP})

System = Literal["posix", "macos", "windows"]


def this_system() -> System:
    """Which of the three ways this machine needs."""
    if os.name == "nt":
        return "windows"
    return "macos" if sys.platform == "darwin" else "posix"


def sync(descriptor: int, system: System) -> None:
    """Bring what was written through `descriptor` to the medium.

    Raises:
        OSError: the disk failed. The kernel may have dropped the data: syncing again proves nothing.
    """
    if system == "macos":
        import fcntl

        full = getattr(fcntl, "F_FULLFSYNC", 51)
        with contextlib.suppress(OSError):  # file systems without it: fsync is what is left
            fcntl.fcntl(descriptor, full)
            return
    os.fsync(descriptor)


def sync_directory(path: str, system: System) -> None:
    """Bring the names in a directory to the medium. Raises: OSError."""
    if system == "windows":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync(descriptor, system)
    finally:
        os.close(descriptor)


def give_name(temporary: str, final: str, system: System) -> bool:
    """Give a synced temporary file its final name if that is free; whether it was, durably either way.

    On POSIX the temporary name stays and is the caller's to remove.

    Raises:
        StoreUnsafe: the file system has no hard links.
        OSError: any other failure; nothing was created, unless it is the sync of the directory that failed.
    """
    if system == "windows":
        try:
            os.rename(temporary, final)  # refuses a taken name on Windows
        except FileExistsError:
            return False
        return True
    directory = os.open(os.path.dirname(final), os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            os.link(temporary, os.path.basename(final), dst_dir_fd=directory, follow_symlinks=False)
            won = True
        except OSError as failed:
            # A server may have linked it and lost its reply; two names say that it did (open(2), on NFS).
            won = _has_two_names(temporary)
            if not won and failed.errno in _NO_LINKS:
                raise StoreUnsafe(
                    f"the file system at {final} has no hard links ({failed.strerror}), "
                    "which creating an object exactly once needs",
                    hint="put the registry on a local file system such as ext4, xfs, btrfs, zfs or APFS",
                ) from failed
            if not won and not isinstance(failed, FileExistsError):
                raise
        # Also when the name was taken: its maker may not have come to it yet, and we are about to say that
        # the object exists.
        sync(directory, system)
        return won
    finally:
        os.close(directory)


def _has_two_names(path: str) -> bool:
    try:
        return os.stat(path, follow_symlinks=False).st_nlink == 2
    except OSError:
        return False
