"""For how long a store gave no answer while somebody waited for one."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from packreg.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Silence:
    """Counts the seconds in which requests waited and nothing was answered; threads share it.

    What waits at the same time counts once, the pauses before an attempt is repeated count too, and the time
    that an answer took does not count once it came. `monotonic` is the clock.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting = 0
        self._since = 0.0
        self._spent = 0.0

    @property
    def seconds(self) -> float:
        """How long nothing was answered, with what is waited for now."""
        with self._lock:
            return self._spent + (self._monotonic() - self._since if self._waiting else 0.0)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While somebody waits for an answer, which every end but StoreUnavailable is."""
        with self._lock:
            if not self._waiting:
                self._since = self._monotonic()
            self._waiting += 1
        answered = True
        try:
            yield
        except StoreUnavailable:
            answered = False
            raise
        finally:
            with self._lock:
                self._waiting -= 1
                if answered:
                    self._since = self._monotonic()

    def failed(self) -> None:
        """An attempt came to nothing: the time since the last answer is lost."""
        with self._lock:
            now = self._monotonic()
            self._spent += now - self._since
            self._since = now

    def restart(self) -> None:
        """Count from now on."""
        with self._lock:
            self._spent, self._since = 0.0, self._monotonic()
