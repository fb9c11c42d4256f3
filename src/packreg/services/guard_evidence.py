"""Which updates of a stack went past the guard: its history in the backend, the guard's reports, governance.

An audit's report says how much history there was. So the next one reads only what came since, takes over what
was found, and finds a history that has shrunk.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from packreg._version import __version__
from packreg.errors import (
    IntegrityError,
    InvalidState,
    NotFound,
    PackregError,
    Problem,
    StoreError,
    StoreRefused,
)
from packreg.findings.past_guard import (
    HISTORY_LOST,
    GuardRun,
    demand,
    lost_finding,
    own_result,
    own_violations,
    past_finding,
    run_of,
    why_past,
)
from packreg.groups.document import nothing_written
from packreg.registry.pruned_reports import Prunings
from packreg.reports.report import History
from packreg.reports.report_keys import read_report_key, report_prefix
from packreg.services.governance import stored_governance
from packreg.services.reports import ReportStore
from packreg.states.update_history import JUDGED, list_changes, read_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packreg.analyzer.findings import PackResult, Violation
    from packreg.findings.past_guard import Demand
    from packreg.groups.model import Entity, Governance
    from packreg.registry.pruned_reports import Pruning
    from packreg.registry.run_entries import Entered
    from packreg.reports.stored import StoredReport
    from packreg.services.workspace import Workspace
    from packreg.states.backend import StackEntry
    from packreg.states.places import Place
    from packreg.states.update_history import HistoryEntry, Update

#: Seconds after the end of an update in which a guard that wrote no beginning may still write its report.
_AFTER = 60.0
#: Seconds by which the clock of whoever edits governance may differ from that of a build agent.
_SKEW = 60.0


class OwnFindings(NamedTuple):
    """What packreg itself found, beside the packs: its result, the history that it saw, and notes."""

    result: PackResult | None = None
    history: History | None = None
    notes: tuple[Problem, ...] = ()


def taken_over(before: StoredReport | None, resources: int) -> OwnFindings:
    """What the audit before found and saw, for one that looks at no history."""
    if before is None:
        return OwnFindings()
    return OwnFindings(own_result(own_violations(before), resources, __version__), before.report.history)


class GuardEvidence:
    """Looks at the history of stacks; several threads may. Revisions of governance are read once."""

    def __init__(self, workspace: Workspace, governance: Governance) -> None:
        self._workspace = workspace
        self._revisions = _Revisions(workspace, governance)

    def findings(
        self, entity: Entity, stack: StackEntry, place: Place, before: StoredReport | None, resources: int
    ) -> OwnFindings:
        """What is to be said of a stack's updates; `before` is the report of the audit before.

        Raises:
            StoreError: the registry failed.
        """
        seen = before.report.history if before is not None else None
        found = list(own_violations(before)) if seen is not None else []
        notes: list[Problem] = []
        try:
            changes = list_changes(stack, place)
        except PackregError as error:
            notes.append(Problem("history-unreadable", str(error), entity.name))
            return OwnFindings(own_result(found, resources, __version__), seen, tuple(notes))
        known = any(each.policy == HISTORY_LOST for each in found)
        found += self._lost(entity, stack, changes, seen, resources, known=known)
        try:
            updates = list(self._updates(entity, place, changes, seen, found))
        except StoreError as error:  # the next audit begins where this one did
            notes.append(Problem("history-unreadable", str(error), entity.name))
            return OwnFindings(own_result(found, resources, __version__), seen, tuple(notes))
        if updates:
            runs = list(self._runs(entity, updates[0].started, notes))
            for update, following in zip(updates, [*updates[1:], None], strict=True):
                until = update.ended + _AFTER
                until = min(until, following.started) if following is not None else until
                run = run_of(update, runs, until)
                if run is not None:
                    runs.remove(run)
                if why := why_past(update, run, self._demands(entity, update, run)):
                    found.append(past_finding(entity, update, why, __version__))
        newest = changes[-1].ended if changes else 0
        return OwnFindings(
            own_result(found, resources, __version__), History(len(changes), newest), tuple(notes)
        )

    def _lost(
        self,
        entity: Entity,
        stack: StackEntry,
        changes: Sequence[HistoryEntry],
        seen: History | None,
        resources: int,
        *,
        known: bool,
    ) -> Iterator[Violation]:
        """Findings about history that was there, or should be, unless that is `known`."""
        left = sum(change.ended <= seen.newest for change in changes) if seen is not None else 0
        if seen is not None and left < seen.changes:
            message = (
                f"The last audit saw {seen.changes} changes of this stack in the history of its backend, but "
                f"only {left} of them are left: it is not known what else was there."
            )
            yield lost_finding(entity, message, f"{seen.changes}-{seen.newest}", __version__)
        elif not (changes or known) and resources and self._revisions.at(stack.modified, entity).packs:
            message = (
                "The backend has no history of this stack, which was written to since policy packs are "
                "required of it: it is not known whether its updates ran the guard."
            )
            yield lost_finding(entity, message, "none", __version__)

    def _updates(
        self,
        entity: Entity,
        place: Place,
        changes: Sequence[HistoryEntry],
        seen: History | None,
        found: list[Violation],
    ) -> Iterator[Update]:
        """The updates since the last audit that began while something was required, the oldest first.

        What cannot be read any more is put with what is `found`.
        """
        since = seen.newest if seen is not None else 0
        for change in changes:
            if change.ended <= since or not self._revisions.begun(change.ended / 1e9):
                continue
            try:
                update = read_change(change, place)
            except (InvalidState, NotFound) as error:
                if self._revisions.at(change.ended / 1e9, entity).packs:
                    message = f"It is not known what a change of this stack was: {error}."
                    found.append(lost_finding(entity, message, str(change.ended), __version__))
                continue
            if update.kind in JUDGED and self._revisions.at(update.started, entity).packs:
                yield update

    def _demands(self, entity: Entity, update: Update, run: GuardRun | None) -> list[Demand]:
        """What the revisions asked for that the guard may have read: its tags are those that it was told."""
        told = run.report.required.entity if run is not None and run.report is not None else entity
        started, ended = update.started - _SKEW, update.ended + _SKEW
        return [each for each in self._revisions.between(started, ended, told) if each.packs]

    def _runs(self, entity: Entity, since: float, notes: list[Problem]) -> Iterator[GuardRun]:
        """What the guard left of updates since then, by the chain of its reports."""
        kept = ReportStore(self._workspace)
        began: dict[str, float] = {}
        reports: dict[str, tuple[float, StoredReport | None]] = {}
        pruned: dict[str, str] = {}
        entered: Entered | None = None
        try:
            for entered, pruning in self._entered(entity, since - _SKEW):
                entry, written = entered.entry, _seconds(entered.entry.time)
                if entry.kind == "begun":
                    began[entry.id] = written
                elif entry.kind == "report":
                    found = read_report_key(entry.report)
                    time = _seconds(found.time) if found is not None else written
                    report = self._report(kept, entry.report, entry.digest, pruned=pruning is not None)
                    reports[entry.id] = (time, report)
                    if report is None and pruning is not None:
                        pruned[entry.id] = pruning.report.verdict
                elif entry.kind == "before":
                    for name in entry.names:
                        reports |= self._old(kept, report_prefix("update", entity) + name, since)
        except (IntegrityError, StoreRefused) as error:
            notes.append(Problem("guard-reports-unreadable", str(error), entity.name))
        if entered is None:  # no chain yet
            for key in self._workspace.entries.reports("update", entity):
                reports |= self._old(kept, key, since)
        notes += [Problem("guard-reports-unreadable", text, entity.name) for text in kept.unreadable]
        for id in began.keys() | reports.keys():
            time, report = reports.get(id, (0.0, None))
            known = report is not None or id in pruned
            yield GuardRun(id, began.get(id, 0.0), time if known else 0.0, report, pruned.get(id, ""))

    def _entered(self, entity: Entity, since: float) -> Iterator[tuple[Entered, Pruning | None]]:
        """What runs entered of a stack since then, and the one before; of several with one name also what was
        entered before that was known. With each, that its report was pruned.
        """
        names = dict.fromkeys((entity.name, entity.in_its_backend))
        for chain in (replace(entity, name=name) for name in names):
            prunings = Prunings()
            for entered in self._workspace.entries.history("update", chain):
                prunings.meet(entered)
                yield entered, prunings.of(entered)
                if _seconds(entered.entry.time) < since:
                    break

    def _old(self, kept: ReportStore, key: str, since: float) -> dict[str, tuple[float, StoredReport | None]]:
        """A report from before the chain, unless it is older."""
        found = read_report_key(key)
        if found is None or _seconds(found.time) < since:
            return {}
        return {found.id: (_seconds(found.time), self._report(kept, key, ""))}

    @staticmethod
    def _report(kept: ReportStore, key: str, digest: str, *, pruned: bool = False) -> StoredReport | None:
        try:
            return kept.read(key, digest)
        except PackregError as error:
            if not (pruned and isinstance(error, NotFound)):
                kept.unreadable.append(str(error))
            return None


class _Revisions:
    """Governance as it was at any time: revisions are read backwards, no further than is asked for."""

    def __init__(self, workspace: Workspace, newest: Governance) -> None:
        self._workspace, self._newest = workspace, newest
        self._read: list[tuple[float, Governance]] = []  # the newest first, with when each began to count
        self._lock = threading.Lock()

    def begun(self, moment: float) -> bool:
        """Whether there was any governance by then."""
        return self._until(moment) is not None

    def at(self, moment: float, entity: Entity) -> Demand:
        """What was asked for at a time."""
        return demand(self._until(moment) or nothing_written().governance, entity)

    def between(self, start: float, end: float, entity: Entity) -> list[Demand]:
        """What was asked for by each revision that counted in some of this time, the oldest first."""
        first = self._until(start)
        oldest = first.revision if first is not None else 0
        with self._lock:
            found = [each for began, each in self._read if began <= end and each.revision >= oldest]
        return [demand(each, entity) for each in reversed(found)]

    def _until(self, moment: float) -> Governance | None:
        """The revision that counted then; None before the first."""
        governance = stored_governance(self._workspace)
        with self._lock:
            number = self._read[-1][1].revision - 1 if self._read else self._newest.revision
            while number >= 1 and not (self._read and self._read[-1][0] <= moment):
                document = governance.at(number)
                began = _seconds(document.change.at) if document.change is not None else 0.0
                self._read.append((began, document.governance))
                number -= 1
            return next((each for began, each in self._read if began <= moment), None)


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp()
