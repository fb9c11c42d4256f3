"""References in texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.environments.interpolation import Part, parse_path, parse_text, written

KEYS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\\"), min_size=1)
PATHS = st.tuples(KEYS, st.lists(KEYS | st.integers(0, 999))).map(lambda pair: (pair[0], *pair[1]))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [("", None)]),
        ("plain", [("plain", None)]),
        ("${a}", [("", ("a",))]),
        ("x ${a.b} y ${c[0]}", [("x ", ("a", "b")), (" y ", ("c", 0))]),
        ("${a}!", [("", ("a",)), ("!", None)]),
        ('${a["b.c"][12].d}', [("", ("a", "b.c", 12, "d"))]),
        ('${["root key"]}', [("", ("root key",))]),
        (r'${a["\"b"]}', [("", ("a", '"b'))]),
        ("$$ $${a} $a $", [("$ ${a} $a $", None)]),
        ("$$${a}", [("$", ("a",))]),
        ("${a-b_c:d/é}", [("", ("a-b_c:d/é",))]),
    ],
)
def test_texts_are_taken_apart(text: str, parts: list[tuple[str, object]]) -> None:
    """ESC's grammar: dots and brackets, keys in quotes, `$$` for a dollar."""
    assert [tuple(part) for part in parse_text(text)] == parts


@pytest.mark.parametrize(
    "text",
    [
        *("${", "${}", "${a", "${a b}", "${a..b}", "${.}", "${[0]}", "${a[}", "${a[x]}", '${a["x]}'),
        *("${a[-1]}", "${a[]}", '${a[""]}', "${ a}", "${a[12345678901]}", "${a]}x${"),
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    """The reason never quotes the text, which may be a secret."""
    with pytest.raises(ValueError, match=r"reference|brackets") as raised:
        parse_text(text)
    assert text not in str(raised.value)


@settings(deadline=None)
@given(PATHS)
def test_a_path_that_is_written_is_read_again(path: tuple[str | int, ...]) -> None:
    """What messages and commands call a value is what a definition may call it."""
    text = written(path)
    if text.isprintable() and "\\" not in text.replace('\\"', ""):  # JSON's other escapes are none there
        assert parse_path(text) == path


@settings(deadline=None)
@given(st.text())
def test_any_text_is_taken_apart_or_refused(text: str) -> None:
    """Nothing but a ValueError comes of the strangest text."""
    try:
        parts = parse_text(text)
    except ValueError:
        return
    assert all(isinstance(part, Part) for part in parts)
    if "$" not in text:
        assert parts == (Part(text, None),)
