"""How a pack is configured: levels and properties by policy, from several layers, against its schemas.

The layers, each over the one before: what the policy says of itself (its level, its schema's defaults), the
pack's `initialConfig`, environments, files. Within a layer `all` sets every policy's level first, then the
policies' own settings count, so a later layer's `all` beats an earlier layer's single policy. Properties are
merged key by key, not deeply. All of this is the Pulumi CLI's behaviour, and so is that a policy the pack
does not have is accepted when it is given a level. What is better here: every problem is reported at once,
with its place and what is allowed, and there is a warning of a policy that the pack does not have, of a
property that a policy's schema does not name, and of a key given twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packreg.configuration.file import LEVEL_KEY, LEVELS, Layer, Setting, levels, refused
from packreg.configuration.messages import SchemaViolation
from packreg.configuration.schema import PolicySchema, schema_problem, violations
from packreg.errors import Problem
from packreg.pack.metadata import PackInfo
from packreg.text import nearest

#: What the first two layers are called, which every pack brings itself.
DEFAULTS = "the pack's own defaults"
INITIAL = "the pack's initialConfig"


@dataclass(frozen=True, slots=True)
class Policy:
    """What configuration needs to know of a policy. `schema` is None when it takes no properties."""

    name: str
    level: str
    schema: PolicySchema | None = None


@dataclass(frozen=True, slots=True)
class ConfigurablePack:
    """What configuration needs to know of a pack.

    In `initial` a setting without a level must already be "advisory": the analyzer protocol cannot say
    "no level" there, and the Pulumi CLI reads its zero as advisory.
    """

    name: str
    policies: tuple[Policy, ...]
    initial: Mapping[str, Setting] = field(default_factory=dict)
    supports_config: bool = True
    remediates: bool = True

    @classmethod
    def of(cls, info: PackInfo, runtime: str = "") -> ConfigurablePack:
        """The same from a pack's metadata, whether it runs or was published.

        Metadata does not say the runtime. Where it is not given, what the runtime forbids is left to the
        running pack to refuse.
        """
        policies = tuple(
            Policy(
                policy.name,
                policy.level,
                PolicySchema(policy.schema.properties, policy.schema.required) if policy.schema else None,
            )
            for policy in info.policies
        )
        initial = {name: Setting(entry.level, entry.properties) for name, entry in info.initial.items()}
        return cls(info.shown_name, policies, initial, info.supports_config, runtime != "opa")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings that a pack gets, by policy (and `all`, when a layer has it); None: it takes none."""

    settings: Mapping[str, Setting] | None
    warnings: tuple[Problem, ...] = ()

    def request(self) -> dict[str, dict[str, object]] | None:
        """The `policyConfig` of Configure, levels by their protobuf names; None: do not call it."""
        if self.settings is None:
            return None
        return {
            name: {LEVEL_KEY: setting.level.upper(), "properties": dict(setting.properties)}
            for name, setting in sorted(self.settings.items())
        }


def reconcile(pack: ConfigurablePack, layers: Sequence[Layer] = ()) -> Configuration:
    """The configuration of this pack under these layers, the weakest first.

    Raises InvalidConfiguration with all problems, sorted: the pack takes no configuration and one is given, a
    schema is not one, properties that a schema refuses or requires, a policy that ends up without a level, or
    at "remediate" in an OPA pack, whose analyzer refuses that.
    """
    where = ", ".join(layer.where for layer in layers) or DEFAULTS
    if not pack.supports_config:
        if layers:
            hint = "leave the configuration of this pack out"
            problem = Problem("config-unsupported", f"the pack {pack.name} takes none", where, hint)
            raise refused(f"the configuration of {pack.name} is refused", [problem])
        return Configuration(None)
    errors: list[Problem] = []
    secrets = frozenset[str]().union(*(layer.secrets for layer in layers))
    own = own_settings(pack)
    settings: Mapping[str, Setting] = own
    origin: dict[tuple[str, str], str] = {}
    for layer in (Layer(DEFAULTS, own), Layer(INITIAL, pack.initial), *layers):
        settings = applied(settings, layer.settings)
        origin.update(((p, k), layer.where) for p, s in layer.settings.items() for k in s.properties)
    for policy in pack.policies:
        if policy.schema is not None:
            found = _check(policy.name, policy.schema, settings[policy.name].properties, origin, where)
            errors.extend(_without_secrets(policy.name, problem, secrets) for problem in found)
    for name, setting in settings.items():
        if setting.level not in LEVELS:
            errors.append(_without_level(name, own, where))
    if not pack.remediates:
        errors.extend(_remediating(settings, layers))
    if errors:
        raise refused(f"the configuration of {pack.name} is refused", errors)
    return Configuration(settings, (*_warnings(own, layers), *_unknown_properties(pack, layers)))


