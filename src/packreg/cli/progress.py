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


@contextmanager
def working(out: Output) -> Iterator[Callable[[str], None]]:
    """Show what is being done right now; call what it gives with a few words each time that changes.

    Where there is no terminal to redraw, the words go to stderr with `-v` and nowhere without.
    """
    if not out.shows_progress:
        yield out.detail
        return
    from rich.console import Console
    from rich.text import Text

    from packreg.cli.output import printable

    console = Console(stderr=True)
    with console.status(Text("…")) as status:
        yield lambda text: status.update(Text(printable(text)))
