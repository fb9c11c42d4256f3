"""What every kind of place (see `places`) says of its files, and how it reads where there is no answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from packreg.errors import StoreUnavailable

#: The table of a PostgreSQL backend whose URL names none.
POSTGRES_TABLE = "pulumi_state"
#: Seconds before a read that had no answer is tried again.
_PAUSES = (0.2, 1.0, 3.0)
T = TypeVar("T")


class PlaceEntry(NamedTuple):
    """A file in a place: its name, and when it was last written (seconds since the epoch)."""

    name: str
    modified: float


def read_again(read: Callable[[], T]) -> T:
    """Read, and again after pauses as long as there is no answer. Raises what `read` raises."""
    for pause in _PAUSES:
        try:
            return read()
        except StoreUnavailable:
            time.sleep(pause)
    return read()
