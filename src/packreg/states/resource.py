"""One resource of a state, a preview or a resource list. Its properties are not converted yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from packreg.states.values import Properties, WrongValue

ROOT_STACK = "pulumi:pulumi:Stack"

_PREFIX = "urn:pulumi:"
_PROVIDER = "pulumi:providers:"


@dataclass(slots=True)
class Resource:
    """A resource. `inputs` and `outputs` are in the state's format (see `values`); all else is checked.

    `delete` marks a resource that awaits deletion. `provider` is a reference `<urn>::<id>` or "";
    `custom_timeouts` has seconds by operation; `delete_before_replace` is None when it is not given.
    """

    urn: str
    type: str
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    custom: bool = False
    delete: bool = False
    protect: bool = False
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    ignore_changes: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    delete_before_replace: bool | None = None

    @property
    def name(self) -> str:
        """The name in the URN: everything after the third `::`; it may contain `::` itself."""
        return urn_parts(self.urn)[3]

    @property
    def is_provider(self) -> bool:
        """Whether other resources can refer to this one as their provider."""
        return is_provider_type(self.type)


def is_urn(text: str) -> bool:
    """Whether a text is a well-formed URN, by the rule of the Pulumi engine."""
    return text.startswith(_PREFIX) and text.count("::") >= 3


def urn_parts(urn: str) -> tuple[str, str, str, str]:
    """Stack, project, qualified type and name of a URN; parts that it lacks are empty."""
    parts = urn[len(_PREFIX) :].split("::", 3)
    return (*parts, *[""] * (4 - len(parts)))  # type: ignore[return-value]


def is_provider_type(kind: str) -> bool:
    """Whether a type is that of a provider: `pulumi:providers:<package>`."""
    package = kind.removeprefix(_PROVIDER)
    return package != kind and bool(package) and ":" not in package


def provider_urn(reference: str) -> str:
    """The URN in a provider reference `<urn>::<id>`, or "" when it is not one."""
    urn, separator, _ = reference.rpartition("::")
    if not separator or not is_urn(urn):
        return ""
    return urn if is_provider_type(urn_parts(urn)[2].rpartition("$")[2]) else ""


def resource_from_state(raw: object, version: int = 3) -> Resource:
    """Read a resource of a deployment; `version` is the deployment's, from 1 to 4 (3 for previews).

    Older versions have fewer fields. What they lack is filled in as the Pulumi CLI does: before version 3
    every property depends on all dependencies of the resource, and version 1 has no providers. Raises
    WrongValue.
    """
    fields = _Fields(raw)
    resource = Resource(
        urn=fields.text("urn"),
        type=fields.text("type"),
        inputs=fields.object("inputs"),
        outputs=fields.object("outputs"),
        custom=fields.flag("custom"),
        delete=fields.flag("delete"),
        protect=fields.flag("protect"),
        parent=fields.text("parent"),
        dependencies=fields.texts("dependencies"),
        provider=fields.text("provider") if version >= 2 else "",
    )
    if version >= 3:
        resource.property_dependencies = fields.texts_by_name("propertyDependencies")
        resource.ignore_changes = fields.texts("ignoreChanges")
        resource.additional_secret_outputs = fields.texts("additionalSecretOutputs")
        resource.aliases = fields.texts("aliases")
        resource.custom_timeouts = fields.numbers("customTimeouts")
    else:
        resource.property_dependencies = dict.fromkeys(resource.inputs, resource.dependencies)
    if fields.text("id") and not resource.custom:
        raise WrongValue("has an id although it is not a custom resource")
    return checked(resource)


def checked(resource: Resource) -> Resource:
    """The resource itself. Raises WrongValue when it has no valid URN or no type."""
    if not resource.urn:
        raise WrongValue("has no urn")
    if not is_urn(resource.urn):
        raise WrongValue(f"has an invalid URN {resource.urn[:200]!r}")
    if not resource.type:
        raise WrongValue("has no type")
    return resource


class _Fields:
    """Reads members of a JSON object by type. Missing members and null give the empty value, as in Go.

    The methods raise WrongValue for a value of another type.
    """

    def __init__(self, raw: object) -> None:
        if not isinstance(raw, dict):
            raise WrongValue("is not an object")
        self._raw: Mapping[str, Any] = raw

    def text(self, name: str) -> str:
        value = self._raw.get(name)
        if value is None:
            return ""
        return _utf8(value) if isinstance(value, str) else _refuse("must be text", name)

    def flag(self, name: str) -> bool:
        value = self._raw.get(name)
        return (
            bool(value)
            if value is None or isinstance(value, bool)
            else _refuse("must be true or false", name)
        )

    def object(self, name: str) -> Properties:
        value = self._raw.get(name)
        if value is None:
            return {}
        return value if isinstance(value, dict) else _refuse("must be an object", name)

    def texts(self, name: str) -> list[str]:
        return _texts(self._raw.get(name), name)

    def texts_by_name(self, name: str) -> dict[str, list[str]]:
        return {_utf8(key): _texts(value, key, name) for key, value in self.object(name).items()}

    def numbers(self, name: str) -> dict[str, float]:
        numbers = self.object(name)
        for key, value in numbers.items():
            if not isinstance(value, float):
                _refuse("must be a number", key, name)
        return numbers


def _texts(value: object, *path: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        _refuse("must be a list of texts", *path)
    return [_utf8(item) for item in value]


def _utf8(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise WrongValue("holds half of a surrogate pair") from None
    return text


def _refuse(message: str, *path: str) -> NoReturn:
    wrong = WrongValue(message)
    wrong.path.extend(path)
    raise wrong
