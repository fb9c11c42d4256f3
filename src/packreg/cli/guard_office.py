"""What the guard is told of a stack, from the registry, and the reports that it leaves there."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from packreg._version import __version__
from packreg.cli.backends import Backends, current_backend
from packreg.enforcement.guard.guard import entity_of
from packreg.enforcement.guard.run import Prepared
from packreg.errors import PackregError
from packreg.groups.members import groups_by_tags

if TYPE_CHECKING:
    from packreg.analysis.findings import Evaluation, Violation
    from packreg.analysis.program import Stack
    from packreg.cli.decisions import Decisions
    from packreg.cli.guard_evidence import Looked
    from packreg.cli.required_packs import RequiredPacks
    from packreg.cli.session import Session
    from packreg.enforcement.guard.run import Run
    from packreg.enforcement.report_keys import Run as Kind
    from packreg.enforcement.waivers import Waived
    from packreg.groups.model import Entity, Mode, Waiver


class Office:
    """Governance as it was when it was first read, for all modes. For several threads."""

    def __init__(self, session: Session) -> None:
        self._session = session
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
        from packreg.cli.compose import new_id

        self._session.store.silence.restart()
        decisions, packs = self._read()
        entity = Backends(self._session).placed(entity_of(stack), self._backend_url())
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

        self._session.registry().home()
        entity = prepared.required.entity
        Backends(self._session).placed(entity, self._backend_url(), enter=True)
        self._session.entries.append(RunEntry("begun", "update", entity.kind, entity.name, prepared.id))

    def keep(self, run: Run) -> None:
        """Keep a report of a run. Raises PackregError."""
        from packreg.analysis.findings import Evaluation
        from packreg.cli.compose import new_id, precisely_now
        from packreg.cli.governed_runs import keep_report
        from packreg.cli.guard_evidence import Looked
        from packreg.enforcement.governed import Governed
        from packreg.enforcement.report import Report
        from packreg.enforcement.stored import StoredReport
        from packreg.errors import Problem

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
        keep_report(self._session, stored)

    def _taken_over(self, run: Run) -> Looked:
        """What the last audit found beside the packs: nobody looks at the stack's history now."""
        from packreg.cli.guard_evidence import taken_over
        from packreg.cli.kept_reports import KeptReports

        newest = KeptReports(self._session).newest(run.prepared.required.entity, "audit")
        return taken_over(newest[0] if newest else None, run.evaluation.resources)

    def _backend_url(self) -> str:
        """The backend that the CLI uses, which started us in the program's directory."""
        from packreg.cli.guarding import pulumi_home

        environ = self._session.environ
        home = environ.get("PULUMI_CREDENTIALS_PATH", "")
        return current_backend(environ, Path.cwd(), Path(home) if home else pulumi_home(environ))

    def _read(self) -> tuple[Decisions, RequiredPacks]:
        from packreg.cli.decisions import Decisions
        from packreg.cli.required_packs import RequiredPacks

        with self._lock:
            if self._decisions is None or self._packs is None:
                decisions = Decisions.read(self._session)
                self._decisions, self._packs = decisions, RequiredPacks(self._session, decisions)
            return self._decisions, self._packs

    def _waived(self, entity: Entity, evaluation: Evaluation) -> Waived:
        from packreg.cli.compose import now
        from packreg.enforcement.waivers import Waived, apply_waivers

        if self._decisions is None:
            return Waived()
        governance = self._decisions.governance
        return apply_waivers(evaluation, entity, governance.waivers.values(), governance.rules, now=now())


def _of(violation: Violation) -> Evaluation:
    """An evaluation that found nothing else."""
    from packreg.analysis.findings import Evaluation, PackResult

    return Evaluation((PackResult(violation.pack, violation.version, None, 1, violations=(violation,)),), 1)
