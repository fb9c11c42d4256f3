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
    assert "required must be a list of names" in schema_problem(PolicySchema({}, ([],)))  # type: ignore[arg-type]
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
