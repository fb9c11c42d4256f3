"""Size, encoding, characters and places of a text file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.problems import Problems
from packreg.pack.text import Positions, check_characters, decode, position, short


def _decode(data: bytes) -> tuple[str | None, list[str]]:
    problems = Problems()
    text = decode(data, "f", problems, limit=100)
    return text, [f"{problem.code} {problem.where}" for problem in problems.errors]


def test_one_byte_order_mark_is_dropped() -> None:
    """The first mark is no part of the text, a second one is."""
    mark = "\ufeff".encode()
    assert _decode(mark + b"a") == ("a", [])
    assert _decode(mark + mark + b"a") == ("\ufeffa", [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a" * 101, "too-large f"),
        (b"a\nb\xff", "not-utf8 f:2:2"),
        ("é\r\nü".encode() + b"\xed\xa0\x80", "not-utf8 f:2:2"),
        ("abc".encode("utf-16"), "not-utf8 f:1:1"),
        ("abc".encode("utf-32-be"), "not-utf8 f:1:1"),
        ("漢字".encode("utf-16"), "not-utf8 f:1:1"),
    ],
)
def test_what_is_no_short_utf8_text_is_refused_at_its_place(data: bytes, said: str) -> None:
    """Over the limit, another encoding, a broken character: one problem, and no text."""
    assert _decode(data) == (None, [said])


@given(st.text(max_size=50) | st.text(st.sampled_from("ab\0\x1b\x85\u2028\ufeff\n"), max_size=4))
def test_characters_that_readers_disagree_on_are_told(text: str) -> None:
    """Printable ASCII, tabs and line breaks pass; control characters and odd line breaks never do."""
    problems = Problems()
    passed = check_characters(text, "f", problems)
    assert passed == (not problems.errors)
    if all(" " <= character <= "~" or character in "\t\r\n" for character in text):
        assert passed
    if any(character in "\0\x1b\x7f\x85\u2028\u2029\ufeff" for character in text):
        assert not passed


@given(st.text(st.sampled_from("ab\r\né"), max_size=30), st.integers(0, 30))
def test_places_are_where_python_splits_lines(text: str, offset: int) -> None:
    """The line is the number of line breaks before the offset plus one, the column counts from its start."""
    offset = min(offset, len(text))
    if text[offset - 1 : offset + 1] == "\r\n":
        offset -= 1  # not between the two halves of a line break
    lines = (text[:offset] + "x").splitlines()
    assert position(text, offset) == Positions(text).at(offset) == f"{len(lines)}:{len(lines[-1])}"


@given(st.text())
def test_a_quoted_text_is_short_and_printable(text: str) -> None:
    """Whatever comes in can be printed on any terminal, on one line."""
    shown = short(text)
    assert shown.isprintable()
    assert len(shown) <= 450
