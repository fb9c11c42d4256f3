"""`impact`: what another version of a pack would change for a group, before anyone is blocked."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from packreg.cli.auditing import jobs_option, share_option, stacks_backend_option
from packreg.cli.base import REFERENCE, command
from packreg.cli.enabling import group_option
from packreg.cli.entities import tag_option
from packreg.cli.installing import offline_option
from packreg.errors import NotEvaluated, UsageError
from packreg.findings.impact import CHANGES
from packreg.groups.entities import read_tags
from packreg.services.audit import MOST_WARM
from packreg.services.findings import finding_json
from packreg.services.governance import read_governance
from packreg.services.impact import Comparison, Impact, Versions
from packreg.services.passphrases import state_passphrase
from packreg.services.resources import backend_url
from packreg.services.stacks import work_through

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packreg.cli.context import CommandContext
    from packreg.findings.impact import Effect
    from packreg.groups.model import Group
    from packreg.pack.reference import Reference

_NOT_FINDINGS = ("status", "entity", "entity_kind", "mode", "run", "time", "pack", "version")


@command(
    "impact",
    examples=(
        "packreg impact guard@2.0.0 --group prod --backend s3://states",
        "packreg impact guard --from guard@1.4.2 --group prod --backend file:///srv/states --json",
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
    the group. Nothing is enabled, blocked or kept, and whatever is found the exit code is 0. Exit code 4:
    the new version could not judge everything.
    """
    from packreg.analyzer.pool import Pool
    from packreg.groups.editing import found_group
    from packreg.states.backend import list_stacks
    from packreg.states.places import open_place

    if present is not None and present.name != reference.name:
        raise UsageError(f"{present} is no version of {reference.name}", hint="compare versions of one pack")
    known = read_tags(tags)
    where = backend_url(context, backend)
    place = open_place(where, cwd=Path(context.cwd))
    phrase = state_passphrase(context.environ, Path(context.cwd))
    context.name_default_registry()
    governance = read_governance(context)
    there = found_group(governance, group)
    if "stack" not in there.kinds:
        raise UsageError(f"the group {group} takes no stacks", hint="name a group that takes stacks")
    versions = Versions(context, there, reference, present)
    if versions.problem:
        context.out.warn(f"what {group} asks for now cannot be had, so that all is new: {versions.problem}")
    with Pool(keep=MOST_WARM) as pool:
        comparison = Comparison(
            context, governance, there, versions, pool, backend=where, offline=offline, shared=share_processes
        )
        stacks = [each for each in list_stacks(place) if comparison.may_have(each, known)]
        work = partial(comparison.impact, place=place, tags=known, phrase=phrase)
        results = work_through(context, "comparing", work, stacks, pool, jobs=jobs)
    found = sorted((each for each in results if each is not None), key=lambda each: each.stack)
    _write(context, there, versions, found)
    return NotEvaluated.exit_code if any(each.after == "not-evaluated" for each in found) else 0


def _write(context: CommandContext, group: Group, versions: Versions, found: Sequence[Impact]) -> None:
    after, before = versions.after, versions.before
    counts = Counter(effect.change for each in found for effect in each.effects)
    worse = sum(each.is_worse for each in found)
    lost = sum(each.after == "not-evaluated" for each in found)
    if context.out.json:
        summary = {"stacks": len(found), "worse": worse, "not_evaluated": lost}
        context.out.document(
            {
                "pack": after.pack,
                "group": group.name,
                "mode": group.mode,
                "from": before.version if before is not None else "",
                "to": after.version,
                "summary": summary | {change: counts[change] for change in CHANGES},
                "stacks": [_impact_json(each) for each in found],
            }
        )
    else:
        was = before.version if before is not None else "nothing"
        context.out.line(f"{after.pack} {was} -> {after.version} in {group.name} ({group.mode})")
        for each in found:
            for line in _lines(each):
                context.out.line(line)
        context.out.line()
        words = {"fails": "newly fail", "passes": "newly pass", "unknown": "cannot be evaluated"}
        said = [f"{counts[change]} {words.get(change, change)}" for change in CHANGES]
        bad = "denied" if group.mode == "preventative" else "not compliant"
        context.out.line(f"{worse} of {len(found)} stacks would be newly {bad}: {', '.join(said)}")
    for each in found:
        if each.error:
            context.out.error(f"{each.stack}: {each.error}")
    if not found:
        context.out.say(f"no stack of this backend is a member of {group.name}")


def _lines(impact: Impact) -> Iterator[str]:
    """A stack for which anything changes, with the findings that do."""
    from packreg.reports.plain import plain_lines, resource_label
    from packreg.text import plain

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


def _impact_json(impact: Impact) -> dict[str, Any]:
    return {
        "stack": impact.stack,
        "before": impact.before,
        "after": impact.after,
        "note": impact.note,
        "error": impact.error,
        "changes": [_effect_json(effect) for effect in impact.effects],
    }


def _effect_json(effect: Effect) -> dict[str, Any]:
    found = finding_json(effect.finding)
    kept = {name: value for name, value in found.items() if name not in _NOT_FINDINGS}
    return {"change": effect.change, "was": effect.was, **kept}
