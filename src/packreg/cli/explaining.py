"""`required` and `why`: which packs a stack or an account must run, and for which reasons."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from packreg.cli.base import NAME, command
from packreg.cli.entities import entity_options, read_entity
from packreg.errors import NotEvaluated, UsageError
from packreg.groups.entities import read_tags
from packreg.services.explain import (
    MODES,
    explain_required,
    required_json,
    required_of_backend,
    required_packs,
    why_json,
)
from packreg.services.reports import unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packreg.cli.context import CommandContext
    from packreg.groups.decision import Required, Requirement
    from packreg.groups.model import Mode
    from packreg.services.explain import Explanation

_RULES = {
    "newer-version": "the newest version runs",
    "modified-later": "of one version the entry modified last counts",
    "first-by-name": "modified at the same time, the first group by name counts",
    "same": "it asks for the same",
}

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

    STACK is [ORGANIZATION/]PROJECT/STACK. Exit code 4: a pack that must run is not available.
    """
    unread: Sequence[str] = ()
    if everything:
        if stack is not None or account is not None:
            raise UsageError("--all is every stack of a backend", hint="leave the stack or the account out")
        found, unread = required_of_backend(
            context, _modes(mode), backend=backend, tags=read_tags(tags), strict=strict_conflicts
        )
    else:
        entity = read_entity(stack, account, tags)
        found = [required_packs(context, entity, _modes(mode), backend=backend, strict=strict_conflicts)]
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
    examples=("packreg why shop/prod", "packreg why shop/prod --pack s3-rules --mode preventative --json"),
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

    First the groups that it belongs to, by which of their rules, and who owns them. For each pack: the groups
    that asked for it, which entries lost and by which rule, and each policy's
    configuration layer by layer, with "[secret]" for secrets. Exit code 4: a pack that must run is not
    available.
    """
    entity = read_entity(stack, account, tags)
    explained = explain_required(
        context, entity, _modes(mode), pack=pack, backend=backend, strict=strict_conflicts
    )
    if context.out.json:
        context.out.document(why_json(explained))
    else:
        first = explained[0].required
        context.out.line(f"{first.entity}, revision {first.revision} of governance")
        for each in explained:
            context.out.line()
            context.out.line(f"{each.required.mode}: {', '.join(each.required.groups) or 'no group'}")
            for membership in each.required.memberships:
                context.out.line(f"  member of {membership}")
                if membership.about.description:
                    context.out.line(f"    {membership.about.description}")
            for requirement, explanation in each.packs:
                for line in _why_lines(requirement, explanation):
                    context.out.line(line)
            if pack is not None and not each.packs:
                others = ", ".join(each.elsewhere)
                elsewhere = f"; it is in {others}, of which this is no member" if others else ""
                context.out.line(f"  {pack} is not required{elsewhere}")
    for each in explained:
        _tell(context, each.required)
    if said := unseen(context, explained[0].required.entity):
        context.out.say(said)
    return NotEvaluated.exit_code if any(each.required.problems for each in explained) else 0


def _modes(mode: Mode | None) -> tuple[Mode, ...]:
    return MODES if mode is None else (mode,)


def _winner(pack: Requirement) -> tuple[str, str]:
    return pack.winner.group, pack.winner.entry.version


def _tell(context: CommandContext, required: Required) -> None:
    """Print warnings, the packs that are not available, and a message if nothing is required."""
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


def _why_lines(pack: Requirement, explained: Explanation) -> Iterator[str]:
    """The lines that explain one required pack."""
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
