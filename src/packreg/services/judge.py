"""Required packs judge a snapshot: the report on it, and what is kept of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from packreg._version import __version__

if TYPE_CHECKING:
    from packreg.analyzer.pool import Pool
    from packreg.groups.model import Governance
    from packreg.reports.report import Report
    from packreg.reports.report_keys import Run
    from packreg.reports.stored import StoredReport
    from packreg.services.guard_evidence import Looked
    from packreg.services.prepare import ReadyPacks
    from packreg.states.snapshot import Snapshot


def judged_report(
    snapshot: Snapshot,
    ready: ReadyPacks,
    governance: Governance,
    *,
    where: str,
    now: str,
    pool: Pool | None = None,
    before: StoredReport | None = None,
    looked: Looked | None = None,
    hidden_secrets: Literal["refused", "allowed", "counted"] = "counted",
) -> Report:
    """Run the packs over the snapshot's resources; waivers are those of governance that count at `now`.

    `where` is what the report calls the snapshot; `looked` is what was found beside the packs. What the run
    `before` found on resources of which this one cannot read the secrets stays found. Such resources are not
    evaluated where `hidden_secrets` are refused. Never raises for a pack.
    """
    from packreg.analyzer.evaluation import judge
    from packreg.analyzer.feed import JudgedSnapshot
    from packreg.analyzer.findings import Evaluation
    from packreg.analyzer.redaction import Redactor
    from packreg.enforcement.governed import Governed, unavailable_results
    from packreg.enforcement.hidden import not_evaluated, still_found, unread, with_names
    from packreg.enforcement.waivers import apply_waivers
    from packreg.reports.report import Report
    from packreg.services.guard_evidence import Looked

    looked = looked or Looked()
    redactor = Redactor(snapshot.known_secrets | ready.secrets)
    found = judge(JudgedSnapshot(snapshot), ready.packs, redactor, pool=pool) if ready.packs else None
    results = found.packs if found is not None else ()
    unavailable = unavailable_results(ready.required, snapshot.size)
    evaluation = Evaluation((*results, *unavailable), snapshot.size)
    hidden = unread(evaluation, snapshot.hidden)
    if before is not None:
        evaluation = still_found(evaluation, before.report.evaluation, snapshot.hidden)
    if hidden_secrets == "refused":
        evaluation = not_evaluated(evaluation, snapshot.hidden)
    if looked.own is not None:
        evaluation = Evaluation((*evaluation.packs, looked.own), snapshot.size)
    waivers, rules = governance.waivers.values(), governance.rules
    waived = apply_waivers(evaluation, ready.required.entity, waivers, rules, now=now)
    said = (warning for pack in ready.required.packs for warning in pack.warnings)
    seen = [note._replace(where=where) for note in with_names(snapshot.notes, hidden)]
    return Report(
        evaluation,
        where,
        notes=(*looked.notes, *seen, *said, *sorted(set(ready.warnings)), *waived.notes),
        stack=snapshot.stack,
        project=snapshot.project,
        tool=__version__,
        governed=Governed(ready.required, waived),
        hidden=hidden,
        history=looked.history,
        hidden_allowed=bool(hidden) and hidden_secrets == "allowed",
    )


class Stamp(NamedTuple):
    """What a report is told from others by, if known before the run: see `ReportStore.save`."""

    id: str
    time: str


def new_stamp() -> Stamp:
    """One that no other run has."""
    from packreg.services.clock import new_id, precisely_now

    return Stamp(new_id(), precisely_now())


def stored_report(
    run: Run, report: Report, ready: ReadyPacks, state: str, stamp: Stamp | None = None
) -> StoredReport:
    """What is kept of a run that ended just now; `state` is the digest of what was judged."""
    from packreg.reports.stored import StoredReport

    id, time = stamp or new_stamp()
    return StoredReport(id, run, time, state, ready.ran, report.verdict, report)
