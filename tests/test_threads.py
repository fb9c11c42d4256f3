"""Work in threads."""

from __future__ import annotations

import threading

import pytest

from packreg.threads import at_once, in_background


@pytest.mark.parametrize("count", [0, 1, 2, 17])
def test_results_are_in_order(count: int) -> None:
    """Whoever is done first, each result stands where its thing stood."""
    assert at_once(4, lambda number: number * 2, range(count)) == [number * 2 for number in range(count)]


def test_no_more_threads_work_than_are_allowed() -> None:
    """Two at a time are two: they meet, and a third is never beside them."""
    meet, lock = threading.Barrier(2), threading.Lock()
    now = most = 0

    def work(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        meet.wait(60)
        with lock:
            now -= 1
        meet.wait(60)

    at_once(2, work, range(6))
    assert most == 2


def test_a_failure_is_raised_when_what_is_under_way_is_done() -> None:
    """Nothing is left running behind the caller's back, and nothing more is begun."""
    failing, ended, begun = threading.Event(), threading.Event(), []

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            failing.set()
            raise ValueError("no")
        failing.wait(60)
        ended.set()

    with pytest.raises(ValueError, match="no"):
        at_once(2, work, range(50))
    assert ended.is_set() or begun == [0]
    assert len(begun) < 50


def test_what_fails_in_the_background_is_raised_where_it_is_waited_for() -> None:
    """The thread keeps no process alive; its result, or its failure, waits for whoever asks."""
    assert in_background(lambda: threading.current_thread().daemon).result(60) is True

    def fail() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_background(fail).result(60)
