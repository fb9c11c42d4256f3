"""Encode the requests of `packreg.analyzer.requests` as protobuf messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.struct import Unsendable, encode_struct, length
from packreg.pack.metadata import LEVELS

#: The largest message that both SDKs' servers accept and that the Pulumi CLI may send to packreg, in bytes.
MAX_MESSAGE = 400 * 1024 * 1024
#: The largest answer of a pack that packreg accepts, in bytes; it is smaller, as answers are read repeatedly.
MAX_ANSWER = 32 * 1024 * 1024


def encode_resource(request: Mapping[str, Any]) -> bytes:
    """An AnalyzeRequest, or an AnalyzerResource of a stack. Raises Unsendable."""
    provider = request.get("provider")
    message = pb.Resource(
        type=request["type"],
        properties=encode_struct(request["properties"]),
        urn=request["urn"],
        name=request["name"],
        options=_options(request["options"]),
        provider=_provider(provider) if provider is not None else None,
        parent=request.get("parent", ""),
        dependencies=request.get("dependencies", ()),
    )
    for name, entry in request.get("propertyDependencies", {}).items():
        message.property_dependencies[name].urns.extend(entry["urns"])
    return _checked(message.SerializeToString())


def encode_stack(resources: Iterable[Mapping[str, Any]]) -> bytes:
    """An AnalyzeStackRequest of all resources. Raises Unsendable, which names the resource."""
    parts: list[bytes] = []
    size = 0
    for request in resources:
        try:
            data = encode_resource(request)
        except Unsendable as error:
            raise Unsendable(f"the resource {request['urn']} cannot be sent: {error}") from None
        parts += (b"\x0a", length(data), data)
        size += len(data) + 6
        if size > MAX_MESSAGE:
            break
    return _checked(b"".join(parts))


def encode_configuration(settings: Mapping[str, Mapping[str, Any]]) -> bytes:
    """A ConfigureRequest from `{policy: {"enforcementLevel": "ADVISORY" | …, "properties": {…}}}`.

    Raises Unsendable.
    """
    message = pb.ConfigureRequest()
    for name, setting in settings.items():
        entry = message.policy_config[name]
        entry.enforcement_level = LEVELS.index(setting["enforcementLevel"].lower())  # type: ignore[assignment]
        entry.properties = encode_struct(setting.get("properties") or {})
    return message.SerializeToString()


def _options(options: Mapping[str, Any]) -> pb.ResourceOptions:
    return pb.ResourceOptions(
        protect=options.get("protect", False),
        ignore_changes=options.get("ignoreChanges", ()),
        delete_before_replace=options.get("deleteBeforeReplace", False),
        delete_before_replace_defined=options.get("deleteBeforeReplaceDefined", False),
        additional_secret_outputs=options.get("additionalSecretOutputs", ()),
        aliases=options.get("aliases", ()),
        custom_timeouts=pb.CustomTimeouts(**options.get("customTimeouts", {})),
        parent=options.get("parent", ""),
    )


def _provider(provider: Mapping[str, Any]) -> pb.ProviderResource:
    return pb.ProviderResource(
        type=provider["type"],
        properties=encode_struct(provider["properties"]),
        urn=provider["urn"],
        name=provider["name"],
    )


def _checked(data: bytes) -> bytes:
    if len(data) > MAX_MESSAGE:
        raise Unsendable(f"it is larger than the {MAX_MESSAGE >> 20} MiB that a policy pack accepts")
    return data
