"""Make a file durable and give it a name only if that is free, on each operating system.

POSIX: `link`, which refuses a taken name, with fsync of the file before and of the directory after. macOS:
fsync does not reach the disk, `F_FULLFSYNC` does. Windows: `os.rename` refuses a taken name, and directories
cannot be synced. The code for Windows follows the documentation; its tests pass `windows` as the system, and
it never ran there.
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
    """The operating system of this machine, as far as the code here differs."""
    if os.name == "nt":
        return "windows"
    return "macos" if sys.platform == "darwin" else "posix"


def sync(descriptor: int, system: System) -> None:
    """Flush what was written through `descriptor` to the disk.

    Raises:
        OSError: the disk failed. The kernel may have dropped the data, so that syncing again proves nothing.
    """
    if system == "macos":
        import fcntl

        full = getattr(fcntl, "F_FULLFSYNC", 51)
        with contextlib.suppress(OSError):  # a file system without it: use fsync
            fcntl.fcntl(descriptor, full)
            return
    os.fsync(descriptor)


def sync_directory(path: str, system: System) -> None:
    """Flush the names in a directory to the disk. Raises: OSError."""
    if system == "windows":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync(descriptor, system)
    finally:
        os.close(descriptor)


def give_name(temporary: str, final: str, system: System) -> bool:
    """Give a synced temporary file its final name if that is free; returns whether it was.

    The final name is durable either way. On POSIX the temporary name stays; the caller removes it.

    Raises:
        StoreUnsafe: the file system has no hard links.
        OSError: any other failure. Nothing was created, unless syncing the directory failed.
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
            # A file server may have linked it, and the reply was lost: then it has two names (open(2), NFS).
            won = _has_two_names(temporary)
            if not won and failed.errno in _NO_LINKS:
                raise StoreUnsafe(
                    f"the file system at {final} has no hard links ({failed.strerror}), "
                    "which creating an object exactly once needs",
                    hint="put the registry on a local file system such as ext4, xfs, btrfs, zfs or APFS",
                ) from failed
            if not won and not isinstance(failed, FileExistsError):
                raise
        # Also when the name was taken: the other writer may not have synced it yet, and we are about to
        # report that the object exists.
        sync(directory, system)
        return won
    finally:
        os.close(directory)


def _has_two_names(path: str) -> bool:
    try:
        return os.stat(path, follow_symlinks=False).st_nlink == 2
    except OSError:
        return False
