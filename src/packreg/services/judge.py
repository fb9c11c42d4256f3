"""Run required packs and make the report of what they found, and what the registry keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from packreg._version import __version__
from packreg.analyzer.findings import Evaluation
from packreg.analyzer.redaction import Redactor
from packreg.enforcement.governed import Governed, unavailable_results
from packreg.enforcement.hidden import not_evaluated, still_found, unread, with_names
from packreg.reports.report import Report
from packreg.reports.stored import StoredReport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.analyzer.feed import JudgedResources
    from packreg.analyzer.pool import Pool
    from packreg.errors import Problem
    from packreg.reports.report_keys import Run
    from packreg.services.guard_evidence import OwnFindings
    from packreg.services.prepared import PreparedPacks
    from packreg.services.workspace import Workspace
    from packreg.states.snapshot import Snapshot

HiddenSecrets = Literal["refused", "allowed", "counted"]


def judged_report(
    snapshot: Snapshot,
    packs: PreparedPacks,
    *,
    where: str,
    pool: Pool | None = None,
    before: StoredReport | None = None,
    own: OwnFindings | None = None,
    hidden_secrets: HiddenSecrets = "counted",
) -> Report:
    """Run the packs over the snapshot's resources.

    `where` is what the report calls the snapshot; `own` are findings that come from no pack. What the run
    `before` found on resources of which this one cannot read the secrets stays found. Such resources are not
    evaluated where `hidden_secrets` are refused. Never raises for a pack.
    """
    from packreg.analyzer.feed import JudgedSnapshot

    redactor = Redactor(snapshot.known_secrets | packs.secrets)
    evaluation = evaluated(JudgedSnapshot(snapshot), packs, redactor, pool=pool)
    hidden = unread(evaluation, snapshot.hidden)
    if before is not None:
        evaluation = still_found(evaluation, before.report.evaluation, snapshot.hidden)
    if hidden_secrets == "refused":
        evaluation = not_evaluated(evaluation, snapshot.hidden)
    return governed_report(
        packs,
        evaluation,
        where=where,
        of=(snapshot.stack, snapshot.project),
        notes=[note._replace(where=where) for note in with_names(snapshot.notes, hidden)],
        own=own,
        hidden=hidden,
        hidden_allowed=bool(hidden) and hidden_secrets == "allowed",
    )


def evaluated(
    judged: JudgedResources, packs: PreparedPacks, redactor: Redactor, *, pool: Pool | None = None
) -> Evaluation:
    """Run the packs over resources; packs that are not available are in the result, as not run."""
    from packreg.analyzer.evaluation import judge

    ran = judge(judged, packs.packs, redactor, pool=pool).packs if packs.packs else ()
    return Evaluation((*ran, *unavailable_results(packs.required, judged.size)), judged.size)


def governed_report(
    packs: PreparedPacks,
    evaluation: Evaluation,
    *,
    where: str,
    of: tuple[str, str],
    notes: Iterable[Problem] = (),
    own: OwnFindings | None = None,
    hidden: tuple[str, ...] = (),
    hidden_allowed: bool = False,
    applied: bool = False,
    failed_open: bool = False,
) -> Report:
    """The report on what required packs found, with the waivers that count now.

    `of` are the names of the stack and its project; `own` are findings that come from no pack, `notes` what
    else there is to say; the rest is as in `Report` and `Governed`.
    """
    from packreg.services.guard_evidence import OwnFindings

    own = own or OwnFindings()
    if own.result is not None:
        evaluation = Evaluation((*evaluation.packs, own.result), evaluation.resources)
    waived = packs.waived(evaluation)
    said = (warning for pack in packs.required.packs for warning in pack.warnings)
    stack, project = of
    return Report(
        evaluation,
        where,
        notes=(*own.notes, *notes, *said, *sorted(set(packs.warnings)), *waived.notes),
        stack=stack,
        project=project,
        tool=__version__,
        governed=Governed(packs.required, waived, applied, failed_open),
        hidden=hidden,
        history=own.history,
        hidden_allowed=hidden_allowed,
    )


class ReportIdentity(NamedTuple):
    """What a report is told from others by, if known before the run: see `ReportStore.save`."""

    id: str
    time: str


def new_identity(workspace: Workspace, id: str = "") -> ReportIdentity:
    """One that no other run has, of the present time; `id` is that of the run, if it has one."""
    return ReportIdentity(id or workspace.new_id(), workspace.precisely_now())


def stored_report(
    workspace: Workspace,
    run: Run,
    report: Report,
    packs: PreparedPacks,
    state: str,
    identity: ReportIdentity | None = None,
) -> StoredReport:
    """What is kept of a run that ended just now; `state` is the digest of what was judged, "" without one."""
    id, time = identity or new_identity(workspace, packs.id)
    return StoredReport(id, run, time, state, packs.ran, report.verdict, report)
