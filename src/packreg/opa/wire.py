"""Decode messages of the analyzer protocol into the dicts that `inputs` works on."""

from __future__ import annotations

import math
from collections.abc import Collection, Set
from typing import Any

from google.protobuf.message import DecodeError
from google.protobuf.struct_pb2 import Struct

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.struct import decode_struct
from packreg.opa.judge import PolicySetting

#: From this number on, Go writes numbers with an exponent.
_EXPONENT = 1e21


def read(kind: Any, data: bytes) -> Any:
    """Parse a protobuf message of the class `kind`. Raises ValueError when the bytes are not one."""
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise ValueError(f"not a {kind.DESCRIPTOR.name}: {error}") from None


def read_resource(message: pb.Resource, keys: Set[str] | None) -> dict[str, Any]:
    """An AnalyzeRequest or AnalyzerResource as a dict (see `inputs`).

    With `keys`, the members of the input that rules read, only what those need is decoded. Raises ValueError
    when its properties are not a protobuf Struct.
    """
    resource: dict[str, Any] = {
        "type": message.type,
        "urn": message.urn,
        "name": message.name,
        "properties": _properties(message.properties, keys),
    }
    if (keys is None or "options" in keys or "__options" in keys) and message.HasField("options"):
        resource["options"] = _options(message.options)
    if (keys is None or "provider" in keys or "__provider" in keys) and message.HasField("provider"):
        resource["provider"] = {
            "type": message.provider.type,
            "urn": message.provider.urn,
            "name": message.provider.name,
            "properties": _properties(message.provider.properties, None),
        }
    if message.dependencies:
        resource["dependencies"] = list(message.dependencies)
    if message.property_dependencies:
        resource["propertyDependencies"] = {
            name: {"urns": list(entry.urns)} for name, entry in message.property_dependencies.items()
        }
    return resource


def _properties(data: bytes, keys: Collection[str] | None) -> dict[str, Any]:
    fields = read(Struct, data).fields
    return {key: _value(fields[key]) for key in (fields if keys is None else keys) if key in fields}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return {name: _value(item) for name, item in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return number(value.number_value)
    return getattr(value, kind) if kind and kind != "null_value" else None


def number(value: float) -> float | int | str:
    """A number as Go writes it as JSON: whole ones as int, since `sprintf` tells the two apart.

    NaN and the infinities become texts.
    """
    if value.is_integer() and abs(value) < _EXPONENT:
        return int(value)
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _options(options: pb.ResourceOptions) -> dict[str, Any]:
    timeouts = options.custom_timeouts
    return {
        "protect": options.protect,
        "ignoreChanges": list(options.ignore_changes),
        "deleteBeforeReplace": options.delete_before_replace,
        "deleteBeforeReplaceDefined": options.delete_before_replace_defined,
        "additionalSecretOutputs": list(options.additional_secret_outputs),
        "aliases": list(options.aliases),
        "customTimeouts": {
            "create": timeouts.create,
            "update": timeouts.update,
            "delete": timeouts.delete,
        },
        "parent": options.parent,
    }


def configuration(request: bytes) -> dict[str, PolicySetting]:
    """The settings in a ConfigureRequest, by policy. Raises ValueError when the bytes are not one."""
    message = read(pb.ConfigureRequest, request)
    return {
        name: PolicySetting(
            pb.EnforcementLevel.Name(entry.enforcement_level),
            decode_struct(entry.properties) if entry.HasField("properties") else {},
        )
        for name, entry in message.policy_config.items()
    }
