"""Several releases at the same time, none of whose failures hides another's end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from packreg.errors import PackregError
from packreg.threads import at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packreg.pack.reference import Reference

A = TypeVar("A")

#: Packs that are made at once: downloads overlap, and uv and npm use all processors on their own.
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
    """Do `work` for each release, and give what it gives or why it failed, in order.

    `done` is called at the end of each.
    """

    def attempt(reference: Reference) -> A | NotInstalled:
        try:
            return work(reference)
        except PackregError as error:
            return NotInstalled(reference, error)
        finally:
            done()

    return at_once(AT_ONCE, attempt, list(references))
