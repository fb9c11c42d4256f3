"""Works on several releases at the same time, with a result for each; a failure does not stop the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from packreg.errors import PackregError
from packreg.threads import at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packreg.pack.reference import Reference

A = TypeVar("A")

#: How many packs are worked on at once: downloads overlap; uv and npm use all processors on their own.
AT_ONCE = 4


class NotInstalled(NamedTuple):
    """A release that could not be installed, and why."""

    reference: Reference
    error: PackregError


def each(
    work: Callable[[Reference], A],
    references: Iterable[Reference],
    *,
    done: Callable[[], None] = lambda: None,
) -> list[A | NotInstalled]:
    """Call `work` for each release; the results or failures are in the order of `references`.

    `done` is called when each one ends. Only a `PackregError` counts as a failure; others are raised.
    """

    def attempt(reference: Reference) -> A | NotInstalled:
        try:
            return work(reference)
        except PackregError as error:
            return NotInstalled(reference, error)
        finally:
            done()

    return at_once(AT_ONCE, attempt, list(references))
