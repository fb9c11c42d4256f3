"""Evaluate a pack's policies over resources: inputs in, violations out.

A generated Rego module beside the pack's asks for the policies' values over a list of resources. It puts each
value into a list of its own, so that an undefined rule gives an empty list and not an undefined answer. Lists
give the same answers as resources one by one (compared over 24,000 values).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from packreg.opa import inputs
from packreg.opa.inputs import Resource
from packreg.opa.modules import input_keys
from packreg.opa.program import OpaFailure
from packreg.opa.rules import Rule, RulePack, rule_path
from packreg.opa.service import EvaluationFailed, OpaService, TookTooLong
from packreg.states.values import SIGNATURE, UNKNOWN

ADVISORY, MANDATORY, DISABLED, REMEDIATE = "ADVISORY", "MANDATORY", "DISABLED", "REMEDIATE"
#: Most resources in one list. Longer lists are not faster.
_MOST = 64
#: The part of the remaining time that one list may take.
_SHARE = 0.25


class OpaViolation(NamedTuple):
    """One message of a policy, and the enforcement level."""

    rule: Rule
    level: str
    message: str


class Skipped(NamedTuple):
    """A policy that does not apply to a resource, and why."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True)
class OpaVerdict:
    """What all policies say about one resource, or about the stack."""

    violations: tuple[OpaViolation, ...] = ()
    skipped: tuple[Skipped, ...] = ()


class PolicyFailure(Exception):
    """A policy could not be evaluated. The message names it, and says why and where."""


class PolicySetting(NamedTuple):
    """The level and the properties that configure one policy; under the name "all", those of the others."""

    level: str
    properties: Mapping[str, Any]


#: What the policies say about one resource, or the failure of a policy.
Outcome = OpaVerdict | PolicyFailure
#: The value of each active policy, in a list that is empty if the policy is undefined.
_Values = list[list[Any]]


