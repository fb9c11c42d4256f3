"""An installation in a process of its own, which can be told to kill itself at a certain moment.

    python -m tests.install.victim REGISTRY HOME REF

Moments are counted in the events that Python's audit hooks report for paths inside the home: files opened,
directories made, things renamed, linked, removed. PACKREG_TEST_KILL=120:0.01 kills with SIGKILL 0.01 s after
event 120 was about to happen (0 seconds: before it happens); the last line printed is the number of events.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from packreg.pack.reference import Reference
from tests.install.shop import Shop, kept_home, tools_in


class Moments:
    """Counts what happens to the home, and kills this process at the given moment."""

    def __init__(self, home: str, kill: str) -> None:
        self.home = os.fsencode(home)
        moment, _, delay = kill.partition(":")
        self.moment = int(moment or 0)
        self.delay = float(delay or 0)
        self.count = 0

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """The audit hook."""
        if event not in ("open", "subprocess.Popen") and not event.startswith("os."):
            return
        words = arguments if event != "subprocess.Popen" else (arguments[2],)
        if not any(isinstance(w, str | bytes) and os.fsencode(w).startswith(self.home) for w in words):
            return
        self.count += 1
        if self.count == self.moment:
            if self.delay:
                threading.Thread(target=self.kill, daemon=True).start()
            else:
                self.kill()

    def kill(self) -> None:
        """The end."""
        time.sleep(self.delay)
        os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Install the reference, again if it is there and the variable PACKREG_TEST_FORCE is set."""
    registry, home, reference = sys.argv[1:]
    moments = Moments(home, os.environ.get("PACKREG_TEST_KILL", ""))
    sys.addaudithook(moments.hear)
    place = kept_home(Path(home))
    installer = Shop(Path(registry)).installer(place, tools_in(place))
    done = installer.install(Reference.parse(reference), force="PACKREG_TEST_FORCE" in os.environ)
    print(done.path, done.changed)
    print(moments.count, flush=True)


if __name__ == "__main__":
    main()