def own_settings(pack: ConfigurablePack) -> dict[str, Setting]:
    """What the policies say of themselves: their levels, and the defaults in their schemas."""
    return {p.name: Setting(p.level, p.schema.defaults() if p.schema else {}) for p in pack.policies}


def applied(settings: Mapping[str, Setting], layer: Mapping[str, Setting]) -> dict[str, Setting]:
    """The settings with a layer over them."""
    every = layer["all"].level if "all" in layer else ""
    result = {n: Setting(every or setting.level, setting.properties) for n, setting in settings.items()}
    for name, given in layer.items():
        before = result.get(name, Setting())
        result[name] = Setting(given.level or before.level, {**before.properties, **given.properties})
    return result


def _check(
    policy: str,
    schema: PolicySchema,
    properties: Mapping[str, object],
    origin: Mapping[tuple[str, str], str],
    where: str,
) -> Iterator[Problem]:
    problem, found = schema_problem(schema), []
    if not problem:
        try:
            found = violations(schema, properties)
        except ValueError as error:
            problem = str(error)
    if problem:
        message = str(SchemaViolation((policy,), f"the pack's schema cannot be used: {problem}"))
        yield Problem("config-schema", message, where)
    for violation in found:
        at = origin.get((policy, str(violation.path[0])), where) if violation.path else where
        yield Problem("config-value", str(SchemaViolation((policy, *violation.path), violation.message)), at)


def _without_secrets(policy: str, problem: Problem, secrets: frozenset[str]) -> Problem:
    """The problem as it may be said: what a schema says of a value quotes the value."""
    if not any(secret and secret in problem.message for secret in secrets):
        return problem
    return problem._replace(
        message=str(SchemaViolation((policy,), "a secret value does not match the schema"))
    )


def _without_level(name: str, own: Mapping[str, Setting], where: str) -> Problem:
    if name == "all":
        return Problem("config-level", f"all: has properties and no level; it needs one of {levels()}", where)
    message = "the pack has no such policy, and it is given properties without a level"
    return Problem("config-unknown-policy", str(SchemaViolation((name,), message)), where, _meant(name, own))


def _remediating(settings: Mapping[str, Setting], layers: Sequence[Layer]) -> Iterator[Problem]:
    """Each name that a layer sets to "remediate", if it ends so, with the last such layer."""
    last = {n: layer.where for layer in layers for n, s in layer.settings.items() if s.level == "remediate"}
    for name, where in last.items():
        if settings[name].level == "remediate":
            message = "cannot be set to remediate: the policies of an OPA pack only report"
            yield Problem("config-level", str(SchemaViolation((name,), message)), where)


def _warnings(own: Mapping[str, Setting], layers: Sequence[Layer]) -> Iterator[Problem]:
    for layer in layers:
        yield from layer.warnings
        for name in sorted(layer.settings):
            if name != "all" and name not in own:
                message = str(
                    SchemaViolation((name,), "the pack has no such policy; this setting does nothing")
                )
                yield Problem("config-unknown-policy", message, layer.where, _meant(name, own))


def _unknown_properties(pack: ConfigurablePack, layers: Sequence[Layer]) -> Iterator[Problem]:
    """Properties that a policy's schema does not name. The Pulumi CLI passes them on, and says nothing."""
    schemas = {policy.name: policy.schema for policy in pack.policies if policy.schema}
    for layer in layers:
        for policy, setting in sorted(layer.settings.items()):
            names = schemas.get(policy, PolicySchema()).properties
            for name in sorted(setting.properties.keys() - names.keys()) if names else ():
                if not any(secret and secret in name for secret in layer.secrets):
                    said = str(SchemaViolation((policy, name), "the policy's schema has no such property"))
                    yield Problem("config-unknown-property", said, layer.where, _property_meant(name, names))


def _property_meant(name: str, known: Mapping[str, object]) -> str:
    if name == "properties":
        return "write the properties themselves, beside enforcementLevel"
    if close := nearest(name, known):
        return f"did you mean {close}?"
    return f"its properties: {', '.join(sorted(known)[:20])}"


def _meant(name: str, own: Mapping[str, Setting]) -> str:
    close = nearest(name, own)
    return f"did you mean {close}?" if close else f"its policies: {', '.join(sorted(own)[:20])}"
