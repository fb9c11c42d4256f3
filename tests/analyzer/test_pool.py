"""Warm processes: who gets one again, how long they stay, and that none is left."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator

import pytest

from packreg.analyzer.analyzer import Analyzer
from packreg.analyzer.evaluation import evaluate
from packreg.analyzer.pool import Pool
from packreg.analyzer.process import Process
from packreg.analyzer.program import Program, Stack
from packreg.errors import PackFailed
from tests.analyzer.packs import Sdks, buckets, program, runnable


@pytest.fixture
def pool() -> Iterator[Pool]:
    """A pool that keeps two idle processes."""
    with Pool(keep=2) as pool:
        yield pool


@pytest.fixture
def guard(sdks: Sdks) -> Program:
    """A pack that may be kept."""
    return program(sdks.packs["python-guard"], digest="sha256:1")


def test_an_equal_program_gets_the_warm_process(pool: Pool, guard: Program) -> None:
    """What was given back is taken again, by an equal program and by no other."""
    first = pool.take(guard)
    pool.give_back(first, reusable=True)
    assert pool.idle == 1
    assert pool.take(dataclasses.replace(guard)) is first
    pool.give_back(first, reusable=True)
    for change in (
        {"digest": "sha256:2"},
        {"environment": (*guard.environment, ("A", "b"))},
        {"memory": 1 << 30},
    ):
        other = pool.take(dataclasses.replace(guard, **change))
        assert other is not first
        pool.give_back(other, reusable=False)
    assert pool.idle == 1


def test_another_stack_is_another_process(sdks: Sdks) -> None:
    """A pack may read its stack while it is loaded, so a process belongs to one stack."""
    dev = program(sdks.packs["python-guard"], digest="d", stack=Stack("dev", "shop", "acme"))
    prod = program(sdks.packs["python-guard"], digest="d", stack=Stack("prod", "shop", "acme"))
    same = program(
        sdks.packs["python-guard"], digest="d", stack=Stack("dev", "shop", "acme", tags={"a": "b"})
    )
    assert dev != prod
    assert dev == same  # tags are told to the running process each time


def test_what_was_started_ahead_is_taken_once(guard: Program) -> None:
    """By an equal program, and by no other; what nobody takes is stopped with the pool."""
    missing = dataclasses.replace(guard, directory=guard.directory / "nowhere")
    with Pool(keep=0) as pool:
        pool.start_ahead([guard, guard, missing])
        ahead = list(pool._ahead)
        assert [process.program for process in ahead] == [guard, guard]
        other = pool.take(dataclasses.replace(guard, digest="sha256:2"))
        assert other.process not in ahead
        first = pool.take(guard)
        assert first.process is ahead[0] and first.info().name == "python-guard"
        pool.give_back(first, reusable=False)
        assert not ahead[0].alive and ahead[1].alive
        with pytest.raises(PackFailed, match="could not be started"):
            pool.take(missing)
    assert not ahead[1].alive


def test_nobody_shares_a_process(pool: Pool, guard: Program) -> None:
    """Two users at once get two processes."""
    first, second = pool.take(guard), pool.take(guard)
    assert first is not second and first.process.pid != second.process.pid
    pool.give_back(first, reusable=True)
    pool.give_back(second, reusable=True)
    assert pool.idle == 2


def test_no_more_are_kept_than_allowed(guard: Program) -> None:
    """The longest idle process goes when there is no room."""
    with Pool(keep=1) as pool:
        first, second = pool.take(guard), pool.take(guard)
        pool.give_back(first, reusable=True)
        pool.give_back(second, reusable=True)
        assert pool.idle == 1
        assert not first.process.alive and second.process.alive


@pytest.mark.parametrize("reason", ["broken", "without a digest", "ended"])
def test_what_cannot_be_trusted_is_not_kept(pool: Pool, guard: Program, reason: str) -> None:
    """A broken process, one that ended, and one of a directory under work are never given out again."""
    taken = pool.take(dataclasses.replace(guard, digest="") if reason == "without a digest" else guard)
    if reason == "ended":
        taken.process.close(grace=0)
    pool.give_back(taken, reusable=reason != "broken")
    assert pool.idle == 0
    assert not taken.process.alive


def test_a_warm_process_that_died_is_replaced(pool: Pool, guard: Program) -> None:
    """One that ended while it waited is noticed, and a new one is started."""
    first = pool.take(guard)
    pool.give_back(first, reusable=True)
    first.process.close(grace=0)
    second = pool.take(guard)
    assert second is not first and second.process.alive
    pool.give_back(second, reusable=True)


def test_idle_processes_are_stopped_after_a_while(guard: Program) -> None:
    """Nobody needs to ask: an idle process ends by itself."""
    with Pool(keep=2, idle=0.05) as pool:
        taken = pool.take(guard)
        pool.give_back(taken, reusable=True)
        until = time.monotonic() + 30
        while taken.process.alive and time.monotonic() < until:
            time.sleep(0.02)
        assert not taken.process.alive
        assert pool.idle == 0


def test_closing_stops_idle_used_and_starting_ones(guard: Program) -> None:
    """After `close` nothing runs, and nothing can be taken."""
    pool = Pool(keep=2)
    used, idle = pool.take(guard), pool.take(guard)
    pool.give_back(idle, reusable=True)
    failures: list[PackFailed] = []
    starting: list[Process] = []
    begun = threading.Event()

    def note(process: Process) -> None:
        starting.append(process)
        begun.set()

    def take() -> None:
        try:
            pool.take(dataclasses.replace(guard, digest="sha256:2"), note)
        except PackFailed as failed:
            failures.append(failed)

    thread = threading.Thread(target=take)
    thread.start()
    assert begun.wait(30)
    pool.close()
    thread.join(60)
    running: list[Analyzer | Process] = [used, idle, *starting]
    processes = [each.process if isinstance(each, Analyzer) else each for each in running]
    assert not any(process.alive for process in processes)
    assert len(failures) == 1
    with pytest.raises(PackFailed, match="packreg is stopping"):
        pool.take(guard)


def test_a_second_evaluation_starts_nothing(sdks: Sdks) -> None:
    """A service's second evaluation uses the process of the first, and finds the same."""
    packs = [runnable(sdks.packs["python-guard"], digest="d")]
    with Pool(keep=1) as pool:
        first = evaluate(buckets("a"), packs, pool=pool)
        [(_, warm)] = pool._idle
        second = evaluate(buckets("a"), packs, pool=pool)
        [(_, again)] = pool._idle
        assert warm is again
    assert first == second
