"""Files that only a pack's processes can read while they run; and protection of packreg's own memory."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import IO

_PR_SET_DUMPABLE = 4


def nameless(data: bytes) -> IO[bytes]:
    """An open file with this content and without a name: in memory, where the system has that.

    No other program finds it, and nothing is left when the processes that have it open end, however they end.

    Raises:
        OSError: it cannot be written.
    """
    file: IO[bytes]
    if sys.platform == "linux" and hasattr(os, "memfd_create"):
        file = os.fdopen(os.memfd_create("packreg", os.MFD_CLOEXEC), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    try:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
    except BaseException:
        file.close()
        raise
    return file


def hide() -> None:
    """Keep other processes of this user from reading this process's variables and memory, where possible.

    On Linux /proc/PID/environ, /proc/PID/mem and the like then belong to root, no debugger of the user can
    attach to this process, and it leaves no core file. A child loses this protection when it runs a program.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
