"""The input of Rego rules, made from a resource that an analyzer is asked about.

A resource here is a dict with the field names of the analyzer protocol: `type`, `urn`, `name`, `properties`,
`options`, `provider` and, for a stack, `dependencies` and `propertyDependencies`. Fields with a zero value
may be missing.

There are two shapes of input. The default one merges three groups of members; on the same name the right one
wins:

    {type, urn, name, __name, options, provider, properties, props}  <  the properties  <
    {__type, __urn, __name, __options, __properties, __props, __provider}

The other, `inputFormat: kubernetes-admission`, is Gatekeeper's, for Kubernetes resources only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from typing import Any

from packreg.states.values import SECRET, SIGNATURE, UNKNOWN

Resource = Mapping[str, Any]
KUBERNETES = "kubernetes-admission"
_KUBERNETES_TYPE = re.compile(r"kubernetes:(?P<group>[^:/]+)/(?P<version>[^:/]+):(?P<kind>[^:/]+)")
_ABSENT = object()
#: Rego that builds the default input from the result of `parts_of_input`, so that properties are sent once.
WHOLE_INPUT = """_whole(item) := whole if {
	about := item.about
	own := item.properties
	plain := object.union(about, {"__name": about.name, "properties": own, "props": own})
	above := {
		"__type": about.type, "__urn": about.urn, "__name": about.name, "__options": about.options,
		"__provider": about.provider, "__properties": own, "__props": own,
	}
	whole := _over(_over(_over(plain, own), above), item.more)
}

_over(below, above) := object.union(object.remove(below, object.keys(above)), above)"""
#: The members of the default input that hold all properties of the resource.
WHOLE = frozenset({"properties", "props", "__properties", "__props"})


def plain(value: Any, *, unknown: bool) -> Any:
    """Properties as rules see them: secrets are unwrapped.

    With `unknown`, an unknown value is its placeholder text; without, it is left out, also from lists.
    """
    found = _plain(value, unknown)
    return {} if found is _ABSENT else found


def _plain(value: Any, unknown: bool) -> Any:
    if isinstance(value, str):
        return value if unknown or value != UNKNOWN else _ABSENT
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return _plain(value.get("value"), unknown)
        pairs = ((name, _plain(item, unknown)) for name, item in value.items())
        return {name: item for name, item in pairs if item is not _ABSENT}
    if isinstance(value, list):
        return [found for item in value if (found := _plain(item, unknown)) is not _ABSENT]
    return value


def resource_input(resource: Resource, keys: Set[str]) -> dict[str, Any]:
    """The members `keys` of the default input, as far as it has them. `keys` has none of `WHOLE`."""
    properties = resource["properties"]
    made = {}
    for key in keys:
        if key[:2] == "__" and key[2:] in _ABOUT:
            made[key] = _ABOUT[key[2:]](resource)
        elif key in properties:
            made[key] = properties[key]
        elif key in _ABOUT:
            made[key] = _ABOUT[key](resource)
    return made


def parts_of_input(resource: Resource, *, stack: bool = False) -> dict[str, Any]:
    """The parts from which `WHOLE_INPUT` builds the default input; for a `stack`, with dependencies."""
    more = {}
    if stack:
        dependencies = resource.get("propertyDependencies") or {}
        more = {
            "dependencies": list(resource.get("dependencies", ())),
            "propertyDependencies": {name: list(entry["urns"]) for name, entry in dependencies.items()},
        }
    about = {name: make(resource) for name, make in _ABOUT.items()}
    return {"about": about, "properties": resource["properties"], "more": more}


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    timeouts = given.get("customTimeouts") or {}
    options: dict[str, Any] = {
        "protect": given.get("protect", False),
        "ignoreChanges": list(given.get("ignoreChanges", ())),
        "additionalSecretOutputs": list(given.get("additionalSecretOutputs", ())),
        "aliasURNs": list(given.get("aliases", ())),
        "aliases": [],  # the protocol has the URNs of aliases only
        "customTimeouts": {name: timeouts.get(name, 0) for name in ("create", "update", "delete")},
        "parent": given.get("parent", ""),
    }
    if given.get("deleteBeforeReplaceDefined"):
        options["deleteBeforeReplace"] = given.get("deleteBeforeReplace", False)
    return options


def _provider(given: Mapping[str, Any]) -> dict[str, Any]:
    properties = given.get("properties") or {}
    return {
        "type": given["type"],
        "urn": given["urn"],
        "name": given["name"],
        "properties": properties,
        "props": properties,
    }


_ABOUT: Mapping[str, Callable[[Resource], Any]] = {
    "type": lambda resource: resource["type"],
    "urn": lambda resource: resource["urn"],
    "name": lambda resource: resource["name"],
    "options": lambda resource: _options(resource.get("options") or {}),
    "provider": lambda resource: _provider(resource["provider"]) if resource.get("provider") else {},
}


def is_kubernetes(resource: Resource) -> bool:
    """Whether this is a Kubernetes resource, which `kubernetes_input` takes."""
    return _KUBERNETES_TYPE.fullmatch(resource["type"]) is not None


def kubernetes_input(resource: Resource, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A resource as Gatekeeper's admission review; `parameters` are the rule's configuration, if any."""
    match = _KUBERNETES_TYPE.fullmatch(resource["type"])
    assert match
    group = "" if match["group"] == "core" else match["group"]
    version, kind = match["version"], match["kind"]
    properties = resource["properties"]
    metadata = properties.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    made: dict[str, Any] = {
        "review": {
            "object": {"apiVersion": f"{group}/{version}" if group else version, "kind": kind, **properties},
            "kind": {"group": group, "version": version, "kind": kind},
            "name": metadata.get("name") or resource["name"],
            "namespace": metadata.get("namespace") or "",
            "operation": "CREATE",
        },
        "_pulumi": {name: _ABOUT[name](resource) for name in ("type", "urn", "name", "options", "provider")},
    }
    if parameters:
        made["parameters"] = parameters
    return made
