"""What the guard is told of a stack, from the registry, and the reports that it leaves there."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from packreg._version import __version__
from packreg.errors import PackregError
from packreg.groups.members import groups_by_tags
from packreg.guard.guard import entity_of
from packreg.guard.run import Prepared
from packreg.services.backends import Backends, current_backend

if TYPE_CHECKING:
    from packreg.analyzer.findings import Evaluation, Violation
    from packreg.analyzer.program import Stack
    from packreg.enforcement.waivers import Waived
    from packreg.groups.model import Entity, Mode, Waiver
    from packreg.guard.run import Run
    from packreg.reports.report_keys import Run as Kind
    from packreg.services.decisions import Decisions
    from packreg.services.guard_evidence import Looked
    from packreg.services.prepare import RequiredPacks
    from packreg.services.workspace import Workspace


class Office:
    """Governance as it was when it was first read, for all modes. For several threads."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._decisions: Decisions | None = None
        self._packs: RequiredPacks | None = None

    def look_ahead(self) -> None:
        """Read what does not depend on the stack; whatever is wrong comes up again in `prepare`."""
        with suppress(PackregError):
            self._read()

    def prepare(self, stack: Stack, mode: Mode) -> Prepared:
        """What a stack must run, installed.

        Raises:
            NotFound: there is no registry, so nobody can say what must run.
            NotEvaluated: several backends have a stack of this name, and nobody named this one's.
            PackregError: governance cannot be read.
        """
        from packreg.services.clock import new_id

        self._workspace.store.silence.restart()
        decisions, packs = self._read()
        entity = Backends(self._workspace).placed(entity_of(stack), self._backend_url())
        ready = packs.ready(decisions.required(entity, mode), stack)

        def waiver_for(violation: Violation) -> Waiver | None:
            return self._waived(entity, _of(violation)).waiver(violation)

        by_tags = () if stack.tags else groups_by_tags(decisions.governance, mode)
        unseen = tuple(name for name in by_tags if name not in ready.required.groups)
        return Prepared(
            ready.required,
            ready.packs,
            ready.ran,
            ready.secrets,
            ready.warnings,
            waiver_for,
            unseen,
            id=new_id(),
        )

    def begin(self, prepared: Prepared) -> None:
        """Enter that an update begins; its report follows under the same id. Raises PackregError."""
        from packreg.registry.run_entries import RunEntry

        self._workspace.registry().home()
        entity = prepared.required.entity
        Backends(self._workspace).placed(entity, self._backend_url(), enter=True)
        self._workspace.entries.append(RunEntry("begun", "update", entity.kind, entity.name, prepared.id))

    def keep(self, run: Run) -> None:
        """Keep a report of a run. Raises PackregError."""
        from packreg.analyzer.findings import Evaluation
        from packreg.enforcement.governed import Governed
        from packreg.errors import Problem
        from packreg.reports.report import Report
        from packreg.reports.stored import StoredReport
        from packreg.services.clock import new_id, precisely_now
        from packreg.services.guard_evidence import Looked
        from packreg.services.reports import ReportStore

        required = run.prepared.required
        audit = required.mode == "audit"
        looked = self._taken_over(run) if audit else Looked()
        own = (looked.own,) if looked.own is not None else ()
        evaluation = Evaluation((*run.evaluation.packs, *own), run.evaluation.resources)
        waived = self._waived(required.entity, evaluation)
        kind: Kind = "audit" if audit else "preview" if run.stack.dry_run else "update"
        report = Report(
            evaluation,
            f"pulumi {'preview' if run.stack.dry_run else 'up'}",
            notes=(
                *(Problem("failed-open", text) for text in run.passed),
                *run.notes,
                *(warning for pack in required.packs for warning in pack.warnings),
                *sorted(set(run.prepared.warnings)),
                *waived.notes,
            ),
            stack=run.stack.stack,
            project=run.stack.project,
            tool=__version__,
            governed=Governed(required, waived, applied=not audit, failed_open=bool(run.passed)),
            history=looked.history,
        )
        id = run.prepared.id or new_id()
        stored = StoredReport(id, kind, precisely_now(), "", run.prepared.ran, report.verdict, report)
        ReportStore(self._workspace).save(stored)

    def _taken_over(self, run: Run) -> Looked:
        """What the last audit found beside the packs: nobody looks at the stack's history now."""
        from packreg.services.guard_evidence import taken_over
        from packreg.services.reports import ReportStore

        newest = ReportStore(self._workspace).newest(run.prepared.required.entity, "audit")
        return taken_over(newest[0] if newest else None, run.evaluation.resources)

    def _backend_url(self) -> str:
        """The backend that the CLI uses, which started us in the program's directory."""
        from packreg.services.guard_forms import pulumi_home

        environ = self._workspace.environ
        home = environ.get("PULUMI_CREDENTIALS_PATH", "")
        return current_backend(environ, Path.cwd(), Path(home) if home else pulumi_home(environ))

    def _read(self) -> tuple[Decisions, RequiredPacks]:
        from packreg.services.decisions import Decisions
        from packreg.services.prepare import RequiredPacks

        with self._lock:
            if self._decisions is None or self._packs is None:
                decisions = Decisions.read(self._workspace)
                self._decisions, self._packs = decisions, RequiredPacks(self._workspace, decisions)
            return self._decisions, self._packs

    def _waived(self, entity: Entity, evaluation: Evaluation) -> Waived:
        from packreg.enforcement.waivers import Waived, apply_waivers
        from packreg.services.clock import now

        if self._decisions is None:
            return Waived()
        governance = self._decisions.governance
        return apply_waivers(evaluation, entity, governance.waivers.values(), governance.rules, now=now())


def _of(violation: Violation) -> Evaluation:
    """An evaluation that found nothing else."""
    from packreg.analyzer.findings import Evaluation, PackResult

    return Evaluation((PackResult(violation.pack, violation.version, None, 1, violations=(violation,)),), 1)
