"""`impact`: what another version of a pack would change for the stacks of a group, before it is enabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.auditing import jobs_option, share_option, stacks_backend_option
from packreg.cli.base import REFERENCE, command
from packreg.cli.enabling import group_option
from packreg.cli.entities import tag_option
from packreg.cli.installing import offline_option
from packreg.errors import NotEvaluated
from packreg.groups.entities import read_tags
from packreg.reports.plain import plain_lines, resource_label
from packreg.services.impact import compare_versions, impact_json
from packreg.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packreg.cli.context import CommandContext
    from packreg.pack.reference import Reference
    from packreg.services.impact import Impact, StackImpact


@command(
    "impact",
    examples=(
        "packreg impact s3-rules@2.0.0 --group prod --backend s3://states",
        "packreg impact s3-rules --from s3-rules@1.4.2 --group prod --backend file:///srv/states --json",
    ),
)
@click.argument("reference", metavar="REF", type=REFERENCE)
@group_option
@click.option(
    "--from",
    "present",
    metavar="REF",
    type=REFERENCE,
    help="Compare with this version. Default: the one that the group runs now.",
)
@stacks_backend_option
@tag_option
@jobs_option
@share_option
@offline_option
@click.pass_obj
def impact_command(
    context: CommandContext,
    reference: Reference,
    group: str,
    present: Reference | None,
    backend: str | None,
    tags: tuple[str, ...],
    jobs: int | None,
    share_processes: bool,
    offline: bool,
) -> int:
    """Show what another version would change, before it blocks.

    Both versions judge the stored states, with the configuration and the environments that the pack has in
    the group. Nothing is enabled, blocked or kept, and the exit code is 0 whatever is found. Exit code 4: the
    new version could not judge everything.
    """
    impact = compare_versions(
        context,
        reference,
        group,
        present=present,
        backend=backend,
        tags=read_tags(tags),
        shared=share_processes,
        offline=offline,
        jobs=jobs,
    )
    if impact.problem:
        context.out.warn(
            f"the version that {group} asks for is not available, so all findings are new: {impact.problem}"
        )
    if context.out.json:
        context.out.document(impact_json(impact))
    else:
        _write(context, impact)
    for each in impact.stacks:
        if each.error:
            context.out.error(f"{each.stack}: {each.error}")
    if not impact.stacks:
        context.out.say(f"no stack of this backend is a member of {group}")
    return NotEvaluated.exit_code if impact.lost else 0


def _write(context: CommandContext, impact: Impact) -> None:
    """Print what changes, for people."""
    mode, counts = impact.group.mode, impact.counts
    context.out.line(
        f"{impact.pack} {impact.before or 'nothing'} -> {impact.after} in {impact.group.name} ({mode})"
    )
    for each in impact.stacks:
        for line in _lines(each):
            context.out.judged(line)
    context.out.line()
    words = {"fails": "newly fail", "passes": "newly pass", "unknown": "cannot be evaluated"}
    said = ", ".join(f"{count} {words.get(change, change)}" for change, count in counts.items())
    bad = "denied" if mode == "preventative" else "not compliant"
    context.out.line(f"{impact.worse} of {len(impact.stacks)} stacks would be newly {bad}: {said}")


def _lines(impact: StackImpact) -> Iterator[str]:
    """The lines for one stack: the findings that would change; none if nothing would."""
    if not (impact.effects or impact.error or impact.note or impact.before != impact.after):
        return
    yield ""
    verdict = (
        impact.after if impact.after == impact.before else f"{impact.before or 'nothing'} -> {impact.after}"
    )
    yield f"{impact.stack}  {verdict}"
    if impact.note:
        yield f"    note: {plain(impact.note)}"
    for change, finding, was in impact.effects:
        level = finding.level or "error"
        if change in ("stricter", "laxer"):
            level = f"{was} -> {level}"
        level += ", waived" if finding.waiver else ""
        of = f"{plain(finding.policy)}  " if finding.policy else ""
        label = resource_label(finding.urn, finding.resource_type) if finding.kind != "error" else finding.urn
        yield f"    {change:<8} [{level}]  {of}({plain(label) or finding.pack})"
        if change != "passes":
            yield from (f"        {line}" for line in plain_lines(finding.message))
