"""What changed between two configuration schemas."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.configuration.schema import PolicySchema, violations
from packreg.groups.schema_changes import schema_changes
from packreg.pack.metadata import Schema


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ({}, {"minimum": 1}, "stricter", "n: minimum is now 1"),
        ({"minimum": 1.0}, {"minimum": 2.0}, "stricter", "n: minimum is 2 instead of 1"),
        ({"minimum": 2}, {"minimum": 1}, "looser", "n: minimum is 1 instead of 2"),
        ({"minimum": 2}, {}, "looser", "n: minimum is no longer 2"),
        ({"maxLength": 5}, {"maxLength": 4}, "stricter", "n: maxLength is 4 instead of 5"),
        ({"maxItems": 5}, {"maxItems": 6}, "looser", "n: maxItems is 6 instead of 5"),
        ({"type": "number"}, {"type": "integer"}, "stricter", 'n: type is "integer" instead of "number"'),
        ({"type": "integer"}, {"type": "number"}, "looser", 'n: type is "number" instead of "integer"'),
        ({"type": "string"}, {"type": ["string", "null"]}, "looser", None),
        ({"type": "string"}, {"type": "array"}, "stricter", None),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, "stricter", 'n: enum is ["a"] instead of ["a", "b"]'),
        ({"enum": ["a"]}, {"enum": ["b", "a"]}, "looser", None),
        ({"enum": ["a"]}, {"enum": ["b"]}, "stricter", None),
        ({"const": 1}, {"const": 2}, "stricter", None),
        ({}, {"pattern": "^a"}, "stricter", 'n: pattern is now "^a"'),
        ({"pattern": "^a"}, {"pattern": "^b"}, "changed", None),
        ({"pattern": "^a"}, {}, "looser", None),
        ({"default": 3}, {"default": 5}, "changed", "n: default is 5 instead of 3"),
        ({"format": "date"}, {"format": "time"}, "changed", None),
        ({}, {"uniqueItems": True}, "stricter", None),
        ({"uniqueItems": True}, {"uniqueItems": False}, "looser", None),
        ({}, {"additionalProperties": False}, "stricter", None),
        ({"additionalProperties": False}, {"additionalProperties": True}, "looser", None),
        ({"additionalProperties": False}, {"additionalProperties": {}}, "changed", None),
        ({}, {"anyOf": [{"minimum": 1}]}, "changed", None),
        ({"items": {"type": "string"}}, {"items": {"type": "string", "minLength": 1}}, "stricter", None),
        ({"items": {}}, {"items": [{}]}, "changed", "n[]: its schema is another"),
        ({"properties": {"a": {}}}, {"properties": {"a": {"maximum": 1}}}, "stricter", None),
        ({}, {"required": ["a"]}, "stricter", "n.a: it is now required"),
        ({"required": ["a"]}, {}, "looser", "n.a: it is no longer required"),
        (True, {"minimum": 1}, "changed", "n: its schema is another"),
    ],
)
def test_a_change_of_one_property(old: Any, new: Any, kind: str, said: str | None) -> None:
    """Each keyword's change is told apart, with its place and both values."""
    [change] = schema_changes(Schema({"n": old}), Schema({"n": new}))
    assert change.kind == kind
    assert said in (None, str(change))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (Schema(), Schema({"a": {}}), [("looser", "a: it is new, and may be left out")]),
        (Schema(), Schema({"a": {}}, ("a",)), [("stricter", "a: it is now required")]),
        (Schema({"a": {}}), Schema(), [("changed", "a: it is gone, and is ignored where it is still given")]),
        (Schema({"a": {"default": 1}}), Schema({"a": {"default": 1}}, ("a",)), []),
        (Schema({"a": {}}, ("a",)), Schema({"a": {}}), [("looser", "a: it is no longer required")]),
        (Schema({"a": {"title": "x"}}), Schema({"a": {"description": "y"}}), []),
        (
            Schema({}, ("a",)),
            Schema({"a": {"maximum": 1}}, ("a",)),
            [("stricter", "a: maximum is now 1")],
        ),
        (Schema({"a": {"minimum": 1.0}}), Schema({"a": {"minimum": 1}}), []),
    ],
)
def test_properties_come_and_go(old: Schema, new: Schema, said: list[tuple[str, str]]) -> None:
    """What has a default may become required; texts for readers, and how a number is written, say nothing."""
    assert [(change.kind, str(change)) for change in schema_changes(old, new)] == said


NUMBERS = st.integers(-3, 3)
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "type": st.sampled_from(["integer", "number", "string", ["string", "integer"]]),
        "enum": st.lists(NUMBERS, min_size=1, max_size=3, unique=True),
        "const": NUMBERS,
    },
)
SCHEMAS = st.builds(
    Schema,
    st.fixed_dictionaries({}, optional={"a": PROPERTIES, "b": PROPERTIES}),
    st.lists(st.sampled_from(["a", "b"]), unique=True).map(tuple),
)


@given(SCHEMAS, SCHEMAS, st.dictionaries(st.sampled_from(["a", "b"]), NUMBERS | st.just("x") | st.just(0.5)))
def test_what_became_refused_is_never_called_looser(old: Schema, new: Schema, given_: dict[str, Any]) -> None:
    """A configuration that passed and fails now means a stricter property, whatever else changed."""

    def passes(schema: Schema) -> bool:
        return not violations(PolicySchema(schema.properties, schema.required), given_)

    if passes(old) and not passes(new):
        # a property without a schema that gets one is new, and could be given before only to be ignored
        appeared = {f"{name}" for name in new.properties.keys() - old.properties.keys()}
        kinds = {change.kind for change in schema_changes(old, new)}
        assert "stricter" in kinds or (appeared and "looser" in kinds)


@given(SCHEMAS)
def test_the_same_schema_has_no_changes(schema: Schema) -> None:
    """Nothing is said of what stayed."""
    assert schema_changes(schema, schema) == ()
