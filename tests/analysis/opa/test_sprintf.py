"""`sprintf` as Go writes it; the comparison with OPA has the same formats through Rego."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analysis.opa.sprintf import format_plain, go_sprintf


@pytest.mark.parametrize(
    ("format", "arguments", "text"),
    [
        ("%s is %d", [("string", "a"), ("number", "3")], "a is 3"),
        ("%d", [("string", "many")], "%!d(string=many)"),
        ("%s", [("number", "5")], "%!s(int64=5)"),
        ("%d", [("number", "1.5")], "%!d(float64=1.5)"),
        ("%s %s", [("string", "a")], "a %!s(MISSING)"),
        ("none", [("string", "a"), ("number", "1")], "none%!(EXTRA string=a, int64=1)"),
        ("%", [], "%!(NOVERB)"),
        ("100%%", [], "100%"),
        ("%5d|%-5d|%05d|%+d", [("number", "42")] * 4, "   42|42   |00042|+42"),
        ("%05d", [("number", "-42")], "-0042"),
        (
            "%.2f|%8.3f|%e",
            [("number", "1.005"), ("number", "2.5"), ("number", "12345.678")],
            "1.00|   2.500|1.234568e+04",
        ),
        ("%v %v", [("number", "1e-7"), ("number", "0.1")], "1e-07 0.1"),
        ("%x %X %o %b", [("number", "255")] * 4, "ff FF 377 11111111"),
        ("%q %x", [("string", 'a"b'), ("string", "hi")], '"a\\"b" 6869'),
        ("%.2s|%5s|%-5s|", [("string", "abc"), ("string", "é"), ("string", "x")], "ab|    é|x    |"),
        ("%v", [("set", "{}")], "set()"),
        ("%T %T %T", [("number", "1"), ("number", "1.5"), ("boolean", "true")], "int64 float64 string"),
        ("%y", [("number", "1")], "%!y(int64=1)"),
    ],
)
def test_formats(format: str, arguments: list[tuple[str, str]], text: str) -> None:
    """Verbs, flags, widths, precisions and everything that does not fit come out as in Go."""
    assert go_sprintf(format, arguments) == text


@given(
    st.text(max_size=30),
    st.lists(
        st.text(max_size=5) | st.integers() | st.floats(allow_nan=False, allow_infinity=False), max_size=3
    ),
)
def test_any_format_gives_a_text(format: str, arguments: list[object]) -> None:
    """No format and no arguments raise an error: a message that cannot be written would hide a violation."""
    assert isinstance(format_plain(format, arguments), str)


@pytest.mark.parametrize("arguments", [[[1]], [{"a": 1}], [{1}], "text", None])
def test_what_has_lost_its_rego_form_is_refused(arguments: object) -> None:
    """Lists, objects and sets are left to the slower way, which knows how Rego writes them."""
    with pytest.raises(TypeError):
        format_plain("%v", arguments)
