"""Validation against schemas that may be hostile."""

from __future__ import annotations

from typing import Any

import pytest

from packreg.configuration import schema as config_schema
from packreg.configuration.schema import MAX_DEPTH, MAX_NODES, PolicySchema, schema_problem, violations


def found(schema: dict[str, Any], value: object) -> list[str]:
    """What is wrong with one property `n` under its schema."""
    whole = PolicySchema({"n": schema})
    assert schema_problem(whole) == ""
    return [str(violation) for violation in violations(whole, {"n": value})]


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


def test_defaults_are_those_of_the_properties_themselves() -> None:
    """A default deeper inside does not make a property appear."""
    schema = PolicySchema({"a": {"default": 1}, "b": {"properties": {"c": {"default": 2}}}, "d": True})
    assert schema.defaults() == {"a": 1}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "https://example.com/x.json"}, "only references inside the schema"),
        ({"items": {"$ref": "file:///etc/passwd"}}, "only references inside the schema"),
        ({"pattern": "("}, "is not a regular expression"),
        ({"pattern": "\ud800"}, "is not a regular expression"),
        ({"patternProperties": {"a{1000000}": {}}}, "is not a regular expression"),
        ({"type": "nonsense"}, 'properties.n.type: "nonsense" is not a type'),
        ({"minimum": "1"}, "properties.n.minimum: must be a number"),
        ({"enum": {}}, "properties.n.enum: must be a list"),
        ({"anyOf": [{}] * MAX_NODES}, f"more than {MAX_NODES} parts"),
    ],
)
def test_a_schema_that_cannot_be_used_is_found_before_it_is(schema: dict[str, Any], said: str) -> None:
    """Publishing can refuse it, and using it cannot reach out of the process."""
    assert said in schema_problem(PolicySchema({"n": schema}))


def test_required_must_be_names() -> None:
    """A schema that comes from a JSON file may hold anything there; a name given twice does no harm."""
    assert "required must be names" in schema_problem(PolicySchema({}, ([],)))  # type: ignore[arg-type]
    assert schema_problem(PolicySchema({}, ("a", "a"))) == ""


def test_a_schema_nested_without_end_is_refused() -> None:
    """Neither checking it nor using it runs out of stack."""
    schema: dict[str, Any] = {}
    for _ in range(50_000):
        schema = {"items": schema}
    assert schema_problem(PolicySchema({"n": schema})) == f"it is nested deeper than {MAX_DEPTH} levels"


def test_data_in_a_schema_is_not_taken_for_a_schema() -> None:
    """What a default or an enum holds may look like a reference or a bad pattern."""
    data = {"$ref": "http://example.com", "pattern": "("}
    assert (
        schema_problem(PolicySchema({"n": {"default": data, "enum": [data]}, "pattern": {"$ref": "#"}})) == ""
    )


def test_a_regular_expression_cannot_take_exponential_time() -> None:
    """A pattern that stops a backtracking engine for years ends at once."""
    assert found({"pattern": "^(a+)+$"}, "a" * 50_000 + "!") != []


def test_references_cannot_multiply_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty levels of two references each would be a thousand million steps; the budget ends it."""
    monkeypatch.setattr(config_schema, "MAX_STEPS", 20_000)
    definitions: dict[str, Any] = {"d30": {"type": "string"}}
    for level in range(30):
        below = {"$ref": f"#/properties/n/definitions/d{level + 1}"}
        definitions[f"d{level}"] = {"allOf": [below, below]}
    schema = PolicySchema({"n": {"definitions": definitions, "$ref": "#/properties/n/definitions/d0"}})
    bomb = PolicySchema({**schema.properties, "m": {"$ref": "#/properties/n/definitions/d0"}})
    assert schema_problem(bomb) == ""
    with pytest.raises(ValueError, match="more than 20000 steps"):
        violations(bomb, {"m": "x"})


def test_a_long_list_of_unlike_items_is_checked_in_linear_time() -> None:
    """Uniqueness compares texts, not every pair: a hundred thousand objects would take hours."""
    items = [{"k": float(i)} for i in range(100_000)]
    assert found({"uniqueItems": True}, items) == []
    assert found({"uniqueItems": True}, [*items, {"k": 5.0}]) == ["n: must not have the same item twice"]


def test_many_patterns_on_many_names_are_within_the_budget() -> None:
    """The product of patterns and names counts as steps."""
    patterns = {f"^{i}$": {} for i in range(2_000)}
    with pytest.raises(ValueError, match="steps"):
        found({"patternProperties": patterns}, {f"k{i}": 1.0 for i in range(2_000)})
