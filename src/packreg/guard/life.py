"""How long the guard runs: until the CLI ends it, or has ended itself."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
from threading import Event, Thread

#: Seconds between checks whether the parent process still runs.
_LOOK = 1.0


class Life:
    """Waits for the first of these: `end`, a signal, the end of standard input or of the parent process.

    Must be created in the main thread. While the CLI runs it keeps the other end of standard input, a pipe,
    open; a standard input that is no pipe is ignored.
    """

    def __init__(self) -> None:
        self._ended = Event()
        self._parent = os.getppid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, frame: self._ended.set())
        if stat.S_ISFIFO(os.fstat(0).st_mode):
            Thread(target=self._watch_input, daemon=True).start()

    def end(self) -> None:
        """Make `wait` return; may be called from any thread."""
        self._ended.set()

    def wait(self) -> None:
        """Wait until the guard has to end."""
        while not self._ended.wait(_LOOK):
            if os.getppid() != self._parent:
                return

    def leave(self) -> None:
        """End the process at once, whatever its threads do, with the programs that it started.

        These are in the process group that the CLI gives an analyzer. Packs are in other groups; their
        supervisors end them.
        """
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpgrp(), signal.SIGTERM)  # this process's own handler only sets a flag
        os._exit(0)

    def _watch_input(self) -> None:
        while os.read(0, 4096):
            pass
        self._ended.set()
