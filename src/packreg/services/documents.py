"""Decisions about what must run, as JSON documents and as lines for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from packreg.errors import Problem
    from packreg.groups.decision import Asked, Required, Requirement
    from packreg.groups.explanation import Explained

_RULES = {
    "newer-version": "the newest version runs",
    "modified-later": "of one version the entry modified last counts",
    "first-by-name": "modified at the same time, the first group by name counts",
    "same": "it asks for the same",
}


@dataclass(frozen=True)
class Explanation:
    """How the policies of a pack are configured; its environments by revision; why some is not known."""

    policies: Sequence[Explained]
    environments: Sequence[str]
    problems: Sequence[Problem]


def _entity_json(required: Required) -> dict[str, Any]:
    entity = required.entity
    return {
        "entity": entity.name,
        "kind": entity.kind,
        "tags": dict(entity.tags),
        "revision": required.revision,
    }


def _decision_json(required: Required) -> dict[str, Any]:
    return {
        "mode": required.mode,
        "groups": list(required.groups),
        "problems": [problem._asdict() for problem in required.problems],
    }


def required_json(found: Sequence[Required]) -> dict[str, Any]:
    """Decisions about one entity, for `required --json`."""
    modes = [
        _decision_json(required) | {"packs": [_pack_json(pack) for pack in required.packs]}
        for required in found
    ]
    return _entity_json(found[0]) | {"modes": modes}


def _pack_json(pack: Requirement) -> dict[str, Any]:
    return {
        "pack": pack.pack,
        "version": pack.version.text,
        "group": pack.winner.group,
        "asked": pack.winner.entry.version,
        "environments": list(pack.environments),
        "warnings": [warning._asdict() for warning in pack.warnings],
    }


def _pack_why_json(pack: Requirement, explained: Explanation) -> dict[str, Any]:
    warnings = [warning._asdict() for warning in (*pack.warnings, *explained.problems)]
    return _pack_json(pack) | {
        "environments": list(explained.environments),
        "warnings": warnings,
        "modified": pack.winner.entry.modified,
        "lost": [_asked_json(lost.asked) | {"rule": lost.rule} for lost in pack.lost],
        "policies": [
            {
                "policy": policy.policy,
                "level": policy.level,
                "properties": dict(policy.properties),
                "steps": [
                    {
                        "where": step.where,
                        "level": step.level,
                        "of_all": step.of_all,
                        "properties": dict(step.properties),
                    }
                    for step in policy.steps
                ],
            }
            for policy in explained.policies
        ],
    }


def _asked_json(asked: Asked) -> dict[str, Any]:
    entry = asked.entry
    return {
        "group": asked.group,
        "version": asked.version.text,
        "asked": entry.version,
        "modified": entry.modified,
    }


def why_json(
    found: Sequence[Required], explained: Sequence[Sequence[tuple[Requirement, Explanation]]]
) -> dict[str, Any]:
    """Decisions about one entity with their explanations, for `why --json`."""
    modes = [
        _decision_json(required) | {"packs": [_pack_why_json(each, how) for each, how in packs]}
        for required, packs in zip(found, explained, strict=True)
    ]
    return _entity_json(found[0]) | {"modes": modes}


def why_lines(pack: Requirement, explained: Explanation) -> Iterable[str]:
    """A pack with its explanation, for people."""
    entry = pack.winner.entry
    yield f"  {pack.pack}@{pack.version}"
    yield f"    asked for by {pack.winner.group}: {entry.version}, modified {entry.modified}"
    for lost in pack.lost:
        asked = lost.asked
        yield (
            f"    not counted: {asked.group} asks for {asked.entry.version} ({asked.version}), "
            f"modified {asked.entry.modified}: {_RULES[lost.rule]}"
        )
    if explained.environments:
        yield f"    environments: {', '.join(explained.environments)}"
    for problem in (*pack.warnings, *explained.problems):
        yield f"    ! {problem}"
    for policy in explained.policies:
        yield f"    {policy.policy}: {policy.level or 'no level'}{_properties(policy.properties)}"
        for step in policy.steps:
            level = f" {step.level}{' (all)' if step.of_all else ''}" if step.level else ""
            yield f"      {step.where}:{level}{_properties(step.properties)}"


def _properties(properties: Mapping[str, object]) -> str:
    return f" {json.dumps(dict(properties), sort_keys=True, ensure_ascii=False)}" if properties else ""
