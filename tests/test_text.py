"""Foreign text made harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.text import plain


@given(st.text() | st.lists(st.sampled_from(["::", "##", "[", " ", "\x1b", "\n", "a"])).map("".join))
def test_plain_text_is_one_harmless_line(text: str) -> None:
    """No text gives a control character, a line break or a workflow command."""
    shown = plain(text)
    assert shown.isprintable()
    assert "##[" not in shown
    assert not shown.lstrip().startswith("::")


def test_what_is_printable_stays_as_it_is() -> None:
    """Letters of all scripts, and colons inside a line, are not touched."""
    assert plain("Größe 大きさ a::b #[1]") == "Größe 大きさ a::b #[1]"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\nb", r"a\nb"),
        ("\u202eabc", r"\u202eabc"),
        ("é漢", "é漢"),
        ("\ud800", r"\ud800"),
    ],
)
def test_escapes(text: str, shown: str) -> None:
    """Escape sequences, line breaks and bidirectional overrides are spelled out; letters are not."""
    assert plain(text) == shown
