"""Find times that contradict each other: an object's own, its predecessor's, and the store's.

The time in an object counts. But whoever writes an object chooses that time, so no order depends on it:
chains have numbers. S3 has times of its own, which are compared with those in objects (in a directory,
anybody who may write may set a file's time). Readers report times that are more than five minutes apart. A
writer whose clock is that wrong is refused before it writes a revision.

When all objects are copied or restored, the store's times are those of the copy. Then the registry's owner
adds a revision to the chain `transfers/`: store times before that revision are no longer compared.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import StoreRefused, UsageError
from packreg.registry import layout
from packreg.registry.formats import beginning
from packreg.registry.members import Members
from packreg.store.chain import MAX_REVISION, Chain

if TYPE_CHECKING:
    from packreg.store.store import Store

#: Seconds that clocks may differ by.
SKEW = 300.0


class Dated(NamedTuple):
    """An object with its own time (RFC 3339 in UTC), and the store's time in seconds since the epoch, or 0.

    `what` is its name in messages.
    """

    what: str
    time: str
    stored: float = 0.0


class Transfer(NamedTuple):
    """A revision of `transfers/`: its number, who recorded the copy, when (RFC 3339) and why."""

    number: int
    by: str
    at: str
    reason: str


def doubts(this: Dated, before: Dated | None = None, *, now: str = "") -> tuple[str, ...]:
    """Why the time of an object cannot be right, in sentences; () if nothing contradicts it.

    `before` is the object that it follows, `now` the present time, "" not to compare with it.
    """
    found = []
    said = seconds(this.time)
    confirmed = bool(this.stored) and abs(said - this.stored) <= SKEW
    if this.stored and not confirmed:
        found.append(f"{this.what} says {this.time}, but the store received it at {shown(this.stored)}")
    if now and said > seconds(now) + SKEW:
        found.append(f"{this.what} is dated {this.time}, which is in the future")
    # If the store's time confirms this object's, or `before` itself cannot be right, `before` is at fault.
    followed = seconds(before.time) if before is not None and not confirmed else -math.inf
    if before is not None and said + SKEW < followed <= (seconds(now) + SKEW if now else math.inf):
        found.append(f"{this.what} is dated {this.time}, but follows {before.what} of {before.time}")
    if before is not None and this.stored and before.stored and this.stored < before.stored - SKEW:
        found.append(
            f"{this.what} has been in the store since {shown(this.stored)}, but follows {before.what}, "
            f"which has been there since {shown(before.stored)}"
        )
    return tuple(found)


def seconds(time: str) -> float:
    """A time in RFC 3339 as seconds since the epoch; infinity for other text."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError, OSError):
        return math.inf


def shown(stored: float) -> str:
    """A store's time, in seconds, as RFC 3339 in UTC."""
    try:
        return datetime.fromtimestamp(stored, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{stored:.0f} s after 1970"


class StoreTimes:
    """The store's own times, and which of them can be trusted. Several threads may use it.

    Every method raises `StoreError` when the store fails, and `IntegrityError` when `transfers/` is damaged.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._chain = Chain(store, layout.TRANSFERS)
        self._since: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the store has times of its own."""
        return self._store.own_times

    def of(self, modified: float) -> float:
        """The store's time of an object, from a listing (`modified`); 0 if there is none, or it is a copy's.

        One or two requests, at the first call.
        """
        if not self.kept or not modified:
            return 0.0
        if self._since is None:
            newest = self._chain.head()
            self._since = newest.modified if newest is not None else 0.0
        return modified if modified > self._since else 0.0

    def check_writer(self, now: str, follows: Dated | None = None) -> None:
        """Refuse to write a revision with a wrong time; `follows` is the revision before it.

        One request if the store has a clock. If it has none, no request, and nothing is refused.

        Raises:
            StoreRefused: this machine's clock is wrong, or `follows` is dated in the future.
        """
        theirs = self._store.clock()
        if theirs is None:
            return
        if abs(seconds(now) - theirs) > SKEW:
            raise StoreRefused(
                f"the clock of this machine says {now}, that of the store {shown(theirs)}; "
                "nothing was written",
                hint="set the clock of this machine: what it writes would be dated wrongly for ever",
            )
        if follows is None or seconds(follows.time) <= theirs + SKEW:
            return
        if not follows.stored or self.of(follows.stored):
            raise StoreRefused(
                f"{follows.what} is dated {follows.time}, which is in the future, and what follows it "
                "would be, too; nothing was written",
                hint="find out who wrote it; `packreg transferred --reason WHY` accepts what is there",
            )

    def transferred(self, *, by: str, reason: str, now: Callable[[], str], attempt_id: str) -> Transfer:
        """Record that the store's times until now are those of a copy, so that they are no longer compared.

        Raises:
            UsageError: no reason was given.
            StoreRefused: this machine's clock is wrong.
            OutcomeUnknown: the revision may be there; the same call again is safe.
        """
        if not reason.strip():
            raise UsageError(
                "a transfer needs a reason", hint="say what was done: --reason 'restored from a backup'"
            )
        self.check_writer(now())
        value = json.dumps({**beginning(), "by": by, "at": now(), "reason": reason}).encode()
        revision = self._chain.append(lambda _: value, attempt_id=attempt_id)
        self._since = None
        return self._read(revision.value, revision.number)

    def _read(self, value: bytes, number: int) -> Transfer:
        found = Members.read(value, self._chain.key(number), MAX_REVISION)
        return Transfer(number, found.text("by"), found.text("at"), found.text("reason"))
