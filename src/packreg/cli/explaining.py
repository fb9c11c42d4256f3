"""`required` and `why`: which packs a stack or an account must run, and how that came about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from packreg.cli.base import NAME, command
from packreg.cli.entities import entity_options, read_entity
from packreg.configuration.reconcile import ConfigurablePack
from packreg.errors import NotEvaluated, PackregError, Problem, UsageError
from packreg.groups.entities import read_tags, stack_entity
from packreg.groups.explanation import explain
from packreg.groups.layers import shown_layers_of
from packreg.services.decisions import READERS, Decisions
from packreg.services.documents import Explanation, required_json, why_json, why_lines
from packreg.services.stack_tags import with_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.context import CommandContext
    from packreg.groups.decision import Required, Requirement
    from packreg.groups.model import Entity, Mode
    from packreg.states.backend import StackEntry

MODES: tuple[Mode, ...] = ("preventative", "audit")

tags_backend_option = click.option(
    "--backend",
    metavar="URL",
    help="The self-managed backend, which has its tags. Default: PULUMI_BACKEND_URL.",
)
mode_option = click.option("--mode", type=click.Choice(MODES), help="Only what is required in this mode.")
strict_option = click.option(
    "--strict-conflicts", is_flag=True, help="Refuse where a group that lost was stricter."
)


@command(
    "required",
    examples=(
        "packreg required shop/prod",
        "packreg required acme/shop/prod --mode preventative --json",
        "packreg required --account aws/production",
        "packreg required --all --backend s3://states",
    ),
)
@entity_options
@mode_option
@click.option("--all", "everything", is_flag=True, help="Every stack of a self-managed backend.")
@tags_backend_option
@strict_option
@click.pass_obj
def required_command(
    context: CommandContext,
    stack: str | None,
    account: str | None,
    tags: tuple[str, ...],
    mode: Mode | None,
    everything: bool,
    backend: str | None,
    strict_conflicts: bool,
) -> int:
    """Print the packs that a stack or an account must run.

    STACK is [ORGANIZATION/]PROJECT/STACK. Exit code 4: a pack that must run cannot be had.
    """
    entities: Sequence[Entity]
    unread: Sequence[str] = ()
    if everything:
        if stack is not None or account is not None:
            raise UsageError("--all is every stack of a backend", hint="leave the stack or the account out")
        entities, unread = _all_stacks(context, backend, read_tags(tags))
    else:
        entities = [read_entity(stack, account, tags)]
    decisions = Decisions.read(context, strict=strict_conflicts)
    if not everything:
        entities = [with_tags(context, entities[0], decisions.governance, _modes(mode), backend)]
    found = [[decisions.required(entity, each) for each in _modes(mode)] for entity in entities]
    if context.out.json:
        documents = [required_json(each) for each in found]
        context.out.document(documents if everything else documents[0])
    else:
        context.out.table(
            ("entity", "mode", "pack", "version", "group", "asked"),
            (
                (required.entity, required.mode, pack.pack, pack.version, *_winner(pack))
                for each in found
                for required in each
                for pack in required.packs
            ),
        )
    for required in (required for each in found for required in each):
        _tell(context, required)
    for text in unread:
        context.out.error(text)
    return NotEvaluated.exit_code if unread or any(each.problems for one in found for each in one) else 0


@command(
    "why",
    examples=("packreg why shop/prod", "packreg why shop/prod --pack guard --mode preventative --json"),
)
@entity_options
@click.option("--pack", metavar="PACK", type=NAME, help="Only this pack.")
@mode_option
@tags_backend_option
@strict_option
@click.pass_obj
def why_command(
    context: CommandContext,
    stack: str | None,
    account: str | None,
    tags: tuple[str, ...],
    pack: str | None,
    mode: Mode | None,
    backend: str | None,
    strict_conflicts: bool,
) -> int:
    """Explain what a stack or an account must run.

    For each pack: the groups that asked, what lost and to which rule, and each policy's configuration layer
    by layer, with "[secret]" for what is secret. Exit code 4: a pack that must run cannot be had.
    """
    entity = read_entity(stack, account, tags)
    decisions = Decisions.read(context, strict=strict_conflicts)
    entity = with_tags(context, entity, decisions.governance, _modes(mode), backend)
    found = [decisions.required(entity, each) for each in _modes(mode)]
    chosen = [[each for each in required.packs if pack in (None, each.pack)] for required in found]
    wanted = [each for packs in chosen for each in packs]
    results = context.at_once(READERS, lambda each: _explained(decisions, each), wanted)
    explanations = iter(results)
    explained = [[(each, next(explanations)) for each in packs] for packs in chosen]
    if context.out.json:
        context.out.document(why_json(found, explained))
    else:
        context.out.line(f"{entity}, revision {decisions.governance.revision} of governance")
        for required, packs in zip(found, explained, strict=True):
            context.out.line()
            context.out.line(f"{required.mode}: {', '.join(required.groups) or 'no group'}")
            for each, explanation in packs:
                for line in why_lines(each, explanation):
                    context.out.line(line)
            if pack is not None and not packs:
                context.out.line(f"  {pack} is not required{_elsewhere(decisions, required, pack)}")
    for required in found:
        _tell(context, required)
    return NotEvaluated.exit_code if any(required.problems for required in found) else 0


def _explained(decisions: Decisions, pack: Requirement) -> Explanation:
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
            hint = "publish it again, under another version, without --no-run"
            problems.append(Problem("no-metadata", message, "", hint))
            return Explanation((), environments, problems)
        layers = shown_layers_of(pack.winner, opened)
        return Explanation(explain(ConfigurablePack.of(metadata), layers), environments, problems)
    except PackregError as error:
        problems.append(Problem("no-explanation", str(error), "", error.hint))
        return Explanation((), environments, problems)


def _all_stacks(
    context: CommandContext, backend: str | None, tags: dict[str, str]
) -> tuple[list[Entity], list[str]]:
    """Every stack, also with these tags; and what is to be said of those that cannot be told or read."""
    from pathlib import Path

    from packreg.services.backends import Backends
    from packreg.services.resources import backend_url
    from packreg.states.backend import list_stacks
    from packreg.states.places import open_place
    from packreg.states.stack_tags import read_stack_tags

    where = backend_url(context, backend)
    place, backends = open_place(where, cwd=Path(context.cwd)), Backends(context, many=True)
    found = list_stacks(place)
    if any(not each.project for each in found):
        raise UsageError(
            f"{place.describe()} has the legacy layout, which does not say a stack's project",
            hint="`pulumi state upgrade` gives it the present one; `packreg audit --all` reads both",
        )

    def one(stack: StackEntry) -> Entity | str:
        try:
            entity = stack_entity(f"{stack.project}/{stack.name}")
        except UsageError as error:
            context.out.warn(f"{place.describe(stack.file)} is passed over: {error}")
            return ""
        try:
            entity = replace(entity, tags={**read_stack_tags(stack, place), **tags})
            return backends.placed(entity, where)
        except PackregError as error:
            return f"{entity}: {error}"

    results = context.at_once(READERS, one, found)
    entities = [each for each in results if not isinstance(each, str)]
    return entities, [each for each in results if isinstance(each, str) and each]


def _modes(mode: Mode | None) -> tuple[Mode, ...]:
    return MODES if mode is None else (mode,)


def _winner(pack: Requirement) -> tuple[str, str]:
    return pack.winner.group, pack.winner.entry.version


def _tell(context: CommandContext, required: Required) -> None:
    """Warnings, what cannot be had, and that nothing is required."""
    for warning in (each for pack in required.packs for each in pack.warnings):
        context.out.warn(str(warning), warning.hint)
    for problem in required.problems:
        context.out.error(str(problem), problem.hint)
    if required.nothing:
        by = ", ".join(required.groups)
        context.out.say(
            f"nothing is required of {required.entity} in {required.mode} mode: "
            + (f"no pack is enabled in {by}" if by else "it belongs to no group")
        )


def _elsewhere(decisions: Decisions, required: Required, pack: str) -> str:
    """Which groups of the mode have a pack that the entity is no member of."""
    groups = decisions.governance.groups.values()
    others = sorted(g.name for g in groups if g.mode == required.mode and pack in g.packs)
    return f"; it is in {', '.join(others)}, of which this is no member" if others else ""
