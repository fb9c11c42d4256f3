"""Times that contradict each other, and clocks that are refused."""

from __future__ import annotations

import pytest

from packreg.environments.stored import Environments
from packreg.errors import StoreRefused, UsageError
from packreg.registry.clocks import SKEW, Dated, StoreTimes, doubts, seconds
from packreg.store.memory import MemoryBucket
from packreg.store.store import Store

from .packs import registry

NOON = "2026-06-01T12:00:00.000000Z"
AT_NOON = seconds(NOON)


def later(by: float, what: str = "this") -> Dated:
    """Something that says noon, and that the store has from so many seconds later."""
    return Dated(what, NOON, AT_NOON + by)


@pytest.mark.parametrize("by", [0, SKEW, -SKEW])
def test_five_minutes_are_no_contradiction(by: float) -> None:
    """Clocks differ, networks are slow, and the store rounds to seconds."""
    assert doubts(later(by)) == ()


@pytest.mark.parametrize("by", [SKEW + 1, -SKEW - 1, 86_400 * 365, -AT_NOON + 1])
def test_what_the_store_contradicts_is_doubted(by: float) -> None:
    """Back-dated, dated ahead, whichever the store says otherwise."""
    [doubt] = doubts(later(by))
    assert "this says 2026-06-01T12:00:00.000000Z, but the store received it at" in doubt


def test_without_a_time_of_the_store_nothing_is_compared_with_it() -> None:
    """A directory has none."""
    assert doubts(Dated("this", NOON)) == ()


def test_what_is_still_to_come_is_doubted() -> None:
    """By the clock of whoever reads, where that is asked."""
    [doubt] = doubts(Dated("this", NOON), now="2026-06-01T11:54:59.000000Z")
    assert "in the future" in doubt
    assert doubts(Dated("this", NOON), now="2026-06-01T11:55:00.000000Z") == ()


def test_what_is_older_than_what_it_follows_is_doubted() -> None:
    """By its own time, or by the store's; not where the fault is plainly the other one's."""
    before = Dated("that", "2026-06-01T12:05:01.000000Z")
    [doubt] = doubts(Dated("this", NOON), before)
    assert "follows that of 2026-06-01T12:05:01" in doubt
    [doubt] = doubts(later(0), later(SKEW + 1, "that"))
    assert "follows that, which has been there since" in doubt
    assert doubts(later(0), before) == (), "the store bears this one out"
    assert doubts(Dated("this", NOON), before, now=NOON) == (), "the other one is still to come"


def test_what_is_no_time_is_later_than_all() -> None:
    """So it is doubted wherever times are compared, and nothing breaks."""
    assert len(doubts(Dated("this", "yesterday", AT_NOON), now=NOON)) == 2
    assert seconds("2290-01-01T00:00:00.000000Z") > AT_NOON


def store(now: float = AT_NOON) -> tuple[Store, list[float]]:
    """A store with a clock that stands where it is put."""
    clock = [now]
    return Store(MemoryBucket(now=lambda: clock[0])), clock


@pytest.mark.parametrize("by", [SKEW + 1, -SKEW - 1])
def test_a_wrong_clock_writes_nothing(by: float) -> None:
    """More than five minutes from the store's, in either direction."""
    there, clock = store()
    clock[0] += by
    with pytest.raises(StoreRefused, match="the clock of this machine says"):
        StoreTimes(there).check_writer(NOON)
    clock[0] = AT_NOON
    StoreTimes(there).check_writer(NOON)


def test_where_the_store_has_no_clock_nothing_is_refused() -> None:
    """And it is not even asked."""
    there = Store(MemoryBucket())
    StoreTimes(there).check_writer("2001-01-01T00:00:00.000000Z", Dated("that", NOON))
    assert there.requests == 0


def test_nothing_follows_what_is_still_to_come() -> None:
    """A revision behind one that is dated ahead would be, too: until a keeper accepts what is there."""
    there, clock = store()
    times = StoreTimes(there)
    ahead = Dated("revision 3", "2027-06-01T12:00:00.000000Z", AT_NOON)
    with pytest.raises(StoreRefused, match="revision 3 is dated 2027"):
        times.check_writer(NOON, ahead)
    clock[0] += 1
    made = times.transferred(by="ada", reason="a wrong clock", now=lambda: NOON, attempt_id="a-1")
    assert made == (1, "ada", NOON, "a wrong clock")
    with pytest.raises(UsageError, match="needs a reason"):
        times.transferred(by="ada", reason=" ", now=lambda: NOON, attempt_id="a-2")
    times.check_writer(NOON, ahead)


def test_after_a_transfer_older_times_are_not_compared() -> None:
    """What the store dated before it has the time of the copy; what it dates later counts again."""
    there, clock = store()
    times = StoreTimes(there)
    assert times.of(AT_NOON - 5) == AT_NOON - 5
    clock[0] = AT_NOON
    times.transferred(by="ada", reason="restored", now=lambda: NOON, attempt_id="a-1")
    assert (times.of(AT_NOON - 5), times.of(AT_NOON), times.of(AT_NOON + 1)) == (0, 0, AT_NOON + 1)
    with pytest.raises(UsageError, match="needs a reason"):
        times.transferred(by="ada", reason=" ", now=lambda: NOON, attempt_id="a-2")


def test_environments_are_not_written_with_a_wrong_clock() -> None:
    """Neither a definition, nor a tag, nor a removal."""
    clock, now = [AT_NOON], [NOON]
    home = registry(MemoryBucket(now=lambda: clock[0]))
    home.init()
    ids = iter(f"id-{number}" for number in range(100))
    environments = Environments(home, now=lambda: now[0], new_id=lambda: next(ids))
    first = environments.set("prod", b"{}", "ada", None)
    now[0] = "2026-06-01T12:10:00.000000Z"
    for write in (
        lambda: environments.set("prod", b"{a: 1}", "ada", first),
        lambda: environments.tag("prod", "stable", 1, "ada"),
        lambda: environments.remove("prod", "why", "ada"),
    ):
        with pytest.raises(StoreRefused, match="the clock of this machine"):
            write()
    now[0] = NOON
    assert environments.set("prod", b"{a: 1}", "ada", first).number == 2
