"""A pack's metadata: its policies, their levels, texts and configuration schemas, as frozen values.

A running pack's answer to GetAnalyzerInfo and the metadata in a release's record are both read into these
classes. Both readers then call `faults`, which checks the same rules for both.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from packreg.pack.paths import shown

#: The enforcement levels by their numbers in Pulumi's analyzer protocol.
LEVELS = ("advisory", "mandatory", "disabled", "remediate")
SEVERITIES = ("", "low", "medium", "high", "critical")
#: SDKs before 1.18 report "unknown"; such a policy counts as both a resource and a stack policy.
TYPES = ("unknown", "resource", "stack")
MAX_POLICIES = 10_000
MAX_NAME = 1000  # characters
MAX_TEXT = 256 * 1024  # characters
MAX_NAMES = 1000  # tags, required properties


@dataclass(frozen=True, slots=True)
class Framework:
    """The compliance framework that a policy belongs to."""

    name: str = ""
    version: str = ""
    reference: str = ""
    specification: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """A policy's configuration: JSON schemas by property name, and the required names. Not yet checked."""

    properties: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """One policy. `level` is its own, before any configuration; `schema` is None if it takes none.

    `level` is one of `LEVELS`, `type` of `TYPES`, `severity` of `SEVERITIES`. Texts may have several lines,
    and hold anything a pack's author wrote.
    """

    name: str
    level: str
    type: str = "unknown"
    display_name: str = ""
    description: str = ""
    message: str = ""
    severity: str = ""
    framework: Framework | None = None
    tags: tuple[str, ...] = ()
    remediation_steps: str = ""
    url: str = ""
    schema: Schema | None = None

    @property
    def judges_resources(self) -> bool:
        """Whether it may be a policy for single resources."""
        return self.type != "stack"

    @property
    def judges_stacks(self) -> bool:
        """Whether it may be a policy for whole stacks."""
        return self.type != "resource"


@dataclass(frozen=True, slots=True)
class InitialSetting:
    """What the pack's `initialConfig` says of a policy. If it sets no level, the level is "advisory"."""

    level: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A pack. `version` is what the SDK says; use the release's instead, as Python's SDK always says 0.0.1.

    `name` is what the pack calls itself; `shown_name` is the name that packreg shows.
    `initial` is by policy name, and may have `all`; `sdk` is the version of the SDK, or of packreg's own
    analyzer.
    """

    name: str
    version: str
    policies: tuple[PolicyInfo, ...]
    display_name: str = ""
    description: str = ""
    readme: str = ""
    provider: str = ""
    repository: str = ""
    tags: tuple[str, ...] = ()
    supports_config: bool = False
    initial: Mapping[str, InitialSetting] = field(default_factory=dict)
    sdk: str = ""

    @property
    def shown_name(self) -> str:
        """The name as a registry has it, in lower case."""
        return self.name.lower()

    def policy(self, name: str) -> PolicyInfo | None:
        """The policy of this name; None if the pack has none."""
        return next((policy for policy in self.policies if policy.name == name), None)

    def level_of(self, name: str) -> str:
        """The level of a policy without configuration: `initialConfig`'s, else its own; "" if unknown."""
        for key in (name, "all"):
            if self.supports_config and key in self.initial:
                return self.initial[key].level
        policy = self.policy(name)
        return policy.level if policy else ""

    def as_json(self) -> dict[str, Any]:
        """Everything as a dict for JSON, with every member."""
        return asdict(self)


def faults(info: PackInfo) -> list[str]:
    """What makes results ambiguous or the metadata unusable, sorted, each a phrase about the pack.

    These are: the pack or a policy has no name, two policies have the same name, a policy is called `all`, a
    level, type or severity is unknown, a text or list is too large, a number is not valid JSON.
    """
    return sorted(set(_faults(info)))


def _faults(info: PackInfo) -> Iterator[str]:
    yield from _name(info.name, "the pack")
    if len(info.policies) > MAX_POLICIES:
        yield f"it has {len(info.policies)} policies; {MAX_POLICIES} are allowed"
    names = Counter(policy.name for policy in info.policies)
    yield from (f"{times} policies are called '{shown(name)}'" for name, times in names.items() if times > 1)
    if "all" in names:
        yield "a policy is called 'all', which configurations use for every policy"
    yield from _texts(info, ("display_name", "description", "readme", "provider", "repository"), "its")
    yield from _text(info.version, "its version", MAX_NAME)
    yield from _text(info.sdk, "its SDK's version", MAX_NAME)
    yield from _names(info.tags, "its tags")
    for policy in info.policies:
        yield from _policy(policy)
    for name, setting in info.initial.items():
        yield from _name(name, "an entry of initialConfig")
        of = f"of initialConfig for '{shown(name)}'"
        yield from _choice(setting.level, LEVELS, f"the level {of}")
        yield from _bag(setting.properties, f"the properties {of}")


def _policy(policy: PolicyInfo) -> Iterator[str]:
    yield from _name(policy.name, "a policy")
    of = f"of '{shown(policy.name)}'"
    yield from _choice(policy.level, LEVELS, f"the level {of}")
    yield from _choice(policy.type, TYPES, f"the type {of}")
    yield from _choice(policy.severity, SEVERITIES, f"the severity {of}")
    texts = ("display_name", "description", "message", "remediation_steps", "url")
    yield from _texts(policy, texts, "the", of)
    yield from _names(policy.tags, f"the tags {of}")
    if policy.framework is not None:
        for text in asdict(policy.framework).values():
            yield from _text(text, f"the framework {of}")
    if policy.schema is not None:
        yield from _names(policy.schema.required, f"the required names {of}")
        yield from _bag(policy.schema.properties, f"the configuration schema {of}")


def _name(name: str, what: str) -> Iterator[str]:
    if not name:
        yield f"{what} has no name"
    yield from _text(name, f"the name of {what}", MAX_NAME)


def _texts(thing: object, members: tuple[str, ...], before: str, of: str = "") -> Iterator[str]:
    for member in members:
        words = member.replace("_", " ").replace("url", "URL")
        yield from _text(getattr(thing, member), f"{before} {words} {of}".rstrip())


def _text(text: str, what: str, limit: int = MAX_TEXT) -> Iterator[str]:
    if len(text) > limit:
        yield f"{what} has {len(text)} characters; {limit} are allowed"


def _names(texts: tuple[str, ...], what: str) -> Iterator[str]:
    if len(texts) > MAX_NAMES:
        yield f"{what}: there are {len(texts)}; {MAX_NAMES} are allowed"
    for text in texts[:MAX_NAMES]:
        yield from _text(text, what, MAX_NAME)


def _choice(word: str, choices: tuple[str, ...], what: str) -> Iterator[str]:
    if word not in choices:
        yield f"{what} is {shown(word)}, which this version of packreg does not know"


def _bag(bag: Mapping[str, Any], what: str) -> Iterator[str]:
    try:
        json.dumps(bag, allow_nan=False)
    except ValueError:
        yield f"{what} has a number that JSON cannot hold"
