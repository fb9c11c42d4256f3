"""Reading JSON strictly, with the places of its values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.problems import Problems
from packreg.pack.strict_json import MAX_DEPTH, MAX_DIGITS, places, read_json


def _read(data: bytes, limit: int = 10_000) -> tuple[object, list[str]]:
    problems = Problems()
    value = read_json(data, "f", problems, limit=limit)
    return value, [f"{problem.code} {problem.where}" for problem in problems.errors]


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_numbers = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=15,
)


@given(_values, st.booleans(), st.sampled_from([None, 2]))
def test_reads_what_the_standard_library_writes(value: object, ascii_only: bool, indent: int | None) -> None:
    """Any JSON value is read as it was written, with and without a byte order mark."""
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert _read(data) == (value, [])
    assert _read(b"\xef\xbb\xbf" + data) == (value, [])


@given(_values, st.sampled_from([None, 1]))
def test_every_value_has_its_place(value: object, indent: int | None) -> None:
    """`places` has each member and item, and there the text of that value begins."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    found = places(text.encode())
    lines = text.split("\n")
    expected: dict[tuple[str | int, ...], object] = {}
    _collect((), value, expected)
    assert found.keys() == expected.keys()
    for path, inner in expected.items():
        line, column = (int(number) for number in found[path][1:].split(":"))
        if "\r" not in text:
            shown = json.dumps(inner, ensure_ascii=False, indent=indent).split("\n")[0]
            assert lines[line - 1][column - 1 :].startswith(shown)


def _collect(path: tuple[str | int, ...], value: object, into: dict[tuple[str | int, ...], object]) -> None:
    into[path] = value
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in members:
        _collect((*path, key), inner, into)


@given(_values)
def test_a_repeated_key_is_refused_wherever_it_is(value: object) -> None:
    """An object whose last member is written twice is refused at the second one, in any depth."""
    text = json.dumps(value, ensure_ascii=False)
    data = f'[{{"k": 1}}, {{"a": {text},\n"b": 2, "a": 3}}]'.encode()
    assert _read(data)[1] == ["duplicate-key f:2:9"]


def test_two_equal_objects_count_once() -> None:
    """The members of a repeated object are not reported again, those repeated inside it are its own."""
    assert _read(b'{"a": {"x": 1}, "a": {"x": 1}}')[1] == ["duplicate-key f:1:17"]
    assert len(_read(b"{" + b'"a": 1,' * 100 + b'"b": 1}')[1]) == 20


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded(opening: str, closing: str) -> None:
    """As deep as the limit is read, one deeper is refused; brackets in strings do not count."""
    inner = '"' + "[" * 200 + '"'
    assert _read((opening * MAX_DEPTH + inner + closing * MAX_DEPTH).encode())[1] == []
    refused = _read((opening * (MAX_DEPTH + 1) + inner + closing * (MAX_DEPTH + 1)).encode())[1]
    assert refused == [f"too-deep f:1:{len(opening) * MAX_DEPTH + 1}"]


@pytest.mark.parametrize(
    ("number", "accepted"),
    [
        ("9" * MAX_DIGITS, True), ("9" * (MAX_DIGITS + 1), False), ("9" * 9_000, False), ("1e308", True),
        ("1e309", False), ("-1e309", False), ("0." + "1" * 500, False), ("NaN", False), ("-Infinity", False),
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_kept_are_refused(number: str, accepted: bool) -> None:
    """Numbers beyond what can be written back, and those that are none, are refused at their place."""
    data = f'{{"NaN": "Infinity 1e999",\n "n": {number}}}'.encode()
    assert _read(data, limit=20_000)[1] == ([] if accepted else ["json-number f:2:7"])


def test_half_a_surrogate_pair_is_refused_and_a_pair_is_not() -> None:
    """An escape that is no character is refused in keys and values; two that make one are read."""
    assert _read(rb'{"a": "\ud83d\ude00"}') == ({"a": "\U0001f600"}, [])
    assert _read(rb'{"a": "\ud83d"}')[1] == ["odd-character f:1:7"]
    assert _read(rb'{"\ude00": 1}')[1] == ["odd-character f:1:2"]
    assert _read(rb'{"a": "\\ud83d"}') == ({"a": r"\ud83d"}, [])


def test_size_is_bounded_before_anything_is_read() -> None:
    """A file over the size limit is refused for its size, whatever is in it."""
    assert _read(b"\xff" * 101, limit=100)[1] == ["too-large f"]


def test_null_is_a_value_without_a_problem() -> None:
    """A text that is null gives None and nothing to complain about."""
    assert _read(b" null ") == (None, [])


_pieces = st.sampled_from(
    [
        *'{}[],:"\\ \n\t0-.e',
        "null",
        "true",
        "NaN",
        '"a"',
        '"a":',
        "//",
        "/*",
        "\\u",
        "\\ud800",
        "1e999",
        "é",
        "\ufeff",
    ]
)


@given(st.lists(_pieces, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_gives_a_problem_with_a_place(text: str) -> None:
    """No text makes the reader fail otherwise than by a problem, and what it reads Python reads the same."""
    data = text.encode("utf-8", "surrogatepass")
    value, errors = _read(data)
    if errors:
        assert value is None
        assert all(error.count(":") == 2 for error in errors)
    else:
        assert value == json.loads(data.decode("utf-8-sig"))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_give_a_problem(data: bytes) -> None:
    """No bytes make the reader fail otherwise than by a problem."""
    value, errors = _read(data)
    assert value is None or not errors
