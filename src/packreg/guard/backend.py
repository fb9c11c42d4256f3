"""What the guard reads from the registry about a stack, and the reports that it stores there."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import PackregError, Problem
from packreg.guard.guard import entity_of
from packreg.services.backends import Backends, current_backend
from packreg.services.judge import governed_report, stored_report

if TYPE_CHECKING:
    from packreg.analyzer.program import Stack
    from packreg.groups.model import Mode
    from packreg.guard.run import Run
    from packreg.reports.report_keys import Run as Kind
    from packreg.services.decisions import Decisions
    from packreg.services.guard_evidence import OwnFindings
    from packreg.services.prepare import RequiredPacks
    from packreg.services.prepared import PreparedPacks
    from packreg.services.workspace import Workspace


class GuardBackend:
    """Reads governance once and uses that state for the whole run, in all modes. Thread-safe."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._decisions: Decisions | None = None
        self._packs: RequiredPacks | None = None

    def look_ahead(self) -> None:
        """Read what does not depend on the stack. Errors are ignored, as `prepare` raises them again."""
        with suppress(PackregError):
            self._read()

    def prepare(self, stack: Stack, mode: Mode) -> PreparedPacks:
        """The packs that a stack must run, installed.

        Raises:
            NotFound: there is no registry, so that the required packs are not known.
            NotEvaluated: several backends have a stack of this name, and it is not known which is this one's.
            PackregError: governance cannot be read.
        """
        self._workspace.store.silence.restart()
        decisions, packs = self._read()
        entity = Backends(self._workspace).placed(entity_of(stack), self._backend_url())
        return packs.ready(decisions.required(entity, mode), stack)

    def begin(self, prepared: PreparedPacks) -> None:
        """Record that an update begins; its report follows under the same id. Raises PackregError."""
        from packreg.registry.run_entries import RunEntry

        self._workspace.registry().home()
        entity = prepared.required.entity
        Backends(self._workspace).placed(entity, self._backend_url(), enter=True)
        self._workspace.entries.append(RunEntry("begun", "update", entity.kind, entity.name, prepared.id))

    def keep(self, run: Run) -> None:
        """Store the report of a run. Raises PackregError."""
        from packreg.services.reports import ReportStore

        packs, plan = run.prepared, run.stack.dry_run
        audit = packs.required.mode == "audit"
        report = governed_report(
            packs,
            run.evaluation,
            where=f"pulumi {'preview' if plan else 'up'}",
            of=(run.stack.stack, run.stack.project),
            notes=(*(Problem("failed-open", text) for text in run.passed), *run.notes),
            own=self._taken_over(run) if audit else None,
            applied=not audit,
            failed_open=bool(run.passed),
        )
        kind: Kind = "audit" if audit else "preview" if plan else "update"
        ReportStore(self._workspace).save(stored_report(self._workspace, kind, report, packs, ""))

    def _taken_over(self, run: Run) -> OwnFindings:
        """The last audit's findings that come from no pack; the stack's history is not read now."""
        from packreg.services.guard_evidence import taken_over
        from packreg.services.reports import ReportStore

        newest = ReportStore(self._workspace).newest(run.prepared.required.entity, "audit")
        return taken_over(newest[0] if newest else None, run.evaluation.resources)

    def _backend_url(self) -> str:
        """The URL of the backend that the CLI uses for the program in the working directory."""
        return current_backend(self._workspace.environ, Path.cwd()).url

    def _read(self) -> tuple[Decisions, RequiredPacks]:
        from packreg.services.decisions import Decisions
        from packreg.services.prepare import RequiredPacks

        with self._lock:
            if self._decisions is None or self._packs is None:
                decisions = Decisions.read(self._workspace)
                self._decisions, self._packs = decisions, RequiredPacks(self._workspace, decisions)
            return self._decisions, self._packs
