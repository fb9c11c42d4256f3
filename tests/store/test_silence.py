"""How long a store has been silent: only time without an answer counts."""

from __future__ import annotations

import pytest

from packreg.errors import NotFound, StoreUnavailable
from packreg.store.memory import MemoryBucket
from packreg.store.silence import Silence
from packreg.store.store import Store
from tests.cli.conftest import User, user  # noqa: F401  the fixture


class Clock:
    """A time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The present time."""
        return self.now


def test_only_time_without_an_answer_counts() -> None:
    """What took long and was answered does not; attempts that came to nothing and pauses between them do."""
    clock = Clock()
    silence = Silence(clock)
    clock.now += 1000
    assert silence.seconds == 0, "nobody waits"
    with silence.waiting():
        clock.now += 20
        assert silence.seconds == 20
    assert silence.seconds == 0, "the answer came"
    with pytest.raises(StoreUnavailable), silence.waiting():
        clock.now += 7
        silence.failed()
        clock.now += 2
        silence.failed()
        raise StoreUnavailable("no answer")
    clock.now += 1000
    assert silence.seconds == 9
    with silence.waiting(), silence.waiting():
        clock.now += 3
        assert silence.seconds == 12, "two who wait at the same time count once"
    with pytest.raises(NotFound), silence.waiting():
        clock.now += 4
        raise NotFound("an answer, too")
    assert silence.seconds == 9
    silence.restart()
    assert silence.seconds == 0


class Unwell(MemoryBucket):
    """A bucket whose every second answer comes, each after ten seconds."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock, self.asked = clock, 0

    def get(self, key: str, *, limit: int) -> bytes:
        """The object, or nothing."""
        self.asked += 1
        self.clock.now += 10
        if self.asked % 2:
            raise StoreUnavailable("no answer")
        return super().get(key, limit=limit)


def test_a_store_adds_up_what_came_to_nothing() -> None:
    """Each read of such a store costs ten seconds of silence and ten that do not count."""
    clock = Clock()
    bucket = Unwell(clock)
    bucket.put_new("a", b"x")
    store = Store(bucket, sleep=lambda seconds: None, monotonic=clock)
    for reads in (1, 2, 3):
        assert store.get("a") == b"x"
        assert store.silence.seconds == reads * 10
