"""A pack's policies over resources: inputs in, violations out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from packreg.analysis.opa import inputs
from packreg.analysis.opa.dispatch import Dispatch
from packreg.analysis.opa.engine import EngineFailure
from packreg.analysis.opa.inputs import Resource
from packreg.analysis.opa.references import input_keys
from packreg.analysis.opa.rules import Rule, RulePack
from packreg.analysis.values import SIGNATURE, UNKNOWN

ADVISORY, MANDATORY, DISABLED, REMEDIATE = "ADVISORY", "MANDATORY", "DISABLED", "REMEDIATE"


class Violation(NamedTuple):
    """What one policy says about what it judged."""

    rule: Rule
    level: str
    message: str


class Skipped(NamedTuple):
    """A policy that had nothing to judge, and why."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that the policies say to one question."""

    violations: tuple[Violation, ...] = ()
    skipped: tuple[Skipped, ...] = ()


class PolicyFailure(Exception):
    """A policy could not be evaluated. The text names it, and says why and where."""


class Setting(NamedTuple):
    """One policy's configuration, or with the name "all" that of those that have none."""

    level: str
    properties: Mapping[str, Any]


class Judge:
    """The policies of one pack; made and used in one thread.

    `warn` is told, once per policy, what is wrong with its results.
    """

    def __init__(self, pack: RulePack, input_format: str, warn: Callable[[str], None]) -> None:
        self._dispatch = Dispatch(pack)
        self._pack, self._warn = pack, warn
        self._kubernetes = input_format == inputs.KUBERNETES
        self._keys = input_keys(pack.modules)
        self._warned: set[str] = set()
        self.configure({})

    def configure(self, settings: Mapping[str, Setting]) -> None:
        """Levels and properties of the policies, in place of all earlier ones.

        Raises ValueError for `remediate`: rules report, they do not change resources.
        """
        for name, setting in sorted(settings.items()):
            if setting.level == REMEDIATE:
                raise ValueError(f"the policy {name!r} cannot be set to remediate: OPA policies only report")
        everything = settings.get("all")
        levels: dict[str, str] = {}
        for rule in self._pack.rules:
            own = settings.get(rule.name) or everything
            levels[rule.name] = own.level if own else MANDATORY if rule.mandatory else ADVISORY
        self._parameters = {name: dict(setting.properties) for name, setting in settings.items()}
        self._dispatch.configure({name: props for name, props in self._parameters.items() if props})
        active = [(rule, levels[rule.name]) for rule in self._pack.rules if levels[rule.name] != DISABLED]
        self._resource_rules = [(rule, level) for rule, level in active if not rule.stack]
        self._stack_rules = [(rule, level) for rule, level in active if rule.stack]

    @property
    def keys(self) -> frozenset[str] | None:
        """The members of a resource's input that its rules can look at, or None for all."""
        return None if self._kubernetes else self._keys

    def resource(self, resource: Resource, *, signed: bool) -> Verdict:
        """Judge one resource. `signed` says whether it may hold secrets or unknowns. Raises PolicyFailure."""
        if not self._resource_rules:
            return Verdict()
        if self._kubernetes and not inputs.is_kubernetes(resource):
            reason = "the resource is not one of Kubernetes"
            return Verdict(skipped=tuple(Skipped(rule, reason) for rule, _ in self._resource_rules))
        return Verdict(tuple(self._judge(self._resource_rules, [resource], signed, self._resource_input)))

    def stack(self, resources: Iterable[Resource], *, signed: bool) -> Verdict:
        """Judge all resources together. Raises PolicyFailure."""
        if not self._stack_rules:
            return Verdict()
        chosen = [item for item in resources if not self._kubernetes or inputs.is_kubernetes(item)]
        return Verdict(tuple(self._judge(self._stack_rules, chosen, signed, self._stack_input)))

    def _resource_input(self, resources: Sequence[Resource], rule: Rule) -> dict[str, Any]:
        if self._kubernetes:
            return inputs.kubernetes_input(resources[0], self._parameters.get(rule.name))
        return inputs.resource_input(resources[0], self._keys)

    def _stack_input(self, resources: Sequence[Resource], rule: Rule) -> dict[str, Any]:
        if self._kubernetes:
            parameters = self._parameters.get(rule.name)
            return {"resources": [inputs.kubernetes_input(item, parameters) for item in resources]}
        return {"resources": [inputs.stack_resource_input(item) for item in resources]}

    def _judge(
        self,
        rules: Sequence[tuple[Rule, str]],
        resources: Sequence[Resource],
        signed: bool,
        make: Callable[[Sequence[Resource], Rule], dict[str, Any]],
    ) -> list[Violation]:
        if not signed:
            return self._evaluate(rules, resources, make)
        found = self._evaluate(rules, [_revealed(item, True) for item in resources], make)
        if not any(_holds_unknown(item) for item in resources):
            return found
        # What does not depend on the unknown values comes out the same whatever stands for them.
        other = self._evaluate(rules, [_revealed(item, False) for item in resources], make)
        sure = [violation for violation in found if violation in other]
        for rule, _ in rules:
            if {v.message for v in found if v.rule is rule} != {v.message for v in other if v.rule is rule}:
                reason = "its result depends on values that are not known yet"
                sure.append(
                    Violation(rule, ADVISORY, f"can't run policy '{rule.name}' during preview: {reason}")
                )
        return sure

    def _evaluate(
        self,
        rules: Sequence[tuple[Rule, str]],
        resources: Sequence[Resource],
        make: Callable[[Sequence[Resource], Rule], dict[str, Any]],
    ) -> list[Violation]:
        violations = []
        current: object = None
        is_set = False
        for rule, level in rules:
            # For Kubernetes a rule's configuration is a part of its input; else one input does for all.
            parameters = self._parameters.get(rule.name) or {} if self._kubernetes else {}
            if parameters != current:
                made = make(resources, rule)
                engine, can = self._dispatch.choose(made)
                current, is_set = parameters, False
            if can is not None and rule.name not in can:
                continue
            if not is_set:
                engine.set_input(json.dumps(made))
                is_set = True
            try:
                text = engine.evaluate(rule.name)
            except EngineFailure as failure:
                raise PolicyFailure(f"the policy {rule.name!r} cannot be evaluated: {failure}") from None
            if text != "[]":
                violations += [Violation(rule, level, message) for message in self._messages(rule, text)]
        return violations

    def _messages(self, rule: Rule, text: str) -> list[str]:
        value = json.loads(text)
        if isinstance(value, list):
            return [_message(item) for item in value]
        if value not in ("<undefined>", False, {}) and rule.name not in self._warned:
            self._warned.add(rule.name)
            self._warn(
                f"warning[opa/not-a-set] {rule.where}: the policy {rule.name} gave neither a set nor a list "
                "of messages, which is no violation"
            )
        return []


def _revealed(resource: Resource, unknown: bool) -> dict[str, Any]:
    made = {**resource, "properties": inputs.plain(resource["properties"], unknown=unknown)}
    provider = resource.get("provider")
    if provider:
        properties = inputs.plain(provider.get("properties") or {}, unknown=unknown)
        made["provider"] = {**provider, "properties": properties}
    return made


def _holds_unknown(resource: Resource) -> bool:
    provider = resource.get("provider") or {}
    return UNKNOWN in json.dumps([resource["properties"], provider.get("properties")])


def may_be_signed(data: bytes) -> bool:
    """Whether these bytes of a request, in whatever encoding, may hold secrets or unknown values."""
    return SIGNATURE.encode() in data or UNKNOWN.encode() in data


def _message(item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, dict) and isinstance(item.get("msg"), str):
        return str(item["msg"])
    return go_value(item)


def go_value(value: Any) -> str:
    """A JSON value as Go's `%v` writes it: what Pulumi's analyzer reports for other results."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + " ".join(go_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{go_value(value[name])}" for name in sorted(value)) + "]"
    return str(value)
