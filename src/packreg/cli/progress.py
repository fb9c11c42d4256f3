"""Progress on a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from packreg.services.notify import Work
from packreg.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def drawn(total: int | None, doing: str) -> Iterator[Work]:
    """A progress line that is redrawn: the present step, and how many of `total` steps are done."""
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
        *((BarColumn(), MofNCompleteColumn()) if total != 1 else ()),
        TextColumn("{task.description}", markup=False),
        *((TimeElapsedColumn(),) if total != 1 else ()),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield Work(lambda step: bar.update(task, description=plain(step)[:200]), lambda: bar.advance(task))
