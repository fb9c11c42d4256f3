"""Property bags on the wire, held to protobuf's own Struct."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.encode import encode_resource, encode_stack
from packreg.analyzer.protocol.struct import MAX_DEPTH, Unsendable, decode_struct, encode_struct
from tests.laws import LONG_LAW

texts = st.text(st.characters(exclude_categories=["Cs"]))
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | texts | texts.map(lambda text: text * 200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=30,
)

bags = st.dictionaries(texts | texts.map(lambda text: text * 100), values, max_size=6)


@LONG_LAW
@given(bags)
def test_protobuf_reads_what_was_written(bag: dict[str, Any]) -> None:
    """Protobuf's own Struct finds exactly the values that were encoded."""
    message = Struct()
    message.update(bag)
    assert Struct.FromString(encode_struct(bag)) == message


@LONG_LAW
@given(bags)
def test_what_was_written_is_read_again(bag: dict[str, Any]) -> None:
    """Encoding and decoding give the same bag, with its kinds: true is not 1.0, "" is not null."""
    decoded = decode_struct(encode_struct(bag))
    assert json.dumps(decoded, sort_keys=True) == json.dumps(bag, sort_keys=True)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 2.0**53])
def test_every_number_is_kept(number: float) -> None:
    """A double arrives bit by bit, also those that JSON does not have."""
    [decoded] = decode_struct(encode_struct({"n": number})).values()
    assert math.copysign(1, decoded) == math.copysign(1, number)
    assert decoded == number or (math.isnan(number) and math.isnan(decoded))


def nested(levels: int, *, lists: bool = False) -> dict[str, Any]:
    """A bag of so many levels."""
    value: Any = "leaf"
    for _ in range(levels - 1):
        value = [value] if lists else {"a": value}
    return {"a": value}


@pytest.mark.parametrize("lists", [False, True])
def test_depth_has_a_limit(lists: bool) -> None:
    """What the SDKs' protobuf can read is sent, within a stack and as a provider's too; more is refused."""
    resource = {"type": "t", "name": "n", "urn": "u", "options": {}, "properties": {}}
    deepest = {**resource, "provider": {"type": "t", "name": "n", "urn": "u"}}
    deepest["provider"]["properties"] = nested(MAX_DEPTH, lists=lists)
    stack = pb.AnalyzeStackRequest.FromString(encode_stack([deepest]))
    assert decode_struct(stack.resources[0].provider.properties) == nested(MAX_DEPTH, lists=lists)
    with pytest.raises(Unsendable, match="deeper than the 32 levels"):
        encode_resource({**resource, "properties": nested(MAX_DEPTH + 1, lists=lists)})


@pytest.mark.parametrize("bag", [{"a": "\ud800"}, {"\ud800": 1.0}, {"a": [object()]}, {"a": b"bytes"}])
def test_what_has_no_form_on_the_wire_is_refused(bag: dict[str, Any]) -> None:
    """Half a surrogate pair and values of other types are refused, not mangled."""
    with pytest.raises(Unsendable):
        encode_struct(bag)


@given(st.binary(max_size=60))
def test_foreign_bytes_are_a_bag_or_refused(data: bytes) -> None:
    """Whatever a pack sends as properties, it is read or refused with a ValueError."""
    with contextlib.suppress(ValueError):
        assert isinstance(decode_struct(data), dict)
