"""Requests as bytes of the wire: what protobuf reads is what was asked."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol import encode
from packreg.analyzer.protocol.struct import Unsendable

RESOURCE: dict[str, Any] = {
    "urn": "u",
    "type": "t",
    "name": "n",
    "properties": {"a": [1.0, {"b": None}]},
    "options": {"protect": True, "customTimeouts": {"create": 1.5}, "deleteBeforeReplaceDefined": True},
    "provider": {"urn": "pu", "type": "pt", "name": "pn", "properties": {"region": "eu"}},
    "parent": "p",
    "dependencies": ["d"],
    "propertyDependencies": {"a": {"urns": ["d"]}},
}


def test_every_member_of_a_resource_arrives() -> None:
    """In the fields of Pulumi's protocol."""
    found = pb.Resource.FromString(encode.encode_resource(RESOURCE))
    assert (found.urn, found.type, found.name, found.parent) == ("u", "t", "n", "p")
    assert (list(found.dependencies), list(found.property_dependencies["a"].urns)) == (["d"], ["d"])
    assert found.options.protect and found.options.custom_timeouts.create == 1.5
    assert found.options.delete_before_replace_defined and not found.options.delete_before_replace
    assert Struct.FromString(found.properties)["a"][1] == {"b": None}
    assert Struct.FromString(found.provider.properties)["region"] == "eu" and found.provider.name == "pn"


def test_a_resource_without_a_provider_has_none() -> None:
    """Not one of empty texts, which policies would see."""
    bare = {name: RESOURCE[name] for name in ("urn", "type", "name", "properties", "options")}
    assert not pb.Resource.FromString(encode.encode_resource(bare)).HasField("provider")


def test_a_stack_is_its_resources() -> None:
    """As many as there are, also none."""
    found = pb.AnalyzeStackRequest.FromString(encode.encode_stack([RESOURCE, {**RESOURCE, "urn": "v"}]))
    assert [each.urn for each in found.resources] == ["u", "v"]
    assert encode.encode_stack([]) == b""


def test_what_cannot_be_sent_names_the_resource() -> None:
    """A stack of a thousand resources says which."""
    with pytest.raises(Unsendable, match="the resource v cannot be sent"):
        encode.encode_stack([RESOURCE, {**RESOURCE, "urn": "v", "properties": {"a": object()}}])


def test_what_is_too_large_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit may be reached; a stack is not encoded to its end once it is passed."""
    size = len(encode.encode_resource(RESOURCE))
    monkeypatch.setattr(encode, "MAX_MESSAGE", size)
    encode.encode_resource(RESOURCE)
    monkeypatch.setattr(encode, "MAX_MESSAGE", size - 1)
    with pytest.raises(Unsendable, match="is larger than"):
        encode.encode_resource(RESOURCE)
    monkeypatch.setattr(encode, "MAX_MESSAGE", 3 * size)
    taken: list[int] = []
    with pytest.raises(Unsendable, match="is larger than"):
        encode.encode_stack(taken.append(number) or RESOURCE for number in range(100))  # type: ignore[func-returns-value]
    assert len(taken) < 10


def test_a_configuration_has_a_level_and_properties() -> None:
    """The level by its number in the protocol, whatever its case."""
    settings = {
        "p": {"enforcementLevel": "MANDATORY", "properties": {"a": 1.0}},
        "q": {"enforcementLevel": "disabled"},
    }
    found = pb.ConfigureRequest.FromString(encode.encode_configuration(settings)).policy_config
    assert (found["p"].enforcement_level, found["q"].enforcement_level) == (1, 2)
    assert Struct.FromString(found["p"].properties)["a"] == 1
