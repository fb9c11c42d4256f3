"""Property bags as google.protobuf.Struct messages: encoded here, decoded by protobuf."""

from __future__ import annotations

import struct as _struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

#: Levels of objects and lists. Protobuf's C++ and upb readers, which the Python SDK uses, refuse messages
#: nested deeper than 100. An object takes three of these levels, the message around it up to four.
MAX_DEPTH = 32

_double: Callable[[float], bytes] = _struct.Struct("<d").pack
_TOO_DEEP = f"its properties are nested deeper than the {MAX_DEPTH} levels that policy SDKs can read"


class Unsendable(ValueError):
    """These properties cannot be sent to a policy pack; the text says why."""


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_SHORT = tuple(_varint(number) for number in range(1 << 14))


def length(data: bytes) -> bytes:
    """The length of these bytes as a varint."""
    size = len(data)
    return _SHORT[size] if size < len(_SHORT) else _varint(size)


@lru_cache(maxsize=4096)
def _key(name: str) -> bytes:
    data = name.encode()
    return b"\x0a" + length(data) + data + b"\x12"


def encode_struct(properties: Mapping[str, Any], depth: int = 1) -> bytes:
    """Encode a Struct of None, bool, float, int, str, list and dict values; NaN and infinities are kept.

    Raises Unsendable when the values are nested too deep, or are text that is not Unicode or of another type.
    """
    if depth > MAX_DEPTH:
        raise Unsendable(_TOO_DEEP)
    parts = []
    for name, value in properties.items():
        data = _encode(value, depth)
        try:
            entry = _key(name) + length(data) + data if len(name) < 64 else _long_key(name, data)
        except UnicodeEncodeError:
            raise Unsendable("its properties hold half of a surrogate pair") from None
        parts.append(b"\x0a" + length(entry) + entry)
    return b"".join(parts)


def _long_key(name: str, data: bytes) -> bytes:
    key = name.encode()
    return b"\x0a" + length(key) + key + b"\x12" + length(data) + data


def _encode(value: Any, depth: int) -> bytes:
    kind: type = type(value)
    if kind is str:
        try:
            data: bytes = value.encode()
        except UnicodeEncodeError:
            raise Unsendable("its properties hold half of a surrogate pair") from None
        return b"\x1a" + length(data) + data
    if kind is dict:
        data = encode_struct(value, depth + 1)
        return b"\x2a" + length(data) + data
    if kind is bool:
        return b"\x20\x01" if value else b"\x20\x00"
    if kind is float or kind is int:
        return b"\x11" + _double(value)
    if value is None:
        return b"\x08\x00"
    if kind is list:
        if depth >= MAX_DEPTH:
            raise Unsendable(_TOO_DEEP)
        items = [_encode(item, depth + 1) for item in value]
        data = b"".join([b"\x0a" + length(item) + item for item in items])
        return b"\x32" + length(data) + data
    if isinstance(value, Mapping):
        return _encode(dict(value), depth)
    if isinstance(value, list | tuple):
        return _encode(list(value), depth)
    raise Unsendable(f"its properties hold a value of type {kind.__name__}")


def decode_struct(data: bytes) -> dict[str, Any]:
    """The values in the bytes of a Struct that a pack sent. Raises ValueError when they are not one."""
    from google.protobuf.message import DecodeError
    from google.protobuf.struct_pb2 import Struct

    try:
        message = Struct.FromString(data)
    except DecodeError as error:
        raise ValueError(f"not a property bag: {error}") from None
    return _decode_struct(message)


def _decode_struct(message: Any) -> dict[str, Any]:
    return {name: _decode(value) for name, value in message.fields.items()}


def _decode(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _decode_struct(value.struct_value)
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    return getattr(value, kind) if kind and kind != "null_value" else None
