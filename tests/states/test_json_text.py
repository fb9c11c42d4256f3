"""Walking over a JSON text piece by piece."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import InvalidState
from packreg.states import json_text
from packreg.states.json_text import JsonText, strict

json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


def walked(text: JsonText) -> Any:
    """Rebuild a value from its pieces, as deep as there are any."""
    start = text.peek()
    if start == "{":
        return {name: walked(text) for name in text.members()}
    if start == "[":
        return [walked(text) for _ in text.elements()]
    return text.value()


@pytest.fixture(params=[1, 2, 3, 7, 64, json_text.WINDOW])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Windows that cut the text in every possible place."""
    monkeypatch.setattr(json_text, "WINDOW", request.param)
    size: int = request.param
    return size


TEXTS = [
    b"0",
    b"-12.5e3",
    b" [1, 22, 333 ] ",
    b'{"a": [], "b": {}, "\xc3\xa9\xe2\x98\x83": "\xf0\x9f\x92\xa9", "e": "\\ud83d\\udca9\\u0041\\"\\\\"}',
    b'[true, false, null, "", "x", 1e5, {"a": {"b": [[["deep"]]]}}]',
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("data", TEXTS)
def test_pieces_make_the_whole_wherever_the_windows_end(data: bytes, window: int) -> None:
    """No number, escape or character is cut by the end of a window."""
    text = JsonText(data, "f")
    assert walked(text) == json.loads(data.decode("utf-8-sig"))
    text.end()


@given(json_values, st.booleans(), st.sampled_from([None, 1]))
def test_any_value_is_walked_as_it_is_decoded(value: object, ascii_only: bool, indent: int | None) -> None:
    """What is read in pieces is what is read at once."""
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    try:
        expected = json.loads(data.decode())
    except UnicodeDecodeError:
        return
    assert walked(JsonText(data, "f")) == expected


@given(st.lists(json_values, max_size=6))
def test_spans_are_those_of_the_elements(values: list[object]) -> None:
    """Each span decodes to its element, so it can be read again later."""
    data = json.dumps(values).encode()
    text = JsonText(data, "f")
    spans = [text.skip() for _ in text.elements()]
    assert [json.loads(data[start:end]) for start, end in spans] == values


def test_what_is_not_read_is_skipped() -> None:
    """A caller only takes what it wants."""
    text = JsonText(b'{"a": [1, {"x": 2}], "b": 3}', "f")
    assert [text.value() for name in text.members() if name == "b"] == [3.0]
    assert list(JsonText(b"[1, [2], {}]", "f").elements()) == [0, 1, 2]


def test_null_has_no_members_and_no_elements() -> None:
    """As in Go, where it is the empty value of either."""
    assert list(JsonText(b"null", "f").members()) == []
    assert list(JsonText(b" null ", "f").elements()) == []


def test_numbers_are_doubles() -> None:
    """As on the wire, also where Python would keep every digit of an integer."""
    value = strict(b"[9007199254740993, 123456789012345678901234567890, -0, 1]", "f")
    assert value == [9007199254740992.0, 1.2345678901234568e29, 0.0, 1.0]
    assert all(type(number) is float for number in value)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "f is empty"),
        (b" \n ", "f is empty"),
        (b'{"a": 1,', "f:1:9"),
        (b'{"a": 1,}', "f:1:9"),
        (b'{"a" 1}', '":" should be here'),
        (b'{"a": 1 "b": 2}', '"," should be here'),
        (b"{1: 2}", "a name in double quotes"),
        (b'{"a": 1,\n  "b": tru}', "f:2:8"),
        (b'{"a": "\xff"}', "f:1:8 is not the JSON it should be: it is not UTF-8"),
        (b'["\xe2\x98', "it is not UTF-8"),
        (b"[1 2]", '"," should be here'),
        (b"[1,]", "f:1:4"),
        (b'{"a": 1, "a": 2}', "'a' is given twice"),
        (b'{"a": {"b": 1, "b": 2}}', "has the name 'b' twice"),
        (b"[NaN]", "NaN is not a number in JSON"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"[1e999]", "does not fit into a double"),
        (b"[" + b"9" * 10_000 + b"]", "does not fit into a double"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"{}{}", "goes on after its end"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(data: bytes, said: str, window: int) -> None:
    """Line and column lead there, whatever the windows are, and depth does not end Python."""
    with pytest.raises(InvalidState) as refused:
        text = JsonText(data, "f")
        if data.startswith((b"[[", b'{"a":{"a"')):
            text.value()
        else:
            start = text.peek()
            for _ in text.members() if start == "{" else text.elements():
                text.value()
        text.end()
    assert said in str(refused.value)


@given(st.binary(max_size=40) | st.text('{}[]",:0e-.tn \\u', max_size=40).map(str.encode))
def test_any_bytes_are_json_or_refused(data: bytes) -> None:
    """Nothing else comes out of a text; and what is accepted, Python's own decoder accepts too."""
    try:
        text = JsonText(data, "f")
        value = walked(text)
        text.end()
    except InvalidState:
        return
    assert value == json.loads(data.decode("utf-8-sig"))
