"""Who is told what happens while a use case works."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Work:
    """Work that is being shown: `show` a few words each time the step changes, `done` once for each thing."""

    def __init__(
        self, show: Callable[[str], None] = lambda step: None, done: Callable[[], None] = lambda: None
    ) -> None:
        self.show = show
        self.done = done


class Notify:
    """Who is told what happens while a use case works. This one tells nobody; a face shows it."""

    def say(self, text: str) -> None:
        """A line about what happened."""

    def detail(self, text: str, **fields: object) -> None:
        """A line that few want to read; `fields` are what it says, by name, for a log that machines read."""

    def warn(self, text: str, hint: str = "") -> None:
        """A line about what may surprise, and how to mend it."""

    @contextmanager
    def working(self, total: int | None = 1, doing: str = "") -> Iterator[Work]:
        """Work on `total` things begins, None if that is not known; `doing` says what is done to them."""
        yield Work()
