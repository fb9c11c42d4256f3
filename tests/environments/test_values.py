"""Values: how they are laid over each other, measured and written out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.environments.values import (
    HIDDEN,
    MAX_DEPTH,
    MAX_SIZE,
    TooMuch,
    Value,
    as_text,
    from_json,
    merge,
    secret_texts,
    to_json,
)

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
NAMES = st.sampled_from("abc")
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner), max_leaves=8
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=3).map(from_json)
VALUES = JSON.map(from_json)


@settings(deadline=None)
@given(VALUES, VALUES, VALUES)
def test_laying_over_is_associative(low: Value, middle: Value, high: Value) -> None:
    """It makes no difference whether an import is laid over its own imports first, or all in one row."""
    assert merge(merge(low, middle), high) == merge(low, merge(middle, high))


@settings(deadline=None)
@given(VALUES)
def test_nothing_and_itself_change_nothing(value: Value) -> None:
    """A value over nothing, or over itself, is that value."""
    assert merge(None, value) == value
    assert to_json(merge(value, value), reveal=True) == to_json(value, reveal=True)


@settings(deadline=None)
@given(OBJECTS, OBJECTS)
def test_members_come_from_the_upper_or_the_lower(low: Value, high: Value) -> None:
    """Every member of either is there, and of two the upper one counts, unless both are objects."""
    merged = merge(low, high).members
    assert merged.keys() == low.members.keys() | high.members.keys()
    for name, value in merged.items():
        if name not in high.members:
            assert value == low.members[name]
        elif not isinstance(high.members[name].data, dict):
            assert value == high.members[name]


@settings(deadline=None)
@given(VALUES)
def test_json_goes_in_and_comes_out(value: Value) -> None:
    """A value is the JSON that it was made of."""
    assert from_json(json.loads(json.dumps(to_json(value, reveal=True)))) == value


def test_a_final_value_stays_where_it_is_held() -> None:
    """Its importer cannot replace it, and hears so; imports among each other do not hold it (as ESC does)."""
    final = replace(from_json(1), final=True)
    said: list[str] = []
    assert merge(final, from_json(2), lambda: said.append("kept")) == final
    assert said == ["kept"]
    assert merge(final, from_json(2)) == from_json(2)


def test_secrets_are_hidden_wherever_they_are() -> None:
    """A secret inside a value is hidden alone, a secret object as a whole; their texts are known."""
    inner = Value({"a": Value("one", secret=True), "b": Value(2)})
    assert to_json(inner, reveal=False) == {"a": HIDDEN, "b": 2}
    whole = from_json({"a": ["one", {"b": 2.5}], "c": True, "d": None}, secret=True)
    assert to_json(whole, reveal=False) == HIDDEN
    assert sorted(secret_texts(whole)) == ["", "2.5", "one", "true"]
    assert inner.has_secrets
    assert not from_json({"a": 1}).has_secrets


def test_what_is_too_large_or_too_deep_is_refused() -> None:
    """Size counts characters and values, however often one is shared."""
    with pytest.raises(TooMuch):
        Value("x" * MAX_SIZE)
    shared = Value("x" * 1000)
    with pytest.raises(TooMuch):
        Value((shared,) * 1100)
    deep: object = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    with pytest.raises(TooMuch):
        from_json(deep)
    with pytest.raises(ValueError, match="out of range"):
        from_json(float("nan"))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (None, ""),
        (True, "true"),
        (-12, "-12"),
        (0.5, "0.5"),
        (0.0, "0"),
        (1e21, "1000000000000000000000"),
        (1.5e-7, "0.00000015"),
        ("as it is", "as it is"),
        ([1, 'a "quote"'], '"1","a \\"quote\\""'),
        ({"b": 1, "a": [2]}, '"a"="\\"2\\"","b"="1"'),
    ],
)
def test_values_in_texts_are_written_as_esc_writes_them(data: object, text: str) -> None:
    """Numbers without an exponent, parts of lists and objects in quotes."""
    assert as_text(from_json(data)) == text
