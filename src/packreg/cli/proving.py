"""`prove`: what was enforced on a stack at a time, by what the registry kept and nobody changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from packreg.cli.base import command
from packreg.cli.entities import entity_options, read_entity
from packreg.errors import IntegrityError, NotFound
from packreg.services.evidence import enforcement_evidence, evidence_json

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
    """Show what was enforced on a stack at a time.

    Or on an account. The groups by the revision of governance that held then, and the last runs until then:
    their packs, whose digests are compared with the registry's records, their waivers and verdicts. Every
    revision is proved to be the one that its successor was made from, and so is every entry of a report. What
    does not fit is said: times that contradict each other, a report older than what it names, one that
    nobody entered. Exit code 6: nothing is known to have run by then. Exit code 8: something is not what it
    was, or does not fit.
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
    if not evidence.runs:
        context.out.say(f"no run on {evidence.entity.name} is known until {evidence.at}")
        return NotFound.exit_code
    return 0


def _show(context: CommandContext, document: dict[str, Any]) -> None:
    out, governance = context.out, document["governance"]
    out.line(f"{document['entity']} at {document['at']}")
    if governance is None:
        out.line("governance  nobody had written any")
    else:
        out.line(
            f"governance  revision {governance['revision']} of {governance['at']} by {governance['by']}: "
            f"{governance['what']}"
        )
        for group in governance["groups"]:
            out.line(
                f"group       {group['name']} ({group['mode']}): {', '.join(group['packs']) or 'no packs'}"
            )
    for run in document["runs"]:
        out.line(f"{run['run']:<11} {run['time']}  {run['summary']}")
        if run["entry"] is None:
            out.line("            from before there were chains: nothing shows that it is as it was written")
        else:
            out.line(f"            entry {run['entry']} of its chain")
        for pack in run["packs"]:
            digest = pack["digest"] or "could not be had"
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
