"""Measure for how long a store gave no answer while requests were waiting."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from packreg.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Silence:
    """Counts the seconds in which requests were waiting and none was answered. Threads share one.

    Requests that wait at the same time count once. Pauses before an attempt is repeated count too. When an
    answer comes, the time that it took does not count. `monotonic` is the clock, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting = 0
        self._since = 0.0
        self._spent = 0.0

    @property
    def seconds(self) -> float:
        """How long nothing was answered, with the current wait."""
        with self._lock:
            return self._spent + (self._monotonic() - self._since if self._waiting else 0.0)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Surrounds one request. Every end of the block but StoreUnavailable counts as an answer."""
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
        """An attempt failed: add the time since the last answer, or the last failure, to the count."""
        with self._lock:
            now = self._monotonic()
            self._spent += now - self._since
            self._since = now

    def restart(self) -> None:
        """Set the count to zero."""
        with self._lock:
            self._spent, self._since = 0.0, self._monotonic()
