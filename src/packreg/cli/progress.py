"""Progress on a terminal, and nothing at all anywhere else, so that logs stay clean."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packreg.cli.output import Output


@contextmanager
def counting(out: Output, doing: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show how many things are done, of `total` if that is known; call what it gives once for each thing."""
    if not out.shows_progress:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        *((BarColumn(),) if total else ()),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda: bar.advance(task)


class Work:
    """Work that is being shown: `show` a few words each time the step changes, `done` once for each thing."""

    def __init__(self, show: Callable[[str], None], done: Callable[[], None] = lambda: None) -> None:
        self.show = show
        self.done = done


@contextmanager
def working(out: Output, total: int = 1) -> Iterator[Work]:
    """Show what is being done right now, and how many of `total` things are done.

    Where there is no terminal to redraw, the steps go to stderr with `-v` and nowhere without.
    """
    if not out.shows_progress:
        yield Work(out.detail)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    from packreg.text import plain

    several = (BarColumn(), MofNCompleteColumn()) if total > 1 else ()
    columns = (SpinnerColumn(), *several, TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield Work(lambda step: bar.update(task, description=plain(step)[:200]), lambda: bar.advance(task))
