"""Auditing one entity after the other, with what they share made once: decisions, installed packs, processes.

An `Auditor` is what a worker has, wherever it is; what it is given and what it gives back are plain values.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from packreg.analyzer.program import Stack
from packreg.enforcement.waivers import apply_waivers
from packreg.errors import InvalidState, NotFound, PackregError, Problem
from packreg.findings.past_guard import PAST_THE_GUARD, is_own
from packreg.groups.entities import stack_entity
from packreg.groups.model import SELF_MANAGED
from packreg.reports.report import totals
from packreg.services.backends import Backends
from packreg.services.guard_evidence import GuardEvidence, Looked
from packreg.services.judge import judged_report, stored_report
from packreg.services.reports import ReportStore
from packreg.states.backend import read_checkpoint
from packreg.states.stack_tags import read_stack_tags
from packreg.states.state import read_state

if TYPE_CHECKING:
    from packreg.analyzer.pool import Pool
    from packreg.groups.model import Entity
    from packreg.reports.report import Report
    from packreg.reports.stored import StoredReport
    from packreg.services.decisions import Decisions
    from packreg.services.judge import Stamp
    from packreg.services.prepare import ReadyPacks, RequiredPacks
    from packreg.services.workspace import Workspace
    from packreg.states.backend import StackEntry
    from packreg.states.places import Place
    from packreg.states.snapshot import Snapshot

#: An entity's state is what it was at its last audit, and so is what must run.
UNCHANGED = "unchanged"
#: Processes of packs that are kept for the next stack, at most.
MOST_WARM = 64


@dataclass(frozen=True, slots=True)
class Audited:
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

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to audit. `shared` lets a pack's process judge many stacks, without knowing a stack's name."""

    changed_only: bool = False
    shared: bool = False
    keep: bool = True


@dataclass(frozen=True, slots=True)
class StackTask:
    """A stack to audit; `project` is the one that was named, which it must be of, or ""."""

    stack: StackEntry
    project: str = ""

    @property
    def name(self) -> str:
        """The stack's full name, as far as it is known before it is read."""
        return f"{SELF_MANAGED}/{self.stack.project or self.project or '?'}/{self.stack.name}"


