"""Who is told what happens."""

from __future__ import annotations

from packreg.services.notify import Notify, Work


def test_nobody_has_to_listen() -> None:
    """What tells nobody takes every line, and work goes on as if it were shown."""
    notify = Notify()
    notify.say("a")
    notify.detail("b")
    notify.warn("c", "d")
    with notify.working(2, "doing") as work:
        work.show("a step")
        work.done()


def test_work_is_told_where_it_is_shown() -> None:
    """Each step and each end arrives once, in order."""
    told: list[str] = []
    work = Work(told.append, lambda: told.append("done"))
    work.show("one")
    work.done()
    assert told == ["one", "done"]
