"""What an entity must run, and why: which group asked, what lost to what, how each policy is configured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from packreg.configuration.reconcile import ConfigurablePack
from packreg.errors import PackregError, Problem, UsageError
from packreg.groups.entities import stack_entity
from packreg.groups.explanation import explain
from packreg.groups.layers import shown_layers_of
from packreg.services.backends import Backends
from packreg.services.decisions import Decisions
from packreg.services.resources import backend_url
from packreg.services.stack_tags import with_tags
from packreg.states.backend import list_stacks
from packreg.states.stack_tags import read_stack_tags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packreg.groups.decision import GroupRequest, Required, Requirement
    from packreg.groups.explanation import Explained
    from packreg.groups.model import Entity, Mode
    from packreg.services.workspace import Workspace
    from packreg.states.backend import StackEntry

MODES: tuple[Mode, ...] = ("preventative", "audit")


@dataclass(frozen=True)
class Explanation:
    """How the policies of a pack are configured; its environments by revision; why some is not known."""

    policies: Sequence[Explained]
    environments: Sequence[str]
    problems: Sequence[Problem]


@dataclass(frozen=True)
class ExplainedMode:
    """What an entity must run in one mode, each pack with its explanation.

    `elsewhere` names the groups of that mode that have the one pack that was asked for, where the entity is a
    member of none of them.
    """

    required: Required
    packs: Sequence[tuple[Requirement, Explanation]]
    elsewhere: Sequence[str] = ()


def required_packs(
    workspace: Workspace,
    entity: Entity,
    modes: Sequence[Mode] = MODES,
    *,
    backend: str | None = None,
    strict: bool = False,
) -> list[Required]:
    """What an entity must run, mode by mode; of a stack in a backend also by the tags that it has there.

    With `strict` an entry that was stricter, and lost, makes its pack unavailable.

    Raises what `Decisions.read` and `with_tags` raise.
    """
    decisions = Decisions.read(workspace, strict=strict)
    entity = with_tags(workspace, entity, decisions.governance, modes, backend)
    return [decisions.required(entity, mode) for mode in modes]


def required_of_backend(
    workspace: Workspace,
    modes: Sequence[Mode] = MODES,
    *,
    backend: str | None = None,
    tags: Mapping[str, str] | None = None,
    strict: bool = False,
) -> tuple[list[list[Required]], list[str]]:
    """What every stack of a backend must run, with these tags beside its own; and whose tags are unreadable.

    Raises:
        UsageError: no backend is named, or its layout does not say which projects stacks are of.
        PackregError: the backend cannot be listed; as `Decisions.read`.
    """
    entities, unread = _stacks_of(workspace, backend, tags or {})
    decisions = Decisions.read(workspace, strict=strict)
    return [[decisions.required(entity, mode) for mode in modes] for entity in entities], unread


def explain_required(
    workspace: Workspace,
    entity: Entity,
    modes: Sequence[Mode] = MODES,
    *,
    pack: str | None = None,
    backend: str | None = None,
    strict: bool = False,
) -> list[ExplainedMode]:
    """What an entity must run and why, mode by mode: all packs, or only the one that is named.

    Raises what `required_packs` raises. Why one pack cannot be explained is in its explanation.
    """
    decisions = Decisions.read(workspace, strict=strict)
    entity = with_tags(workspace, entity, decisions.governance, modes, backend)
    found = [decisions.required(entity, mode) for mode in modes]
    chosen = [[each for each in required.packs if pack in (None, each.pack)] for required in found]
    wanted = [each for packs in chosen for each in packs]
    explanations = iter(workspace.at_once(lambda each: _explanation(decisions, each), wanted))
    groups = decisions.governance.groups.values()
    return [
        ExplainedMode(
            required,
            [(each, next(explanations)) for each in packs],
            () if packs else sorted(g.name for g in groups if g.mode == required.mode and pack in g.packs),
        )
        for required, packs in zip(found, chosen, strict=True)
    ]


def _explanation(decisions: Decisions, pack: Requirement) -> Explanation:
    problems, opened = [], None
    try:
        opened = decisions.opened(pack.winner)
    except PackregError as error:
        problems.append(Problem("environment-closed", str(error), f"group {pack.winner.group}", error.hint))
    environments = opened.revisions if opened is not None else pack.environments
    try:
        metadata = decisions.record(pack.pack, pack.version).metadata
        if metadata is None:
            message = f"the record of {pack.pack}@{pack.version} does not say what policies it has"
            hint = "publish another version without --no-run"
            problems.append(Problem("no-metadata", message, "", hint))
            return Explanation((), environments, problems)
        layers = shown_layers_of(pack.winner, opened)
        return Explanation(explain(ConfigurablePack.of(metadata), layers), environments, problems)
    except PackregError as error:
        problems.append(Problem("no-explanation", str(error), "", error.hint))
        return Explanation((), environments, problems)


def _stacks_of(
    workspace: Workspace, backend: str | None, tags: Mapping[str, str]
) -> tuple[list[Entity], list[str]]:
    """Every stack, also with these tags; and what is to be said of those that cannot be told or read."""
    where = backend_url(workspace, backend)
    place, backends = workspace.place_at(where), Backends(workspace, many=True)
    found = list_stacks(place)
    if any(not each.project for each in found):
        raise UsageError(
            f"{place.describe()} has the legacy layout, which does not record a stack's project",
            hint="`pulumi state upgrade` gives it the present one; `packreg audit --all` reads both",
        )

    def one(stack: StackEntry) -> Entity | str:
        try:
            entity = stack_entity(f"{stack.project}/{stack.name}")
        except UsageError as error:
            workspace.notify.warn(f"{place.describe(stack.file)} is skipped: {error}")
            return ""
        try:
            entity = replace(entity, tags={**read_stack_tags(stack, place), **tags})
            return backends.placed(entity, where)
        except PackregError as error:
            return f"{entity}: {error}"

    results = workspace.at_once(one, found)
    entities = [each for each in results if not isinstance(each, str)]
    return entities, [each for each in results if isinstance(each, str) and each]


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


def _asked_json(asked: GroupRequest) -> dict[str, Any]:
    entry = asked.entry
    return {
        "group": asked.group,
        "version": asked.version.text,
        "asked": entry.version,
        "modified": entry.modified,
    }


def why_json(explained: Sequence[ExplainedMode]) -> dict[str, Any]:
    """Decisions about one entity with their explanations, for `why --json`."""
    modes = [
        _decision_json(each.required)
        | {"memberships": [membership.as_json() for membership in each.required.memberships]}
        | {"packs": [_pack_why_json(*pack) for pack in each.packs]}
        for each in explained
    ]
    return _entity_json(explained[0].required) | {"modes": modes}
