"""A bucket that fails on schedule, in every way that stores and networks were seen to fail."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Literal, get_args

from packreg.errors import StoreUnavailable
from packreg.store.bucket import Bucket, Exists, Page, Unsure

Fault = Literal[
    "pass",
    "lost reply",  # it took effect, nobody said so
    "late",  # nobody said anything, and it takes effect some requests later
    "refused before",  # 409, 429 or 5xx, and it did not take effect
    "cut upload",  # the connection broke on the way there
    "failed after",  # 5xx, and it did take effect
    "taken by ourselves",  # a proxy sent it twice and passes on the second answer
    "not sent",  # no connection at all
]
WRITE_FAULTS: tuple[Fault, ...] = get_args(Fault)


@dataclasses.dataclass
class _Late:
    """A write that arrives after so many more requests."""

    requests: int
    key: str
    data: bytes


class FaultyBucket:
    """`inner` behind a bad network.

    `write_fault` is asked before every `put_new` for what happens to it, `read_fails` before every read for
    whether it breaks. Late writes arrive after the given number of further requests, or at `settle`.
    """

    page_size: ClassVar[int] = 3

    def __init__(
        self,
        inner: Bucket,
        write_fault: Callable[[], Fault],
        read_fails: Callable[[], bool] = lambda: False,
        *,
        delay: Callable[[], int] = lambda: 3,
    ) -> None:
        self.inner = inner
        self._write_fault = write_fault
        self._read_fails = read_fails
        self._delay = delay
        self._late: list[_Late] = []
        self._lock = threading.Lock()

    @classmethod
    def seeded(cls, inner: Bucket, seed: int, rate: float) -> FaultyBucket:
        """Faults drawn by chance, `rate` of all requests, the same for the same seed."""
        chance = random.Random(seed)
        return cls(
            inner,
            lambda: chance.choice(WRITE_FAULTS[1:]) if chance.random() < rate else "pass",
            lambda: chance.random() < rate / 2,
            delay=lambda: chance.randrange(6),
        )

    @property
    def own_times(self) -> bool:
        """As the inner bucket."""
        return self.inner.own_times

    def clock(self) -> float | None:
        """The inner bucket's."""
        return self.inner.clock()

    def put_new(self, key: str, data: bytes) -> None:
        """Create an object, or fail as the schedule says."""
        self._pass_time()
        with self._lock:
            fault = self._write_fault()
        if fault == "not sent":
            raise StoreUnavailable("no connection")
        if fault in ("refused before", "cut upload"):
            raise Unsure(fault)
        if fault == "late":
            with self._lock:
                self._late.append(_Late(self._delay(), key, data))
            raise Unsure(fault)
        if fault in ("lost reply", "failed after"):
            with contextlib.suppress(Exists):
                self.inner.put_new(key, data)
            raise Unsure(fault)
        self.inner.put_new(key, data)
        if fault == "taken by ourselves":
            raise Exists(fault)

    def get(self, key: str, *, limit: int) -> bytes:
        """Read, or break off."""
        self._break()
        return self.inner.get(key, limit=limit)

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """List, or break off."""
        self._break()
        return self.inner.list(prefix, after=after, token=token, limit=limit, delimiter=delimiter)

    def delete(self, key: str) -> None:
        """Delete, or break off."""
        self._break()
        self.inner.delete(key)

    def describe(self) -> str:
        """The inner bucket's URL."""
        return self.inner.describe()

    def inspect(self, prefix: str) -> Mapping[str, str]:
        """What the inner bucket says."""
        return self.inner.inspect(prefix)

    def settle(self) -> None:
        """Let everything arrive that is still on its way."""
        with self._lock:
            due, self._late = self._late, []
        self._arrive(due)

    def _pass_time(self) -> None:
        with self._lock:
            for waiting in self._late:
                waiting.requests -= 1
            due = [waiting for waiting in self._late if waiting.requests < 0]
            self._late = [waiting for waiting in self._late if waiting.requests >= 0]
        self._arrive(due)

    def _arrive(self, due: Sequence[_Late]) -> None:
        for write in due:
            with contextlib.suppress(Exists):
                self.inner.put_new(write.key, write.data)

    def _break(self) -> None:
        self._pass_time()
        with self._lock:
            fails = self._read_fails()
        if fails:
            raise StoreUnavailable("the connection broke")
