"""Joining and splitting the messages of one call."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.protocol.many import join, split


@given(st.lists(st.binary(max_size=300) | st.text(max_size=40)))
def test_splitting_gives_what_was_joined(entries: list[bytes | str]) -> None:
    """Bytes, texts and their order come back, whatever is in them."""
    assert list(split(join(entries))) == entries


@given(st.binary(max_size=40))
def test_any_bytes_are_split_or_refused(data: bytes) -> None:
    """Nothing but a list or a ValueError comes of bytes from outside."""
    try:
        entries = list(split(data))
    except ValueError:
        return
    assert all(isinstance(entry, bytes | str) for entry in entries)


@pytest.mark.parametrize("data", [b"\x0a", b"\x0a\x05abc", b"\x1a\x00", b"\x0a\xff"])
def test_damaged_messages_are_refused(data: bytes) -> None:
    """Cut short, or of another kind."""
    with pytest.raises(ValueError, match="the message"):
        list(split(data))
