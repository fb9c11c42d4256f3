"""What a pack says of itself, checked: its answer to GetAnalyzerInfo as frozen values."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from packreg.analysis.program import printable
from packreg.analysis.protocol import analyzer_pb2 as pb
from packreg.analysis.protocol.encode import LEVELS
from packreg.analysis.protocol.struct import decode_struct
from packreg.errors import PackFailed

SEVERITIES = ("", "low", "medium", "high", "critical")
#: "unknown" is what SDKs before 1.18 say; such a policy is taken for either kind.
TYPES = ("unknown", "resource", "stack")
MAX_POLICIES = 10_000
MAX_NAME = 1000
MAX_TEXT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Framework:
    """The compliance framework that a policy belongs to."""

    name: str = ""
    version: str = ""
    reference: str = ""
    specification: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """A policy's configuration: JSON schemas by property name, and the names it requires. Not yet checked."""

    properties: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """One policy. `level` is its own, before any configuration; `schema` is None if it takes none.

    `type` is one of `TYPES`, `severity` one of `SEVERITIES`. Texts may hold anything a pack's author wrote.
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
    """What the pack's `initialConfig` says of a policy. No level there arrives as "advisory"."""

    level: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A pack. `version` is what the SDK says, which for Python is always 0.0.1: the release's counts."""

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

    def policy(self, name: str) -> PolicyInfo | None:
        """The policy of this name."""
        return next((policy for policy in self.policies if policy.name == name), None)

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON would have it."""
        return asdict(self)


def read_info(message: pb.AnalyzerInfo, sdk: str, pack: str) -> PackInfo:
    """The checked values of a pack's answer; `sdk` is what its SDK says of its own version.

    Raises PackFailed ("bad-metadata") with everything wrong that makes results ambiguous or the metadata
    unusable: no name, a policy without one, two of one name, one called `all`, a level, schema or text that
    is none or too large.
    """
    wrong: list[str] = []
    reader = _Reader(wrong)
    if len(message.policies) > MAX_POLICIES:
        wrong.append(f"it has {len(message.policies)} policies; {MAX_POLICIES} are allowed")
    policies = tuple(reader.policy(policy) for policy in message.policies[:MAX_POLICIES])
    names = Counter(policy.name for policy in policies)
    wrong.extend(f"{times} policies are called {printable(n)!r}" for n, times in names.items() if times > 1)
    if "all" in names:
        wrong.append("a policy is called 'all', which configurations use for every policy")
    info = PackInfo(
        name=reader.name(message.name, "the pack"),
        version=reader.text(message.version, "its version", MAX_NAME),
        policies=policies,
        display_name=reader.text(message.display_name, "its display name"),
        description=reader.text(message.description, "its description"),
        readme=reader.text(message.readme, "its readme"),
        provider=reader.text(message.provider, "its provider"),
        repository=reader.text(message.repository, "its repository"),
        tags=reader.texts(message.tags, "its tags"),
        supports_config=message.supports_config,
        initial={name: reader.initial(name, entry) for name, entry in sorted(message.initial_config.items())},
        sdk=reader.text(sdk, "its SDK's version", MAX_NAME),
    )
    if wrong:
        raise PackFailed(
            f"{pack} says of itself what cannot be: " + "; ".join(sorted(set(wrong))[:20]),
            code="bad-metadata",
        )
    return info


class _Reader:
    def __init__(self, wrong: list[str]) -> None:
        self._wrong = wrong

    def policy(self, message: pb.PolicyInfo) -> PolicyInfo:
        name = self.name(message.name, "a policy")
        of = f"of {printable(name)!r}"
        framework = message.framework
        return PolicyInfo(
            name=name,
            level=self.choice(message.enforcement_level, LEVELS, f"the level {of}"),
            type=self.choice(message.policy_type, TYPES, f"the type {of}"),
            display_name=self.text(message.display_name, f"the display name {of}"),
            description=self.text(message.description, f"the description {of}"),
            message=self.text(message.message, f"the message {of}"),
            severity=self.choice(message.severity, SEVERITIES, f"the severity {of}"),
            framework=Framework(
                self.text(framework.name, f"the framework {of}"),
                self.text(framework.version, f"the framework {of}"),
                self.text(framework.reference, f"the framework {of}"),
                self.text(framework.specification, f"the framework {of}"),
            )
            if message.HasField("framework")
            else None,
            tags=self.texts(message.tags, f"the tags {of}"),
            remediation_steps=self.text(message.remediation_steps, f"the remediation steps {of}"),
            url=self.text(message.url, f"the URL {of}"),
            schema=self.schema(message.config_schema, of) if message.HasField("config_schema") else None,
        )

    def schema(self, message: pb.ConfigSchema, of: str) -> Schema:
        required = self.texts(message.required, f"the required names {of}")
        return Schema(self.bag(message.properties, f"the configuration schema {of}"), required)

    def initial(self, name: str, message: pb.PolicyConfig) -> InitialSetting:
        of = f"of initialConfig for {printable(self.name(name, 'an entry of initialConfig'))!r}"
        level = self.choice(message.enforcement_level, LEVELS, f"the level {of}")
        return InitialSetting(level, self.bag(message.properties, f"the properties {of}"))

    def name(self, name: str, what: str) -> str:
        if not name:
            self._wrong.append(f"{what} has no name")
        return self.text(name, f"the name of {what}", MAX_NAME)

    def text(self, text: str, what: str, limit: int = MAX_TEXT) -> str:
        if len(text) > limit:
            self._wrong.append(f"{what} has {len(text)} characters; {limit} are allowed")
            return text[:limit]
        return text

    def texts(self, texts: Iterable[str], what: str) -> tuple[str, ...]:
        found = tuple(texts)
        if len(found) > 1000:
            self._wrong.append(f"{what} are {len(found)}; 1000 are allowed")
        return tuple(self.text(text, what, MAX_NAME) for text in found[:1000])

    def choice(self, number: int, choices: tuple[str, ...], what: str) -> str:
        if 0 <= number < len(choices):
            return choices[number]
        self._wrong.append(f"{what} is {number}, which this version of packreg does not know")
        return choices[0]

    def bag(self, data: bytes, what: str) -> dict[str, Any]:
        try:
            bag = decode_struct(data)
        except ValueError as error:
            self._wrong.append(f"{what}: {error}")
            return {}
        try:
            json.dumps(bag, allow_nan=False)
        except ValueError:
            self._wrong.append(f"{what} has a number that JSON does not have")
        return bag
