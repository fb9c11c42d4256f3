"""What only a pack's processes may read, for as long as they run, and what they may not read of ours."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import IO

_PR_SET_DUMPABLE = 4


def nameless(data: bytes) -> IO[bytes]:
    """An open file with this content and without a name: in memory, where the system has that.

    Nobody finds it, and nothing of it is left when those who have it open are gone, however they end.

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
    """Keep other processes of this user from reading our variables and memory, where the system can.

    On Linux /proc/PID/environ, /proc/PID/mem and the like are root's from now on, nobody may attach to us,
    and we leave no core file. Child processes are as usual again when they start a program.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
