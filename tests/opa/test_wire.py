"""Messages of the analyzer protocol as the values that rules see."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import encode_configuration, encode_resource
from packreg.opa.judge import PolicySetting
from packreg.opa.wire import configuration, number, read, read_resource

REQUEST: dict[str, Any] = {
    "urn": "urn:pulumi:dev::shop::demo:index:Bucket::a",
    "type": "demo:index:Bucket",
    "name": "a",
    "properties": {"acl": "public", "size": 3.0, "tags": {"x": [None, True, 0.5]}},
    "options": {"protect": True, "customTimeouts": {"create": 30.0}},
    "provider": {"type": "pulumi:providers:demo", "urn": "u", "name": "main", "properties": {"region": "eu"}},
    "dependencies": ["d"],
    "propertyDependencies": {"acl": {"urns": ["d"]}},
}


def resource(keys: set[str] | None) -> dict[str, Any]:
    """The request as rules get it that read these members."""
    return read_resource(read(pb.Resource, encode_resource(REQUEST)), keys)


def test_a_resource_is_what_was_sent() -> None:
    """Every member, whole numbers without a point."""
    found = resource(None)
    assert found["properties"] == REQUEST["properties"]
    assert isinstance(found["properties"]["size"], int)
    assert found["options"]["protect"] and found["options"]["customTimeouts"]["create"] == 30
    assert found["provider"] == REQUEST["provider"]
    assert (found["dependencies"], found["propertyDependencies"]) == (["d"], {"acl": {"urns": ["d"]}})


@pytest.mark.parametrize(
    ("keys", "properties", "more"),
    [
        ({"acl"}, {"acl"}, set()),
        ({"none"}, set(), set()),
        ({"options", "tags"}, {"tags"}, {"options"}),
        ({"__provider"}, set(), {"provider"}),
    ],
)
def test_only_what_rules_read_is_made(keys: set[str], properties: set[str], more: set[str]) -> None:
    """That decides how fast lists are; what is made is as in the whole."""
    found, whole = resource(keys), resource(None)
    assert found["properties"] == {key: whole["properties"][key] for key in properties}
    assert found.keys() & {"options", "provider"} == more


@given(st.floats())
def test_numbers_are_written_as_go_writes_them(value: float) -> None:
    """Whole ones without a point up to the size where Go writes an exponent; what JSON has not is a text."""
    found = number(value)
    if not math.isfinite(value):
        assert found in ("NaN", "Infinity", "-Infinity")
        return
    assert float(found) == value and json.loads(json.dumps(found)) == found
    assert isinstance(found, int) == (value.is_integer() and abs(value) < 1e21)


def test_infinities_keep_their_sign() -> None:
    """And not-a-number is neither."""
    assert [number(value) for value in (math.inf, -math.inf, math.nan)] == ["Infinity", "-Infinity", "NaN"]


def test_a_configuration_is_read_by_policy() -> None:
    """Its level as a word, and its properties."""
    sent = encode_configuration({"p": {"enforcementLevel": "ADVISORY", "properties": {"a": [1.0]}}})
    assert configuration(sent) == {"p": PolicySetting("ADVISORY", {"a": [1.0]})}


def test_other_bytes_are_no_message() -> None:
    """They are named, so that the answer is a refusal and no crash."""
    with pytest.raises(ValueError, match="not a ConfigureRequest"):
        configuration(b"\xff")
    broken = pb.Resource(properties=b"\xff")
    with pytest.raises(ValueError, match="not a Struct"):
        read_resource(broken, None)