class Judge:
    """Evaluates the policies of one pack in a running `opa`.

    `warn` gets a message, once per policy, if a result is not a set or list of messages.
    """

    def __init__(
        self, pack: RulePack, input_format: str, service: OpaService, warn: Callable[[str], None]
    ) -> None:
        """Raises OpaFailure when `opa` does not accept the generated module."""
        self._pack, self._service, self._warn = pack, service, warn
        self._kubernetes = input_format == inputs.KUBERNETES
        self._keys = None if self._kubernetes else input_keys(pack.modules)
        if self._keys is not None and not inputs.WHOLE.isdisjoint(self._keys):
            self._keys = None  # such a member holds all the others
        self._name = f"packreg_{secrets.token_hex(8)}"  # no pack can be called so
        self._size = 1  # grows while answers come in time
        self._warned: set[str] = set()
        self.configure({})

    def configure(self, settings: Mapping[str, PolicySetting]) -> None:
        """Set the policies' levels and properties; replaces all earlier settings.

        `settings` are by policy; "all" is for policies without one. Raises ValueError for the level
        `remediate`: OPA policies cannot change resources. Raises OpaFailure.
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
        active = [(rule, levels[rule.name]) for rule in self._pack.rules if levels[rule.name] != DISABLED]
        self._resource_rules = [(rule, level) for rule, level in active if not rule.stack]
        self._stack_rules = [(rule, level) for rule, level in active if rule.stack]
        self._service.put_data("config", {name: props for name, props in self._parameters.items() if props})
        self._load([rule for rule, _ in self._resource_rules], [rule for rule, _ in self._stack_rules])

    @property
    def keys(self) -> frozenset[str] | None:
        """The members of a resource's input that rules can read, or None for all."""
        return self._keys

    def resources(
        self, resources: Sequence[Resource], *, signed: bool = True, seconds: float = 60.0
    ) -> list[Outcome]:
        """Judge each resource by itself, within `seconds`.

        Returns the outcomes of the first resources, at least one: as many as there was time for. `signed`
        says whether the resources may contain secrets or unknown values.

        Raises:
            TookTooLong: not even the first one was judged in time.
            OpaFailure: `opa` ended.
        """
        until = time.monotonic() + seconds
        soon = time.monotonic() + seconds * _SHARE
        outcomes: list[Outcome] = []
        while len(outcomes) < len(resources) and (not outcomes or time.monotonic() < soon):
            part = resources[len(outcomes) : len(outcomes) + self._size]
            left = until - time.monotonic()
            try:
                outcomes += self._judged(part, signed, left if len(part) == 1 else left * _SHARE)
            except TookTooLong:
                if len(part) == 1:
                    if outcomes:
                        break
                    raise
                self._size = max(1, len(part) // 2)
            else:
                self._size = min(_MOST, self._size * 2)
        return outcomes

    def stack(
        self, resources: Iterable[Resource], *, signed: bool = True, seconds: float = 120.0
    ) -> OpaVerdict:
        """Judge all resources together, with the policies for stacks.

        Raises PolicyFailure, TookTooLong, OpaFailure.
        """
        if not self._stack_rules:
            return OpaVerdict()
        chosen = [item for item in resources if not self._kubernetes or inputs.is_kubernetes(item)]
        asked = [self._stack_question(variant) for variant in _variants(chosen, signed)]
        until = time.monotonic() + seconds
        try:
            values = [self._values("stacks", [one], until - time.monotonic())[0] for one in asked]
        except EvaluationFailed as failure:
            raise self._named(failure, self._stack_rules, "stacks", asked, until) from None
        return OpaVerdict(tuple(self._violations(self._stack_rules, values)))

    # --- the questions ------------------------------------------------------------------------------------

    def _load(self, resource_rules: Sequence[Rule], stack_rules: Sequence[Rule]) -> None:
        """Load the generated module that evaluates these policies into `opa`. Raises OpaFailure."""
        asked = ", ".join(self._value(rule) for rule in resource_rules)
        together = ", ".join(self._value(rule) for rule in stack_rules)
        self._service.put_policy(
            self._name,
            f"""package {self._name}

import rego.v1

resources := [values |
	some item in input.items
	values := [{asked}] with input as _whole(item)
]

stacks := [values |
	some item in input.items
	whole := {{"resources": [resource | some each in item.resources; resource := _whole(each)]}}
	values := [{together}] with input as whole
]

_whole(item) := item.input if item.input

{inputs.WHOLE_INPUT}
""",
        )

    def _value(self, rule: Rule) -> str:
        """Rego for the policy's value in a list. Gatekeeper's rules get their configuration in the input."""
        parameters = self._parameters.get(rule.name) if self._kubernetes else None
        also = f" with input.parameters as {json.dumps(parameters)}" if parameters else ""
        return f"[value | value := {rule_path(self._pack.package)}{rule.name}{also}]"

    def _question(self, resource: Resource) -> dict[str, Any]:
        if self._kubernetes:
            return {"input": inputs.kubernetes_input(resource)}
        if self._keys is None:
            return inputs.parts_of_input(resource)
        return {"input": inputs.resource_input(resource, self._keys)}

    def _stack_question(self, resources: Sequence[Resource]) -> dict[str, Any]:
        if self._kubernetes:
            return {"resources": [{"input": inputs.kubernetes_input(item)} for item in resources]}
        return {"resources": [inputs.parts_of_input(item, stack=True) for item in resources]}

    def _values(self, rule: str, items: Sequence[Mapping[str, Any]], seconds: float) -> list[_Values]:
        values = self._service.evaluate(f"{self._name}/{rule}", {"items": items}, seconds=seconds)
        if not isinstance(values, list) or len(values) != len(items):
            raise OpaFailure(f"opa answered {len(items)} questions with {values!r:.100}")
        return values

    # --- the answers --------------------------------------------------------------------------------------

    def _judged(self, resources: Sequence[Resource], signed: bool, seconds: float) -> list[Outcome]:
        """An outcome for each resource. Raises TookTooLong, OpaFailure."""
        if not self._resource_rules:
            return [OpaVerdict() for _ in resources]
        asked: list[list[dict[str, Any]]] = []
        for resource in resources:
            fitting = not self._kubernetes or inputs.is_kubernetes(resource)
            asked.append([self._question(one) for (one,) in _variants([resource], signed)] if fitting else [])
        until = time.monotonic() + seconds
        return self._outcomes(asked, until)

    def _outcomes(self, asked: Sequence[list[dict[str, Any]]], until: float) -> list[Outcome]:
        """An outcome for each resource; `asked` has its inputs.

        If one input cannot be evaluated, `opa` answers none of a list; that input is found by halving the
        list.
        """
        items = [item for variants in asked for item in variants]
        try:
            values = iter(self._values("resources", items, until - time.monotonic()) if items else ())
        except EvaluationFailed as failure:
            if len(asked) == 1:
                return [self._named(failure, self._resource_rules, "resources", asked[0], until)]
            half = len(asked) // 2
            return self._outcomes(asked[:half], until) + self._outcomes(asked[half:], until)
        return [self._verdict([next(values) for _ in variants]) for variants in asked]

    def _verdict(self, values: Sequence[_Values]) -> OpaVerdict:
        if not values:
            reason = "the resource is not a Kubernetes resource"
            return OpaVerdict(skipped=tuple(Skipped(rule, reason) for rule, _ in self._resource_rules))
        return OpaVerdict(tuple(self._violations(self._resource_rules, values)))

    def _violations(
        self, rules: Sequence[tuple[Rule, str]], values: Sequence[_Values]
    ) -> Iterable[OpaViolation]:
        """The violations in the policies' values.

        `values` has one set of values, or two: with unknown values as text, and without them. A message that
        is in both does not depend on unknown values. For a policy whose messages differ, one advisory
        violation says that its result is not known yet.
        """
        for number, (rule, level) in enumerate(rules):
            found = self._messages(rule, values[0][number])
            if len(values) == 1:
                yield from (OpaViolation(rule, level, message) for message in found)
                continue
            other = self._messages(rule, values[1][number])
            yield from (OpaViolation(rule, level, message) for message in found if message in other)
            if set(found) != set(other):
                reason = "its result depends on values that are not known yet"
                message = f"can't run policy '{rule.name}' during preview: {reason}"
                yield OpaViolation(rule, ADVISORY, message)

    def _messages(self, rule: Rule, values: Sequence[Any]) -> list[str]:
        if not values:
            return []
        [value] = values
        if isinstance(value, list):
            return [_message(item) for item in value]
        if value not in (False, {}) and rule.name not in self._warned:
            self._warned.add(rule.name)
            self._warn(
                f"warning[opa/not-a-set] {rule.where}: the policy {rule.name} gave neither a set nor a list "
                "of messages, which is no violation"
            )
        return []

    def _named(
        self,
        failure: EvaluationFailed,
        rules: Sequence[tuple[Rule, str]],
        kind: str,
        items: Sequence[Mapping[str, Any]],
        until: float,
    ) -> PolicyFailure:
        """The failure, naming the first policy that fails when it is evaluated alone."""
        try:
            for rule, _ in rules:
                self._load([rule], [rule])
                try:
                    self._values(kind, items, until - time.monotonic())
                except EvaluationFailed as own:
                    return PolicyFailure(f"the policy {rule.name!r} cannot be evaluated: {own}")
            return PolicyFailure(f"the policies cannot be evaluated together: {failure}")
        finally:
            self._load([rule for rule, _ in self._resource_rules], [rule for rule, _ in self._stack_rules])


def _variants(resources: Sequence[Resource], signed: bool) -> list[Sequence[Resource]]:
    """The resources as rules see them.

    If there are unknown values, two variants: with their placeholder text, and without them.
    """
    if not signed:
        return [resources]
    shown = [_revealed(item, True) for item in resources]
    if UNKNOWN not in json.dumps([[item["properties"], item.get("provider")] for item in shown]):
        return [shown]
    return [shown, [_revealed(item, False) for item in resources]]


def _revealed(resource: Resource, unknown: bool) -> dict[str, Any]:
    made = {**resource, "properties": inputs.plain(resource["properties"], unknown=unknown)}
    provider = resource.get("provider")
    if provider:
        properties = inputs.plain(provider.get("properties") or {}, unknown=unknown)
        made["provider"] = {**provider, "properties": properties}
    return made


def may_be_signed(data: bytes) -> bool:
    """Whether a request, JSON or protobuf, may contain secrets or unknown values."""
    return SIGNATURE.encode() in data or UNKNOWN.encode() in data


def _message(item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, dict) and isinstance(item.get("msg"), str):
        return str(item["msg"])
    return go_value(item)


def go_value(value: Any) -> str:
    """A JSON value as Go's `%v` writes it: how Pulumi's analyzer reports results without a text or `msg`."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + " ".join(go_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{go_value(value[name])}" for name in sorted(value)) + "]"
    return str(value)
