"""What an analyzer is asked about a snapshot, as `pulumi policy analyze` asks it.

For every live resource, in the file's order, a Remediate and then an Analyze, both with its inputs; last one
AnalyzeStack over all of them with their outputs. Requests are plain dicts by the field names of Pulumi's
analyzer.proto, without the fields that have their zero value:

    AnalyzeRequest    {"urn", "type", "name", "properties": {…}, "options": {…}, "provider"?: {…}}
    AnalyzerResource  the same and "parent"?, "dependencies"?: [urn],
                       "propertyDependencies"?: {name: {"urns": [urn]}}
    options           {"customTimeouts": {"create"?, "update"?, "delete"?, "read"?: seconds}, "protect"?,
                       "ignoreChanges"?, "additionalSecretOutputs"?, "aliases"?, "parent"?,
                       "deleteBeforeReplace"?, "deleteBeforeReplaceDefined"?}
    provider          {"urn", "type", "name", "properties": {…}}

`properties` are values for protobuf's Struct: None, bool, float (NaN and infinities too), str, list, dict.
Remediate gets all of a resource's properties; Analyze and AnalyzeStack do not get the engine's own top-level
ones (`__…`). Requests share parts with each other: do not change them.

A finding of Analyze or Remediate belongs to the resource it was asked about, whatever URN it names; one of
AnalyzeStack to `Snapshot.attribute` of its URN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from packreg.states.resource import Resource
from packreg.states.snapshot import Snapshot, without_internal
from packreg.states.values import Properties

Request = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ResourceRequests:
    """The two questions about one resource: first `remediate`, then `analyze`."""

    urn: str
    remediate: Request
    analyze: Request


def resource_requests(snapshot: Snapshot) -> Iterator[ResourceRequests]:
    """The questions about each live resource, created lazily."""
    for resource in snapshot:
        inputs = snapshot.values.properties(resource.inputs)
        common = _common(resource, snapshot)
        yield ResourceRequests(
            resource.urn,
            remediate={**common, "properties": inputs},
            analyze={**common, "properties": without_internal(inputs)},
        )


def stack_resources(snapshot: Snapshot) -> Iterator[Request]:
    """The `resources` of AnalyzeStack, created lazily. That is not asked if the snapshot `is_empty`."""
    for resource in snapshot:
        request = _common(resource, snapshot)
        request["properties"] = without_internal(snapshot.values.properties(resource.outputs))
        if resource.parent:
            request["parent"] = resource.parent
        if resource.dependencies:
            request["dependencies"] = resource.dependencies
        by_name = {name: {"urns": urns} for name, urns in resource.property_dependencies.items() if urns}
        if by_name:
            request["propertyDependencies"] = by_name
        yield request


def _common(resource: Resource, snapshot: Snapshot) -> Request:
    request: Request = {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "options": _options(resource),
    }
    provider = snapshot.provider(resource)
    if provider is not None:
        request["provider"] = provider
    return request


def _options(resource: Resource) -> Properties:
    timeouts = {name: resource.custom_timeouts.get(name) for name in ("create", "update", "delete", "read")}
    options: Properties = {
        "protect": resource.protect,
        "ignoreChanges": resource.ignore_changes,
        "deleteBeforeReplace": bool(resource.delete_before_replace),
        "deleteBeforeReplaceDefined": resource.delete_before_replace is not None,
        "additionalSecretOutputs": resource.additional_secret_outputs,
        "aliases": resource.aliases,
        "parent": resource.parent,
    }
    options = {name: value for name, value in options.items() if value}
    options["customTimeouts"] = {name: seconds for name, seconds in timeouts.items() if seconds}
    return options
