"""The operator's file: settings that the users of a machine cannot change.

Its path depends on no variable (`/etc/packreg/packreg.toml` on Linux). It is trusted only if it and the
directories above it belong to the system and nobody else can write to them. A file that cannot be trusted
stops every command: going on without it is what somebody who tampered with it may want.

On the fast path of a no-op install: if there is no such file, this costs one system call.
"""

# ruff: noqa: PTH118, PTH120, PTH123 (pathlib costs start-up time)
from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packreg.errors import UsageError

LINUX = "/etc/packreg/packreg.toml"
MACOS = "/Library/Application Support/packreg/packreg.toml"
_ROOT = 0


def place() -> str:
    """The path of the operator's file on this system."""
    if sys.platform == "win32":
        from packreg.settings.operator_windows import program_data

        return os.path.join(program_data(), "packreg", "packreg.toml")
    return MACOS if sys.platform == "darwin" else LINUX


def read(path: str) -> bytes | None:
    """The bytes of the operator's file at `path`, or None if there is none.

    Raises:
        UsageError: it cannot be read, belongs to another user than the system, or others can write it.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refused(path, f"cannot be examined: {error.strerror or error}") from None
    from packreg.settings.file import MAX_FILE, checked_length

    try:
        real = os.path.realpath(path)
        # opening a named pipe must not block; a link made after `realpath` must not be followed
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with open(os.open(real, flags), "rb") as file:
            problem = _problem(path, real, os.fstat(file.fileno()))
            if problem:
                raise _refused(path, problem)
            return checked_length(file.read(MAX_FILE + 1), path)
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror or error}") from None


def _problem(path: str, real: str, found: os.stat_result) -> str:
    """Why a file is not trusted, or "". `real` is its path with links followed."""
    if not stat.S_ISREG(found.st_mode):
        return "is not a file"
    if sys.platform == "win32":
        from packreg.settings.operator_windows import owner_problem

        return owner_problem(real) or owner_problem(os.path.dirname(real))
    problem = _others(found)
    for directory in (*_above(path), *_above(real)):
        if not problem and _others(os.lstat(directory)):
            problem = f"is in {directory}, which {_others(os.lstat(directory))}"
    return problem


def _above(path: str) -> list[str]:
    """The directories above a path, the nearest first."""
    above = os.path.dirname(path)
    return [above, *_above(above)] if above != path else []


def _others(found: os.stat_result) -> str:
    """How another user than root could change a file or directory, in words, or ""."""
    if found.st_uid != _ROOT:
        return f"belongs to the user {found.st_uid} and not to root"
    # in a sticky directory others cannot replace root's files; the mode of a link has no meaning
    held = stat.S_ISLNK(found.st_mode) or (stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX)
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not held:
        return "can be written by others than root"
    return ""


def _refused(path: str, problem: str) -> UsageError:
    from packreg.errors import UsageError

    return UsageError(
        f"the operator's settings cannot be trusted: {path} {problem}",
        hint="whoever looks after this machine must give it and its directory to root (on Windows to "
        "Administrators), with mode 0644 and 0755",
    )
