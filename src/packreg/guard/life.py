"""How long the guard lives: until the CLI says so, or is gone."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
from threading import Event, Thread

#: Seconds between two looks at whether the parent is still there.
_LOOK = 1.0


class Life:
    """Waits for what ends the process first: `end`, a signal, the end of standard input or of the parent.

    Made in the main thread. The CLI holds the other end of standard input, a pipe, for as long as it lives; a
    standard input that is no pipe says nothing.
    """

    def __init__(self) -> None:
        self._ended = Event()
        self._parent = os.getppid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, frame: self._ended.set())
        if stat.S_ISFIFO(os.fstat(0).st_mode):
            Thread(target=self._watch_input, daemon=True).start()

    def end(self) -> None:
        """End it, from any thread."""
        self._ended.set()

    def wait(self) -> None:
        """Return when it is over."""
        while not self._ended.wait(_LOOK):
            if os.getppid() != self._parent:
                return

    def leave(self) -> None:
        """End the process at once, whatever its threads do, and the tools that it had started.

        The CLI gives an analyzer a process group of its own; packs have theirs, and their supervisors.
        """
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpgrp(), signal.SIGTERM)  # our own handler takes note, and no more
        os._exit(0)

    def _watch_input(self) -> None:
        while os.read(0, 4096):
            pass
        self._ended.set()
