"""`prove`: what was enforced on a stack at a given time, from registry objects whose digests are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from packreg.cli.base import command
from packreg.cli.entities import entity_options, read_entity
from packreg.errors import IntegrityError, NotFound
from packreg.services.evidence import enforcement_evidence, evidence_json
from packreg.services.reports import unseen

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext


@command(
    "prove",
    examples=(
        "packreg prove shop/prod --at 2026-08-31",
        "packreg prove shop/prod --at 2026-08-31T12:00:00Z --json",
    ),
)
@entity_options
@click.option(
    "--at", metavar="DATE", required=True, help="A day in UTC, of which the end counts, or a moment."
)
@click.pass_obj
def prove_command(
    context: CommandContext, stack: str | None, account: str | None, tags: tuple[str, ...], at: str
) -> int:
    """Show what was enforced on a stack at a given time.

    Or on an account. It shows the groups of the revision of governance at that time, and the last runs until
    then: their packs, with digests compared with the registry's records, their waivers and verdicts. Every
    revision and every entry of a report is checked against the digest that its successor names. The command
    also says what is contradictory: times, a report older than what it names, one that was never entered. Of
    a run whose report was pruned it shows verdict and digest. Exit code 6: no run is known by then, or no
    more than that. Exit code 8: something was changed, or contradicts something else.
    """
    evidence = enforcement_evidence(context, read_entity(stack, account, tags), at)
    document = evidence_json(evidence)
    if context.out.json:
        context.out.document(document)
    else:
        _show(context, document)
    for text in evidence.problems:
        context.out.warn(text)
    if evidence.problems:
        return IntegrityError.exit_code
    if not evidence.runs and evidence.pruned:
        context.out.say("of these runs no more is known than what was written down when they were pruned")
        return NotFound.exit_code
    if not evidence.runs:
        said = unseen(context, evidence.entity)
        context.out.say(said or f"no run on {evidence.entity.name} is known until {evidence.at}")
        return NotFound.exit_code
    return 0


def _show(context: CommandContext, document: dict[str, Any]) -> None:
    out, governance = context.out, document["governance"]
    out.line(f"{document['entity']} at {document['at']}")
    if governance is None:
        out.line("governance  there was none yet")
    else:
        out.line(
            f"governance  revision {governance['revision']} of {governance['at']} by {governance['by']}: "
            f"{governance['what']}"
        )
        for group in governance["groups"]:
            out.line(
                f"group       {group['name']} ({group['mode']}): {', '.join(group['packs']) or 'no packs'}"
            )
    for run in document["pruned"]:
        out.line(f"{run['run']:<11} {run['time']}  {run['verdict']}; pruned at {run['at']} by {run['by']}")
        out.line(f"            entry {run['entry']} of its chain; its report was {run['digest']}")
    for run in document["runs"]:
        out.line(f"{run['run']:<11} {run['time']}  {run['summary']}")
        if run["entry"] is None:
            out.line("            from before there were chains: nothing shows that it is unchanged")
        else:
            out.line(f"            entry {run['entry']} of its chain")
        for pack in run["packs"]:
            digest = pack["digest"] or "is not available"
            out.line(
                f"  pack      {pack['name']}@{pack['version']}  {digest}  by {pack['group'] or 'no group'}"
            )
            out.line(f"            configured {pack['configuration']}")
            if pack["dependencies"]:
                out.line(f"            with dependencies {pack['dependencies']}")
            if pack["environments"]:
                out.line(f"            environments {', '.join(pack['environments'])}")
        for waiver in run["waivers"]:
            who = f"{waiver['owner']} until {waiver['expires']}"
            out.line(f"  waiver    {waiver['policy']} by {who} ({waiver['id']})")
