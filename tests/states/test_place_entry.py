"""A read without an answer is tried again; any other end is an end."""

from __future__ import annotations

import pytest

from packreg.errors import NotFound, StoreUnavailable
from packreg.states import place_entry
from packreg.states.place_entry import read_again


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not pause."""
    monkeypatch.setattr(place_entry, "_PAUSES", (0.0, 0.0))


def test_a_read_is_tried_again_and_given_up_in_the_end() -> None:
    """As often as there are pauses; what it then raises is raised."""
    ends: list[object] = [StoreUnavailable("no answer"), StoreUnavailable("no answer"), b"read"]

    def read() -> object:
        end = ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    assert read_again(read) == b"read"
    ends += [StoreUnavailable("no answer")] * 3
    with pytest.raises(StoreUnavailable):
        read_again(read)
    ends[:] = [NotFound("not there"), b"read"]
    with pytest.raises(NotFound):
        read_again(read)
