"""Audit stacks and accounts: judge what is deployed by their audit groups. An audit blocks nothing.

Decisions, installed packs and processes are made once for all of them. Each worker, on this machine or in a
Dask cluster, has an `Auditor`, whose arguments and results are plain values.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from packreg.analyzer.program import Stack
from packreg.errors import PackregError, Problem, UsageError
from packreg.findings.past_guard import PAST_THE_GUARD, is_own
from packreg.groups.entities import stack_entity
from packreg.groups.model import SELF_MANAGED
from packreg.reports.report import totals
from packreg.services.backends import Backends
from packreg.services.decisions import Decisions
from packreg.services.guard_evidence import GuardEvidence, OwnFindings
from packreg.services.judge import judged_report, stored_report
from packreg.services.passphrases import state_passphrase, unwrapping
from packreg.services.prepare import RequiredPacks
from packreg.services.reports import ReportStore
from packreg.services.stacks import read_stack, work_through

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packreg.analyzer.pool import Pool
    from packreg.groups.model import Entity
    from packreg.reports.report import Report
    from packreg.reports.stored import StoredReport
    from packreg.services.judge import ReportIdentity
    from packreg.services.prepared import PreparedPacks
    from packreg.services.stacks import StackSelection, StackTask
    from packreg.services.workspace import Workspace
    from packreg.states.snapshot import Snapshot

#: An entity's state is what it was at its last audit, and so is what must run.
UNCHANGED = "unchanged"
COMPLIANT_BUT = "compliant with hidden secrets"
#: Packs are required, and there was no resource to ask them about.
NOTHING = "nothing-to-judge"
OUTCOMES = (
    *("compliant", COMPLIANT_BUT, NOTHING),
    *("not-compliant", "nothing-required", "not-evaluated", UNCHANGED),
)
#: Processes of packs that are kept for the next stack, at most.
MOST_WARM = 64


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """How to audit.

    With `changed_only` what is as it was at its last audit is not judged again; with `shared` a pack's
    process judges many stacks, without knowing a stack's name; without `keep` no report is kept. `strict`
    refuses where a group that lost was stricter; `offline` runs only what is installed.
    """

    changed_only: bool = False
    shared: bool = False
    keep: bool = True
    strict: bool = False
    offline: bool = False


@dataclass(frozen=True, slots=True)
class AuditResult:
    """How the audit of one entity ended.

    `verdict` is that of its report, or "unchanged"; `hidden` counts resources with secrets that could not be
    read, `past_the_guard` what nobody waived of the findings about updates that went past the guard; `error`
    says why there is no report; `unguarded` is when the newest such update ended (RFC 3339 in UTC), or "";
    `unkept` why the report was not kept.
    """

    entity: str
    kind: str
    verdict: str
    resources: int = 0
    mandatory: int = 0
    advisory: int = 0
    remediations: int = 0
    waived: int = 0
    errors: int = 0
    hidden: int = 0
    past_the_guard: int = 0
    error: str = ""
    unguarded: str = ""
    unkept: str = ""

    @property
    def outcome(self) -> str:
        """The verdict, told apart where secrets could not be read or there was no resource."""
        if self.verdict != "compliant":
            return self.verdict
        if not self.resources:
            return NOTHING
        return COMPLIANT_BUT if self.hidden else self.verdict


def audit_stacks(
    workspace: Workspace,
    backend: str,
    selection: StackSelection,
    options: AuditOptions | None = None,
    *,
    jobs: int | None = None,
) -> list[AuditResult]:
    """Audit stacks of the backend at a URL, several at the same time; gives results by the stacks' names.

    Raises:
        NotFound: a stack that is named is not there; nothing was audited.
        PackregError: the backend cannot be listed, or the required packs cannot be determined.
    """
    from packreg.analyzer.pool import Pool

    options = options or AuditOptions()
    tasks = selection.tasks(workspace.place_at(backend))
    decisions = Decisions.read(workspace, strict=options.strict)
    with Pool(keep=MOST_WARM) as pool:
        auditor = Auditor(workspace, decisions, pool, options, backend=backend)
        auditor.install(_known(tasks))
        found = work_through(workspace, "auditing", auditor.stack, tasks, pool, jobs=jobs)
    return sorted(found, key=lambda each: each.entity)


def audit_account(
    workspace: Workspace, account: Entity, snapshot: Snapshot, options: AuditOptions | None = None
) -> AuditResult:
    """Audit what an account holds. Raises PackregError if the required packs are not known."""
    from packreg.analyzer.pool import Pool

    options = options or AuditOptions()
    decisions = Decisions.read(workspace, strict=options.strict)
    with Pool(keep=MOST_WARM) as pool:
        auditor = Auditor(workspace, decisions, pool, options)
        auditor.install([account])
        return auditor.account(account, snapshot)


def audit_json(results: Sequence[AuditResult]) -> dict[str, Any]:
    """For `audit --json`."""
    counts = Counter(each.outcome for each in results)
    summary = {"audited": len(results)}
    summary |= {word.replace("-", "_").replace(" ", "_"): counts[word] for word in OUTCOMES}
    summary |= {"past_the_guard": sum(each.past_the_guard for each in results)}
    summary |= {"unguarded": sum(bool(each.unguarded) for each in results if each.past_the_guard)}
    summary |= {"unkept": sum(bool(each.unkept) for each in results)}
    return {"summary": summary, "entities": [asdict(each) for each in results]}


def _known(tasks: Iterable[StackTask]) -> Iterator[Entity]:
    """The stacks whose names are known before they are read, and are names."""
    for task in tasks:
        with suppress(UsageError):
            yield stack_entity(f"{task.stack.project}/{task.stack.name}")


class Auditor:
    """Audits entities; may be used by several threads. What goes wrong with an entity is in its result."""

    def __init__(
        self,
        workspace: Workspace,
        decisions: Decisions,
        pool: Pool,
        options: AuditOptions,
        *,
        backend: str = "",
    ) -> None:
        """`backend` is the URL of the backend that stacks are in; without one there are only accounts.

        Raises:
            UsageError: a backend has two names, or the file with the passphrase of states cannot be read.
        """
        self._backend, self._backends = backend, Backends(workspace, many=True)
        self._place = workspace.place_at(backend) if backend else None
        self._workspace, self._decisions, self._pool = workspace, decisions, pool
        self._packs = RequiredPacks(workspace, decisions, offline=options.offline)
        self._options, self._passphrase = options, state_passphrase(workspace.environ, workspace.cwd)
        self._evidence = GuardEvidence(workspace, decisions.governance)

    def install(self, entities: Iterable[Entity]) -> None:
        """Install what these must run, in parallel; a failure is an error of all who need the pack."""
        required = (self._decisions.required(each, "audit") for each in entities)
        self._packs.install(pack for each in required for pack in each.packs)

    def stack(self, task: StackTask, stamp: ReportIdentity | None = None) -> AuditResult:
        """Audit the newest checkpoint of a stack in the backend.

        With the `stamp` of an audit that may have been made already, its report stays the only one.
        """
        stack, place = task.stack, self._place
        assert place is not None
        try:
            entity, snapshot = read_stack(task, place, self._passphrase, unwrapping(self._workspace))
            entity = self._backends.placed(entity, self._backend, enter=self._options.keep)
            before, notes = self._before(entity)
            own = self._evidence.findings(entity, stack, place, before, snapshot.size)
            own = own._replace(notes=(*notes, *own.notes))
            told = Stack(stack.name, entity.in_its_backend.split("/")[1], SELF_MANAGED, tags=entity.tags)
            return self._audit(entity, snapshot, told, before, own, stamp)
        except PackregError as error:
            return AuditResult(task.name, "stack", "not-evaluated", error=str(error))

    def account(self, entity: Entity, snapshot: Snapshot, notes: tuple[Problem, ...] = ()) -> AuditResult:
        """Audit what an account holds; `notes` say what is not in the snapshot."""
        try:
            before, more = self._before(entity)
            return self._audit(entity, snapshot, None, before, OwnFindings(notes=(*notes, *more)))
        except PackregError as error:
            return AuditResult(entity.name, entity.kind, "not-evaluated", error=str(error))

    def _audit(
        self,
        entity: Entity,
        snapshot: Snapshot,
        told: Stack | None,
        before: StoredReport | None,
        own: OwnFindings,
        stamp: ReportIdentity | None = None,
    ) -> AuditResult:
        """`before` is the report of the last audit; `own` are findings that come from no pack."""
        required = self._decisions.required(entity, "audit")
        ready = self._packs.ready(required, told, shared=self._options.shared)
        if (
            self._options.changed_only
            and before is not None
            and own.history == before.report.history
            and not own.notes
            and self._is_unchanged(before, snapshot, ready, stamp)
        ):
            past, last = _past(before.report)
            return AuditResult(
                entity.name,
                entity.kind,
                UNCHANGED,
                snapshot.size,
                hidden=len(before.report.hidden),
                past_the_guard=past,
                unguarded=last,
            )
        report = judged_report(
            snapshot,
            ready,
            where=snapshot.where,
            pool=self._pool,
            before=before,
            own=own,
        )
        unkept = ""
        if self._options.keep:
            try:
                stored = stored_report(self._workspace, "audit", report, ready, snapshot.digest(), stamp)
                report = ReportStore(self._workspace).save(stored, again=stamp is not None).report
            except PackregError as error:
                unkept = str(error)
        found = totals(report)
        past, last = _past(report)
        return AuditResult(
            entity.name,
            entity.kind,
            report.verdict,
            found.resources,
            found.mandatory,
            found.advisory,
            found.remediations,
            found.waived,
            found.errors,
            found.hidden,
            past,
            "; ".join(sorted({str(error) for error in report.evaluation.errors})[:3]),
            last,
            unkept,
        )

    def _before(self, entity: Entity) -> tuple[StoredReport | None, tuple[Problem, ...]]:
        """The report of the last audit, and a note where it cannot be read.

        A registry that refuses does not stop the audit, as in keeping reports.
        """
        kept = ReportStore(self._workspace)
        try:
            newest = kept.newest(entity, "audit")
        except PackregError as error:
            kept.unreadable.append(str(error))
            newest = ()
        notes: tuple[Problem, ...] = ()
        if kept.unreadable:
            message = f"what the last audit found is not known: {kept.unreadable[0]}"
            notes = (Problem("earlier-findings-unread", message, entity.name),)
        return (newest[0] if newest else None), notes

    def _is_unchanged(
        self, before: StoredReport, snapshot: Snapshot, ready: PreparedPacks, stamp: ReportIdentity | None
    ) -> bool:
        """Whether the last audit judged the same state by the same packs, and its verdict still holds.

        It does not where a waiver was made, taken back or expired since, and would change what counts.
        """
        if before.verdict == "not-evaluated" or ready.required.unavailable:
            return False
        if stamp is not None and before.id == stamp.id:
            return False  # that is this very audit, which was made before by somebody who is gone
        governed = before.report.governed
        assert governed is not None
        waived = ready.waived(before.report.evaluation)
        return (
            before.state == snapshot.digest()
            and not (before.report.hidden and not any(snapshot.hidden))  # the key is known now
            and before.packs == ready.ran
            and before.required.groups == ready.required.groups
            and before.required.entity.tags == ready.required.entity.tags
            and waived.by_finding == governed.waived.by_finding
        )


def _past(report: Report) -> tuple[int, str]:
    """How many findings about updates past the guard are not waived; when the newest such update ended."""
    found = [each for each in report.evaluation.violations if is_own(each) and report.waiver(each) is None]
    ended = [each.urn.rpartition("::")[2] for each in found if each.policy == PAST_THE_GUARD]
    return len(found), max(ended, default="")
