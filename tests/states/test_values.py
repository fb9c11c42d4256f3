"""Property values: from a state's JSON to what an analyzer is sent."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.states.secrets import StateSecrets
from packreg.states.values import (
    ARCHIVE,
    ASSET,
    BYTES,
    FLOAT,
    HIDDEN,
    MAX_DEPTH,
    RESOURCE,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    Values,
    WrongValue,
)
from tests.laws import LONG_LAW

URN = "urn:pulumi:dev::p::demo:index:Bucket::a"


def signed(signature: str, **members: Any) -> dict[str, Any]:
    """An object that a signature makes something else."""
    return {SIGNATURE: signature, **members}


def secret(value: object) -> dict[str, Any]:
    """A secret in clear, as `--show-secrets` writes it."""
    return signed(SECRET, plaintext=json.dumps(value))


def wire(value: object) -> Any:
    """The wire form of one value."""
    return Values(StateSecrets()).properties({"v": value})["v"]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@LONG_LAW
@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_values_without_a_signature_stay_as_they_are(properties: dict[str, Any]) -> None:
    """Only signed objects mean something else; the result shares no containers with the input."""
    converted = Values(StateSecrets()).properties(properties)
    assert repr(converted) == repr(properties)
    assert converted is not properties


@given(json_values)
def test_a_secret_keeps_its_value_and_is_known(value: object) -> None:
    """Every text in a revealed secret can be kept out of reports."""
    values = Values(StateSecrets())
    text = (
        json.dumps(value, allow_nan=False) if "nan" not in repr(value) and "inf" not in repr(value) else "1"
    )
    converted = values.properties({"v": signed(SECRET, plaintext=text)})["v"]
    assert converted == {SIGNATURE: SECRET, "value": json.loads(text)}

    def texts(inner: object) -> set[str]:
        if isinstance(inner, str):
            return {inner} - {"", UNKNOWN}
        if isinstance(inner, list):
            return set().union(*map(texts, inner))
        return set().union(*map(texts, inner.values())) if isinstance(inner, dict) else set()

    assert texts(json.loads(text)) <= values.known


def test_what_no_one_can_decrypt_is_hidden() -> None:
    """The type is lost, and policies see a text that says so."""
    hidden = signed(SECRET, ciphertext="v1:AAAA:BBBB")
    assert wire(hidden) == {SIGNATURE: SECRET, "value": HIDDEN}
    assert wire({"a": [hidden]}) == {"a": [{SIGNATURE: SECRET, "value": HIDDEN}]}


def test_a_secret_in_a_secret_is_not_encrypted_again() -> None:
    """What the engine writes as its ciphertext is its plain text."""
    inner = signed(SECRET, ciphertext='"x"')
    assert wire(secret({"a": inner})) == {
        SIGNATURE: SECRET,
        "value": {"a": {SIGNATURE: SECRET, "value": "x"}},
    }


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ({"urn": URN, "id": "i-1"}, "i-1"),
        ({"urn": URN}, URN),
        ({"urn": URN, "id": ""}, UNKNOWN),
        ({"urn": URN, "id": UNKNOWN}, UNKNOWN),
        ({"urn": URN, "id": {"V": "i-1"}}, "i-1"),
        ({"urn": URN, "id": {"V": None}}, URN),
        ({"urn": URN, "id": {}}, URN),
        ({"urn": URN, "id": {"V": {"Element": {}}}}, UNKNOWN),
    ],
)
def test_a_resource_reference_is_an_id_or_a_urn(reference: dict[str, Any], text: str) -> None:
    """Sent raw, both SDKs fail on it."""
    assert wire(signed(RESOURCE, **reference)) == text


@given(st.floats())
def test_a_float_comes_from_its_bits(number: float) -> None:
    """NaN and infinities, which JSON does not have, arrive as numbers."""
    digits = struct.pack(">d", number).hex()
    converted = wire(signed(FLOAT, value=digits))
    assert converted == number or (math.isnan(converted) and math.isnan(number))


def test_bytes_arrive_as_text() -> None:
    """As far as they are text; what is not becomes a replacement character, and that is counted."""
    values = Values(StateSecrets())
    encode = lambda data: signed(BYTES, value=base64.b64encode(data).decode())  # noqa: E731
    assert values.properties({"v": encode("☃\0".encode())}) == {"v": "☃\0"}
    assert values.replaced_bytes == 0
    assert values.properties({"v": encode(b"a\xff")}) == {"v": "a�"}
    assert values.replaced_bytes == 1


def test_an_asset_is_reduced_to_what_counts() -> None:
    """Empty fields go, as in the engine, also where none but the hash is left: an empty text."""
    assert wire(signed(ASSET, hash="h", path="./a", text="", more=1)) == signed(ASSET, hash="h", path="./a")
    assert wire(signed(ASSET, hash="h")) == signed(ASSET, hash="h")


def test_an_archive_has_one_kind_of_content() -> None:
    """A path before a URI before members, as in the engine; without any it is an empty one."""
    asset = signed(ASSET, text="x")
    assert wire(signed(ARCHIVE, path="p", uri="u", assets={})) == signed(ARCHIVE, path="p")
    assert wire(signed(ARCHIVE, uri="u")) == signed(ARCHIVE, uri="u")
    nested = signed(ARCHIVE, assets={"a": asset, "b": signed(ARCHIVE, hash="h")})
    assert wire(nested) == signed(ARCHIVE, assets={"a": asset, "b": signed(ARCHIVE, hash="h", assets={})})


def test_half_a_surrogate_pair_becomes_a_replacement_character() -> None:
    """Protobuf refuses such text; Go reads it that way."""
    assert Values(StateSecrets()).properties({"k\ud800": ["\udfff"]}) == {"k\ufffd": ["\ufffd"]}


@pytest.mark.parametrize(
    ("value", "said", "path"),
    [
        (signed("deadbeef"), "unknown signature 'deadbeef'", ["v"]),
        ({SIGNATURE: 1}, "unknown signature", ["v"]),
        ({SIGNATURE: None}, "unknown signature", ["v"]),
        ({SIGNATURE: []}, "unknown signature", ["v"]),
        ({"a": [0, signed("d0e6a833031e9bbcd3f4e8bde6ca49a4")]}, "unknown signature", ["v", "a", 1]),
        (signed(SECRET), "exactly one of", ["v"]),
        (signed(SECRET, plaintext=""), "exactly one of", ["v"]),
        (signed(SECRET, plaintext='"a"', ciphertext="v1:"), "exactly one of", ["v"]),
        (signed(SECRET, plaintext="hunter2"), "not JSON", ["v"]),
        (signed(RESOURCE), "no urn", ["v"]),
        (signed(RESOURCE, urn=URN, id=1), "id must be text", ["v"]),
        (signed(RESOURCE, urn=URN, packageVersion=1), "packageVersion must be text", ["v"]),
        (signed(ASSET, text=1), "text must be text", ["v"]),
        (signed(ARCHIVE, assets=1), "assets must be an object", ["v"]),
        (signed(ARCHIVE, assets={"m": "x"}), "neither an asset nor an archive", ["v", "assets", "m"]),
        (signed(FLOAT, value="0x1"), "hexadecimal", ["v"]),
        (signed(FLOAT), "hexadecimal", ["v"]),
        (signed(BYTES, value="*"), "base64", ["v"]),
        (signed(BYTES), "base64", ["v"]),
    ],
)
def test_a_malformed_value_is_refused_with_its_path(value: object, said: str, path: list[str | int]) -> None:
    """The path leads to the value, from the resource's properties on."""
    with pytest.raises(WrongValue, match=said) as wrong:
        Values(StateSecrets()).properties({"v": value})
    assert wrong.value.path[::-1] == path


def test_an_error_inside_a_secret_says_nothing_of_it() -> None:
    """Not its names, not its values."""
    with pytest.raises(WrongValue) as wrong:
        Values(StateSecrets()).properties({"v": secret({"hunter2": signed("hunter3")})})
    assert "hunter" not in str(wrong.value)
    assert wrong.value.path == ["v"]


def test_nesting_has_a_limit() -> None:
    """It ends with an error, not with Python's stack; inside secrets and archives too."""
    shapes: list[tuple[Any, Any]] = [
        (1.0, lambda inner: [inner]),
        (1.0, lambda inner: {"a": inner}),
        (signed(ARCHIVE), lambda inner: signed(ARCHIVE, assets={"a": inner})),
    ]
    for value, nest in shapes:
        for _ in range(MAX_DEPTH + 1):
            value = nest(value)
        with pytest.raises(WrongValue, match="nested deeper"):
            Values(StateSecrets()).properties({"v": value})
        with pytest.raises(WrongValue, match="malformed secret"):
            Values(StateSecrets()).properties({"v": secret(value)})
