"""A running pack's metadata: its answer to GetAnalyzerInfo, read into the classes of `pack.metadata`."""

from __future__ import annotations

from typing import Any

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.analyzer.protocol.struct import decode_struct
from packreg.errors import PackFailed
from packreg.pack.metadata import (
    LEVELS,
    MAX_POLICIES,
    SEVERITIES,
    TYPES,
    Framework,
    InitialSetting,
    PackInfo,
    PolicyInfo,
    Schema,
    faults,
)
from packreg.pack.paths import shown


def read_info(message: pb.AnalyzerInfo, sdk: str, pack: str) -> PackInfo:
    """The checked metadata in the answer of the pack called `pack`; `sdk` is its SDK's version.

    Raises PackFailed ("bad-metadata") that lists at most 20 faults: those of `pack.metadata.faults`, and
    schemas or properties that are no property bag.
    """
    wrong: list[str] = []
    reader = _InfoReader(wrong)
    info = PackInfo(
        name=message.name,
        version=message.version,
        policies=tuple(reader.policy(policy) for policy in message.policies[: MAX_POLICIES + 1]),
        display_name=message.display_name,
        description=message.description,
        readme=message.readme,
        provider=message.provider,
        repository=message.repository,
        tags=tuple(message.tags),
        supports_config=message.supports_config,
        initial={name: reader.initial(name, entry) for name, entry in sorted(message.initial_config.items())},
        sdk=sdk,
    )
    wrong += faults(info)
    if wrong:
        raise PackFailed(
            f"the metadata of {pack} breaks the rules: " + "; ".join(sorted(set(wrong))[:20]),
            code="bad-metadata",
        )
    return info


class _InfoReader:
    """Reads parts of the answer; adds what cannot be read to `wrong`."""

    def __init__(self, wrong: list[str]) -> None:
        self._wrong = wrong

    def policy(self, message: pb.PolicyInfo) -> PolicyInfo:
        framework = message.framework
        return PolicyInfo(
            name=message.name,
            level=_word(message.enforcement_level, LEVELS),
            type=_word(message.policy_type, TYPES),
            display_name=message.display_name,
            description=message.description,
            message=message.message,
            severity=_word(message.severity, SEVERITIES),
            framework=Framework(
                framework.name, framework.version, framework.reference, framework.specification
            )
            if message.HasField("framework")
            else None,
            tags=tuple(message.tags),
            remediation_steps=message.remediation_steps,
            url=message.url,
            schema=self.schema(message.config_schema, message.name)
            if message.HasField("config_schema")
            else None,
        )

    def schema(self, message: pb.ConfigSchema, policy: str) -> Schema:
        properties = self.bag(message.properties, f"the configuration schema of '{shown(policy)}'")
        return Schema(properties, tuple(message.required))

    def initial(self, name: str, message: pb.PolicyConfig) -> InitialSetting:
        properties = self.bag(message.properties, f"the properties of initialConfig for '{shown(name)}'")
        return InitialSetting(_word(message.enforcement_level, LEVELS), properties)

    def bag(self, data: bytes, what: str) -> dict[str, Any]:
        try:
            return decode_struct(data)
        except ValueError as error:
            self._wrong.append(f"{what}: {error}")
            return {}


def _word(number: int, words: tuple[str, ...]) -> str:
    """The word for an enum number of the protocol; its digits if it is unknown, which `faults` refuses."""
    return words[number] if 0 <= number < len(words) else str(number)
