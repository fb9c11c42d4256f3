"""Buckets that do something at a chosen request: die, lose a reply, let somebody else in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from packreg.store.bucket import Bucket, Page, Unsure

#: Told the verb (`put_new`, `get`, `list`, `delete`) and the key or prefix of a request.
Tap = Callable[[str, str], None]


class Killed(Exception):
    """The process is gone: nothing after this happens. Not an error that packreg knows."""


def nothing(verb: str, key: str) -> None:
    """Let the request pass."""


class Tapped:
    """A bucket with a tap before and one after every request; what a tap raises, the request raises."""

    page_size: ClassVar[int] = 1000

    def __init__(self, inner: Bucket, *, before: Tap = nothing, after: Tap = nothing) -> None:
        self.inner = inner
        self.before = before
        self.after = after

    @property
    def own_times(self) -> bool:
        """As the inner bucket."""
        return self.inner.own_times

    def clock(self) -> float | None:
        """The inner bucket's."""
        return self.inner.clock()

    def put_new(self, key: str, data: bytes) -> None:
        """Create an object between the taps."""
        self.before("put_new", key)
        self.inner.put_new(key, data)
        self.after("put_new", key)

    def get(self, key: str, *, limit: int) -> bytes:
        """Read an object between the taps."""
        self.before("get", key)
        data = self.inner.get(key, limit=limit)
        self.after("get", key)
        return data

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """List objects between the taps."""
        self.before("list", prefix)
        page = self.inner.list(prefix, after=after, token=token, limit=limit, delimiter=delimiter)
        self.after("list", prefix)
        return page

    def delete(self, key: str) -> None:
        """Delete an object between the taps."""
        self.before("delete", key)
        self.inner.delete(key)
        self.after("delete", key)

    def describe(self) -> str:
        """The URL of the bucket inside."""
        return self.inner.describe()

    def inspect(self, prefix: str) -> Mapping[str, str]:
        """What the bucket inside says."""
        return self.inner.inspect(prefix)


def dies_after(requests: int) -> tuple[Tap, Tap]:
    """Taps of a client that is killed once this many requests took effect, before it sees the last answer."""
    left = [requests]

    def before(verb: str, key: str) -> None:
        if left[0] == 0:
            raise Killed
        left[0] -= 1

    def after(verb: str, key: str) -> None:
        if left[0] == 0:
            raise Killed

    return before, after


def once(verb: str, part: str, action: Callable[[], object]) -> Tap:
    """A tap that acts at the first request of this verb whose key holds `part`."""
    done = [False]

    def tap(now: str, key: str) -> None:
        if now == verb and part in key and not done[0]:
            done[0] = True
            action()

    return tap


def lost(part: str) -> Tap:
    """A tap behind which every answer to creating a key that holds `part` is lost."""

    def tap(verb: str, key: str) -> None:
        if verb == "put_new" and part in key:
            raise Unsure("the connection was lost")

    return tap
