"""How a fault in a configuration is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.configuration.test_schema import found


@pytest.mark.parametrize(
    ("schema", "good", "bad", "said"),
    [
        ({"type": "integer"}, 100.0, 100.5, "n: must be a whole number, not 100.5"),
        ({"type": ["string", "null"]}, None, True, "n: must be a string or null, not true"),
        ({"enum": ["GB", 1]}, 1.0, "MB", 'n: must be one of "GB", 1, not "MB"'),
        ({"const": "x"}, "x", "y", 'n: must be "x", not "y"'),
        ({"minimum": 1}, 1.0, 0.0, "n: must be at least 1, not 0"),
        ({"maximum": 1}, 1.0, 2.0, "n: must be at most 1, not 2"),
        ({"exclusiveMinimum": 1}, 2.0, 1.0, "n: must be more than 1, not 1"),
        ({"exclusiveMaximum": 1}, 0.0, 1.0, "n: must be less than 1, not 1"),
        ({"multipleOf": 0.1}, 0.3, 0.35, "n: must be a multiple of 0.1, not 0.35"),
        ({"minLength": 2}, "ab", "a", 'n: must have at least 2 characters, not "a"'),
        ({"maxLength": 1}, "☃", "ab", 'n: must have at most 1 characters, not "ab"'),
        ({"minItems": 1}, [1.0], [], "n: must have at least 1 items, not 0"),
        ({"maxItems": 1}, [1.0], [1.0, 2.0], "n: must have at most 1 items, not 2"),
        ({"pattern": "^b+$"}, "bb", "ab", 'n: must match the pattern "^b+$", not "ab"'),
        ({"format": "ipv4"}, "10.0.0.1", "10.0.0", 'n: must be a valid ipv4, not "10.0.0"'),
        ({"format": "no-such"}, "x", None, None),
        ({"uniqueItems": True}, [1.0, 2.0], [[1.0], [1.0]], "n: must not have the same item twice"),
        ({"items": {"type": "string"}}, ["a"], ["a", 1.0], "n[1]: must be a string, not 1"),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"a": 1.0},
            {"b": 1.0},
            'n: must not have "b"; known: a',
        ),
        (
            {"patternProperties": {"^x": {"type": "null"}}},
            {"x": None},
            {"xy": 1.0},
            "n.xy: must be null, not 1",
        ),
        ({"required": ["k"]}, {"k": 1.0}, {}, "n.k: is required and has no value"),
    ],
)
def test_a_value_is_judged_and_what_is_allowed_is_said(
    schema: dict[str, Any], good: object, bad: object, said: str | None
) -> None:
    """Each keyword accepts what it should, and its refusal says what may stand there."""
    assert found(schema, good) == []
    assert found(schema, bad) == ([] if said is None else [said])


def test_long_values_are_shortened() -> None:
    """An error is a line, whatever was in the file."""
    (line,) = found({"type": "null"}, "x" * 10_000)
    assert len(line) < 200
