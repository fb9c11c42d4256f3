"""File operations of installing (locks, copying, removing trees), and the errors for their failures."""
# ruff: noqa: PTH101, PTH102, PTH106, PTH108, PTH112, PTH114, PTH115, PTH116, PTH118, PTH123, PTH211
# pathlib makes an object of every path: the loops over trees here take twice as long with it.

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InstallError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HINTS = {
    errno.ENOSPC: "free some space; `packreg cache prune` removes what no installed pack uses",
    errno.EDQUOT: "free some space; `packreg cache prune` removes what no installed pack uses",
    errno.EROFS: "choose another home with PACKREG_HOME; this one is on a read-only file system",
    errno.EACCES: "choose another home with PACKREG_HOME, or get permission to write there",
    errno.EPERM: "choose another home with PACKREG_HOME, or get permission to write there",
    errno.ENOTDIR: "something that is not a directory is in the way; move it",
    errno.ENAMETOOLONG: "choose a home with a shorter path with PACKREG_HOME",
}
#: How long an installer waits for another one that works on the same thing, in seconds.
PATIENCE = 3600.0


@contextmanager
def disk_errors(doing: str, place: Path) -> Iterator[None]:
    """Turn an `OSError` of the body into an `InstallError`: "cannot <doing> <place>: <reason>"."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, doing, place) from error


def disk_error(error: OSError, doing: str, place: Path) -> InstallError:
    """The `InstallError` for an `OSError`, with a hint where one is known."""
    where = f" ({error.filename})" if error.filename and str(error.filename) != str(place) else ""
    reason = error.strerror or str(error)
    return InstallError(f"cannot {doing} {place}: {reason}{where}", hint=_HINTS.get(error.errno or 0, ""))


@contextmanager
def only_one(lock_file: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of `lock_file` for the body; call `waiting` once if another process or thread has it.

    The operating system drops the lock when its holder dies, however it dies. A file system without such
    locks is refused: a substitute that outlives kill -9 would stop every later install.

    Raises:
        InstallError: the lock could not be taken at all, or not within an hour.
    """
    with disk_errors("lock", lock_file):
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        with disk_errors("lock", lock_file):
            _wait_for(held, lock_file, waiting)
        yield
    finally:
        os.close(held)  # which drops the lock


def _wait_for(held: int, lock_file: Path, waiting: Callable[[], None]) -> None:
    """Lock an open lock file; tries ten times a second while another process or thread holds the lock."""
    try:
        if try_lock(held):
            return
        waiting()
        deadline = time.monotonic() + PATIENCE
        while not try_lock(held):
            if time.monotonic() > deadline:
                raise InstallError(
                    f"another packreg has held {lock_file} for more than {PATIENCE / 60:.0f} minutes",
                    hint="find out which process that is",
                )
            time.sleep(0.1)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK):
            raise
        raise InstallError(
            f"{lock_file.parent} is on a file system without file locks",
            hint="choose another home with PACKREG_HOME",
        ) from error


def try_lock(held: int) -> bool:
    """Lock an open file unless another process or thread has locked it; returns whether we hold the lock.

    On Windows one byte is locked, since a whole file cannot be locked there.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(held, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def is_free(lock_file: Path) -> bool:
    """Whether no process or thread holds the lock of `lock_file` right now."""
    try:
        asked = os.open(lock_file, os.O_RDWR)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        return try_lock(asked)
    except OSError:
        return False
    finally:
        os.close(asked)


def copy_tree(source: str, target: str) -> None:
    """Copy a small tree of directories, files and links into `target`, which must not exist.

    Links are copied as links with the same target text; of a file's mode only the executable bit is kept.

    Raises:
        OSError: the disk is full or refuses.
    """
    os.mkdir(target)
    with os.scandir(source) as entries:
        for entry in entries:
            there = os.path.join(target, entry.name)
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), there)
            elif entry.is_dir():
                copy_tree(entry.path, there)
            else:
                executable = entry.stat().st_mode & 0o111
                with open(entry.path, "rb") as read, open(there, "xb") as write:
                    write.write(read.read())
                if executable:
                    os.chmod(there, 0o755)  # noqa: S103 - what an executable has everywhere


def remove_tree(path: Path | str) -> bool:
    """Remove a file, a link or a tree, also with read-only directories; whether it is gone. Never raises."""
    path = str(path)
    try:
        if os.path.islink(path) or not os.path.isdir(path):
            os.unlink(path)
            return True
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        if not os.stat(path).st_mode & stat.S_IWUSR:
            os.chmod(path, 0o700)
        with os.scandir(path) as entries:
            for entry in entries:
                remove_tree(entry.path)
        os.rmdir(path)
    except OSError:
        return False
    return True


def make_read_only(root: str) -> None:
    """Make `root` and every directory and file below it read-only; links are left as they are.

    Raises:
        OSError: a mode cannot be changed.
    """
    for directory, _, files in os.walk(root, topdown=False):
        for name in files:
            path = os.path.join(directory, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISREG(mode):
                os.chmod(path, stat.S_IMODE(mode) & 0o555)
        os.chmod(directory, 0o555)  # noqa: S103 - takes rights away