class Auditor:
    """Audits entities; for several threads. Nothing that goes wrong with one of them is raised."""

    def __init__(
        self,
        workspace: Workspace,
        decisions: Decisions,
        packs: RequiredPacks,
        pool: Pool,
        wishes: Wishes,
        *,
        passphrase: str | None = None,
        backend: str = "",
    ) -> None:
        """`backend` is the URL of the backend that stacks are in.

        Raises:
            UsageError: a backend has two names.
        """
        self._backend, self._backends = backend, Backends(workspace, many=True)
        self._workspace, self._decisions, self._packs, self._pool = workspace, decisions, packs, pool
        self._wishes, self._passphrase = wishes, passphrase
        self._evidence = GuardEvidence(workspace, decisions.governance)

    def stack(self, task: StackTask, place: Place, stamp: Stamp | None = None) -> Audited:
        """Audit the newest checkpoint of a stack in a backend.

        With the `stamp` of an audit that may have been made already, its report stays the only one.
        """
        stack = task.stack
        try:
            entity, snapshot = read_stack(task, place, self._passphrase)
            entity = self._backends.placed(entity, self._backend, enter=self._wishes.keep)
            before, notes = self._before(entity)
            looked = self._evidence.look(entity, stack, place, before, snapshot.size)
            looked = looked._replace(notes=(*notes, *looked.notes))
            told = Stack(stack.name, entity.in_its_backend.split("/")[1], SELF_MANAGED, tags=entity.tags)
            return self._audit(entity, snapshot, told, before, looked, stamp)
        except PackregError as error:
            return Audited(task.name, "stack", "not-evaluated", error=str(error))

    def account(self, entity: Entity, snapshot: Snapshot, notes: tuple[Problem, ...] = ()) -> Audited:
        """Audit what an account holds; `notes` say what is not in the snapshot."""
        try:
            before, more = self._before(entity)
            return self._audit(entity, snapshot, None, before, Looked(notes=(*notes, *more)))
        except PackregError as error:
            return Audited(entity.name, entity.kind, "not-evaluated", error=str(error))

    def _audit(
        self,
        entity: Entity,
        snapshot: Snapshot,
        told: Stack | None,
        before: StoredReport | None,
        looked: Looked,
        stamp: Stamp | None = None,
    ) -> Audited:
        """`before` is the report of the last audit; `looked` what was found beside the packs."""
        from packreg.services.clock import now

        required = self._decisions.required(entity, "audit")
        ready = self._packs.ready(required, told, shared=self._wishes.shared)
        if (
            self._wishes.changed_only
            and before is not None
            and looked.history == before.report.history
            and not looked.notes
            and self._is_unchanged(before, snapshot, ready, stamp)
        ):
            past, last = _past(before.report)
            return Audited(
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
            self._decisions.governance,
            where=snapshot.where,
            now=now(),
            pool=self._pool,
            before=before,
            looked=looked,
        )
        unkept = ""
        if self._wishes.keep:
            try:
                stored = stored_report("audit", report, ready, snapshot.digest(), stamp)
                report = ReportStore(self._workspace).save(stored, again=stamp is not None).report
            except PackregError as error:
                unkept = str(error)
        found = totals(report)
        past, last = _past(report)
        return Audited(
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
        """The report of the last audit, and a note where that is not to be known.

        The registry's no stops nothing, as for keeping reports.
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
        self, before: StoredReport, snapshot: Snapshot, ready: ReadyPacks, stamp: Stamp | None
    ) -> bool:
        """Whether the last audit judged the same state by the same packs, and its verdict still holds.

        It does not where a waiver was made, taken back or expired since, and would change what counts.
        """
        from packreg.services.clock import now

        if before.verdict == "not-evaluated" or ready.required.unavailable:
            return False
        if stamp is not None and before.id == stamp.id:
            return False  # that is this very audit, which was made before by somebody who is gone
        governed, governance = before.report.governed, self._decisions.governance
        assert governed is not None
        entity = ready.required.entity
        waived = apply_waivers(
            before.report.evaluation, entity, governance.waivers.values(), governance.rules, now=now()
        )
        return (
            before.state == snapshot.digest()
            and not (before.report.hidden and not any(snapshot.hidden))  # the key is known now
            and before.packs == ready.ran
            and before.required.groups == ready.required.groups
            and before.required.entity.tags == ready.required.entity.tags
            and waived.by_finding == governed.waived.by_finding
        )


def read_stack(task: StackTask, place: Place, passphrase: str | None) -> tuple[Entity, Snapshot]:
    """A stack with its tags and its full name, which in the legacy layout only its resources know; its state.

    Raises:
        NotFound: it is gone, or of another project than the one that was named.
        InvalidState: it cannot be read, or does not say which project it is of.
        StoreRefused, StoreUnavailable: the backend's no.
    """
    stack, wanted = task.stack, task.project
    source = read_checkpoint(stack.file, place)
    snapshot = read_state(source.data, source.where, passphrase=passphrase)
    project = stack.project or snapshot.project or wanted
    if not project:
        raise InvalidState(f"{snapshot.where} does not say which project it is of: it has no resources")
    if wanted and project != wanted:
        raise NotFound(f"{snapshot.where} is of the project {project[:100]!r}, not of {wanted!r}")
    tags = read_stack_tags(stack, place)
    return stack_entity(f"{SELF_MANAGED}/{project}/{stack.name}", tags), snapshot


def _past(report: Report) -> tuple[int, str]:
    """How many findings about what went past the guard nobody waives; when the newest such update ended."""
    found = [each for each in report.evaluation.violations if is_own(each) and report.waiver(each) is None]
    ended = [each.urn.rpartition("::")[2] for each in found if each.policy == PAST_THE_GUARD]
    return len(found), max(ended, default="")
