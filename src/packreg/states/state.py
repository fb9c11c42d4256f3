"""The resources of a stack's state: `pulumi stack export`, or a self-managed backend's checkpoint file.

    {"version": 1…4, "features"?: […], "deployment": {"secrets_providers"?, "resources": […], …}}
    {"version": 1…4, "features"?: […], "checkpoint": {"stack", "latest": {the same deployment}}}
    {"stack", "latest": {a deployment of version 1}}          a checkpoint from before 2018

The versions and features that are read, and how older versions are completed, are those of the Pulumi CLI
3.259.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from packreg.errors import InvalidState
from packreg.states.json_text import JsonText
from packreg.states.resource import Resource, resource_from_state
from packreg.states.secrets import StateSecrets, Unwrap
from packreg.states.snapshot import Elements, Snapshot

NEWEST_VERSION = 4
FEATURES = frozenset(
    {
        "byteString",
        "extensionParameterization",
        "hooks",
        "refreshBeforeUpdate",
        "replaceWith",
        "snippets-prototype",
        "taint",
        "views",
    }
)


@dataclass(slots=True)
class _Header:
    kind: str = ""  # the member that holds the deployment
    version: object = None
    features: object = None
    provider: object = None
    names: list[str] = field(default_factory=list)


def read_state(
    data: bytes, where: str, *, passphrase: str | None = None, unwrap: Unwrap | None = None
) -> Snapshot:
    """The snapshot of a state. `where` names the file in errors.

    `passphrase` and `unwrap` decrypt its secrets (see `secrets`). Raises InvalidState when it is not JSON or
    has none of the forms above, has an unknown version or feature, or a resource cannot be read (see
    `Snapshot`).
    """
    text = JsonText(data, where)
    header = _Header()
    place = {"deployment": "deployment", "checkpoint": "checkpoint.latest", "latest": "latest"}
    elements = Elements(data, lambda index: f"{place[header.kind]}.resources[{index}]")
    if text.peek() != "{":
        raise InvalidState(f"{where} is not the state of a stack: it is not a JSON object", hint=_HINT)
    for name in text.members():
        header.names.append(name)
        if name in place:
            if header.kind:
                raise InvalidState(f"{where} has both a {header.kind} and a {name}")
            header.kind = name
            if name == "checkpoint":
                for part in text.members():
                    if part == "latest":
                        _deployment(text, header, elements)
            else:
                _deployment(text, header, elements)
        elif name == "version":
            header.version = text.value()
        elif name == "features":
            header.features = text.value()
    text.end()
    version = _version(header, where)

    def read(index: int, raw: object) -> Resource:
        return resource_from_state(raw, version)

    return Snapshot(where, elements, read, secrets=StateSecrets(header.provider, passphrase, unwrap))


def _deployment(text: JsonText, header: _Header, elements: Elements) -> None:
    for name in text.members():
        if name == "secrets_providers":
            header.provider = text.value()
        elif name == "resources":
            for _ in text.elements():
                elements.add(text.skip())


_HINT = "give the output of `pulumi stack export`, or a checkpoint file of a self-managed backend"


def _version(header: _Header, where: str) -> int:
    """The deployment's version. Raises InvalidState when the version or a feature is unknown."""
    if not header.kind:
        preview = "steps" in header.names or "changeSummary" in header.names
        hint = "this is the output of `pulumi preview --json`: analyze it as a preview" if preview else _HINT
        raise InvalidState(
            f"{where} is not the state of a stack: it has no deployment and no checkpoint", hint=hint
        )
    version = header.version
    if version is None and header.kind == "latest":
        return 1
    if not isinstance(version, float) or not version.is_integer():
        raise InvalidState(f"{where} is not the state of a stack: it has no version", hint=_HINT)
    if version > NEWEST_VERSION:
        raise InvalidState(
            f"{where} has version {version:.0f} of Pulumi's state format; the newest is {NEWEST_VERSION}",
            hint="a newer packreg may read it",
        )
    if version < 1:
        raise InvalidState(
            f"{where} has version {version:.0f} of Pulumi's state format; the oldest known is 1"
        )
    if version >= 4 and header.features is not None:
        features = header.features
        if not isinstance(features, list) or not all(isinstance(feature, str) for feature in features):
            raise InvalidState(f"{where}: features must be a list of names")
        unknown = sorted(set(features) - FEATURES)
        if unknown:
            raise InvalidState(
                f"{where} needs unknown features of Pulumi's state format: {str(unknown)[1:-1][:200]}",
                hint="a newer packreg may read it",
            )
    return int(version)
