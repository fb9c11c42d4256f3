"""Work in threads that keep no process alive: one thing in the background, or several at once."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

A = TypeVar("A")
B = TypeVar("B")


def in_background(work: Callable[[], A]) -> Future[A]:
    """Do something in a thread that keeps no process alive, whatever it waits for."""
    from concurrent.futures import Future  # a no-op install starts no thread, and this loads logging

    future: Future[A] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001  it is raised where somebody waits for the result
            future.set_exception(error)
        else:
            future.set_result(result)

    Thread(target=run, daemon=True).start()
    return future


def at_once(most: int, work: Callable[[A], B], things: Sequence[A]) -> list[B]:
    """Do `work` on all things in at most `most` threads; results in order.

    A failure is raised when what is under way has come to its end; nothing more is begun.
    """
    if len(things) < 2:
        return [work(thing) for thing in things]
    from concurrent.futures import wait

    turns = iter(range(len(things)))
    results: dict[int, B] = {}
    failed: list[bool] = []

    def work_on() -> None:
        for turn in turns:
            if failed:
                return
            try:
                results[turn] = work(things[turn])
            except BaseException:
                failed.append(True)
                raise

    workers = [in_background(work_on) for _ in range(min(most, len(things)))]
    try:
        for worker in workers:
            worker.result()
    except BaseException:
        failed.append(True)
        wait(workers)
        raise
    return [results[turn] for turn in range(len(things))]
