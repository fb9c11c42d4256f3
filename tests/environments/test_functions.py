"""What the functions of environments refuse; what they give is in the cases."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.environments.functions import call
from packreg.environments.values import TooMuch, Value, from_json, to_json
from tests.environments.test_values import JSON


@settings(deadline=None)
@given(JSON)
def test_json_goes_out_and_in_again(data: object) -> None:
    """fn::fromJSON undoes fn::toJSON, and secrets stay secret on both ways."""
    for secret in (False, True):
        text = call("toJSON", from_json(data, secret=secret))
        assert isinstance(text.data, str)
        back = call("fromJSON", text)
        assert to_json(back, reveal=True) == data
        assert back.secret == text.secret == secret


@settings(deadline=None)
@given(st.binary(max_size=64), st.text("abc,", max_size=12))
def test_the_other_pairs_undo_each_other(data: bytes, text: str) -> None:
    """Base64 of any bytes, and split and join with one delimiter."""
    encoded = Value(base64.b64encode(data).decode())
    assert call("toBase64", call("fromBase64", encoded)) == encoded
    parts = call("split", Value((Value(","), Value(text))))
    assert call("join", Value((Value(","), parts))) == Value(text)


@pytest.mark.parametrize(
    ("name", "argument", "said"),
    [
        ("fromJSON", "{", "is not JSON"),
        ("fromJSON", "NaN", "is not JSON"),
        ("fromJSON", "1" * 401, "is not JSON"),
        ("fromJSON", "1e999", "out of range"),
        ("fromJSON", 5, "must be a string, not a number"),
        ("fromBase64", "a", "is not base64"),
        ("fromBase64", "ü", "is not base64"),
        ("toBase64", ["a"], "must be a string, not a list"),
        ("join", [",", "abc"], "must be a list, not a string"),
        ("join", [5, ["a"]], "the delimiter of fn::join must be a string"),
        ("join", [",", [5]], "must be a string, not a number"),
        ("split", [",", None], "must be a string, not null"),
        ("concat", [[1], True], "must be a list, not a boolean"),
        ("validate", {"schema": 5, "value": 1}, "must be an object, not a number"),
        ("validate", {"schema": {"type": "nonsense"}, "value": 1}, "cannot be used"),
        ("validate", {"schema": {"$ref": "http://x/y"}, "value": 1}, "cannot be used"),
        ("validate", {"schema": {"type": "string"}, "value": 1}, "must be a string, not 1"),
        ("validate", {"schema": False, "value": 1}, "."),
    ],
)
def test_arguments_that_make_no_sense_are_refused(name: str, argument: object, said: str) -> None:
    """The reason names kinds; of a value that is no secret, fn::validate also quotes what is wrong."""
    with pytest.raises(ValueError, match=said):
        call(name, from_json(argument))


def test_binary_data_is_no_json() -> None:
    """It can be encoded, and put into files."""
    binary = call("fromBase64", Value("/w=="))
    with pytest.raises(ValueError, match="binary data"):
        call("toJSON", binary)
    assert call("toBase64", binary) == Value("/w==")


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("fromJSON", "[" + "0," * 200_000 + "0]"),
        ("fromJSON", "[" * 60 + "]" * 60),
        ("split", ["", "x" * 200_000]),
        ("join", ["x" * 1000, ["y"] * 2000]),
    ],
)
def test_what_would_be_too_large_is_not_made(name: str, argument: object) -> None:
    """The size is known before the memory is taken."""
    with pytest.raises(TooMuch):
        call(name, from_json(argument))
