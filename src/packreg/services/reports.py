"""The reports that runs leave in the registry: kept once each, read in the order of their chains.

A report that an entry of a chain names is checked: it must have the entry's digest, and be about its entity.
Reports from before there were chains are read in the order of their keys, which is that of the clocks of
those who wrote them, and are marked.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import IntegrityError, NotFound, StoreRefused
from packreg.groups.model import Entity
from packreg.registry import layout
from packreg.registry.clocks import SKEW, Dated, doubts, seconds
from packreg.registry.pruned_reports import Prunings
from packreg.registry.run_entries import RunEntry
from packreg.reports.report_keys import (
    RUNS,
    behind_later,
    entity_of,
    read_report_key,
    report_prefix,
)
from packreg.reports.stored import MAX_REPORT, StoredReport
from packreg.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packreg.registry.pruned_reports import Pruning
    from packreg.registry.run_entries import Entered
    from packreg.reports.report_keys import Run
    from packreg.services.workspace import Workspace

#: What the present state of an entity is told by: what a preview judged was only a plan.
CURRENT: tuple[Run, ...] = ("update", "enforce", "audit")
#: Seconds from the time of a report to that of its entry: a run may wait for a worker, but not for ever.
LONGEST_RUN = 86_400.0


class EnteredReport(NamedTuple):
    """A report with its entry, None for one from before the chain, and why its time cannot be right."""

    report: StoredReport
    entered: Entered | None
    doubts: tuple[str, ...] = ()

    @property
    def when(self) -> str:
        """What orders it among those of other chains: its time, "" for one that cannot be right."""
        if self.entered is None:
            return self.report.time
        return "" if self.doubts else self.entered.entry.time


class RunHistory(NamedTuple):
    """Reports of one entity and one kind of run, the newest first; there is at least one."""

    entity: Entity
    run: Run
    kept: tuple[EnteredReport, ...]

    @property
    def reports(self) -> tuple[StoredReport, ...]:
        """The reports alone."""
        return tuple(kept.report for kept in self.kept)


class PrunedRun(NamedTuple):
    """A run whose report was pruned: what its entry and the one of the pruning (`by`, `at`) say of it."""

    entity: Entity
    run: Run
    time: str
    number: int
    digest: str
    verdict: str
    by: str
    at: str


class ReportStore:
    """The reports in the registry.

    `unreadable` collects sentences about what was changed, is gone, or was never entered.
    `doubted` collects what may surprise: times that cannot be right, reports from before the chain.
    `pruned` collects the runs that were met whose reports were pruned.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.store
        self._entries = workspace.entries
        self._times = workspace.registry().times
        self.unreadable: list[str] = []
        self.doubted: list[str] = []
        self.pruned: list[PrunedRun] = []

    def save(self, stored: StoredReport, *, again: bool = False) -> StoredReport:
        """Keep a report, and enter it in its chain; gives the one that is kept.

        A run that is made again with the stamp it had before has the same key, and a key is written once: so
        one report is left, that of whoever was first, and both are given that one. With `again` it is looked
        for in the chain, where it may have been entered before.

        Raises:
            StoreRefused: this is a replica, or no registry.
            PackregError: it could not be written, or not be entered; what was decided stands.
        """
        self._workspace.registry().home()
        kept, data, key = stored, stored.encode(), stored.key
        found = self._store.first(key) if again else None
        there = self._store.create(key, data, limit=MAX_REPORT)
        if there is not None:
            kept, data = StoredReport.decode(there, key), there
        entity = stored.required.entity
        if found is None or all(
            each.entry.report != key for each in self._entries.history(stored.run, entity)
        ):
            entry = RunEntry("report", stored.run, entity.kind, entity.name, stored.id)
            self._entries.append(replace(entry, report=key, digest=object_digest(data)))
        return kept

    def entities(self, runs: Iterable[Run] = CURRENT) -> list[Entity]:
        """Who there are reports of, by name: two requests for each kind of run and 1,000 entities."""
        found: dict[str, Entity] = {}
        for run in runs:
            for kind, name in self._entries.entities(run, lambda error: self.unreadable.append(str(error))):
                entity = Entity(kind, name)
                found[f"{kind} {name}"] = entity
            prefix = layout.reports_prefix(run)
            for each in self._store.prefixes(prefix):
                old = entity_of(each.removeprefix(prefix).rstrip("/")) or self._long_named(each)
                if old is not None:
                    found.setdefault(f"{old.kind} {old.name}", old)
        self._workspace.seen.entities(found.values())
        return sorted(found.values(), key=lambda entity: (entity.kind, entity.name))

    def newest(self, entity: Entity, run: Run, count: int = 1) -> tuple[StoredReport, ...]:
        """The newest reports, at most so many.

        The entry of the newest and the one before it, which proves it, cost three requests, and its
        report one, however many there are.
        """
        return tuple(kept.report for kept in islice(self.walk(entity, run), count))

    def walk(self, entity: Entity, run: Run, until: str = "") -> Iterator[EnteredReport]:
        """The reports from the newest on, none later than `until` (RFC 3339 in UTC) by its entry's own time.

        What is wrong with one is put with what is `unreadable`, and the next one is given; behind an entry
        that does not follow from the one before it nothing is given. Where an entry is passed over for a time
        that cannot be right, that is put with what is `doubted`. Reports from before the chain come last:
        those that its first entry lists, or all where nothing was entered yet.
        """
        newer: Entered | None = None
        named: set[str] = set()
        prunings = Prunings()
        try:
            for entered in self._entries.history(run, entity):
                if newer is not None:
                    yield from self._entered(newer, entered, until, prunings)
                newer = entered
                named.add(entered.entry.report)
        except (IntegrityError, StoreRefused) as error:
            self.unreadable.append(str(error))
            return
        prefix = report_prefix(run, entity)
        if newer is not None:
            yield from self._entered(newer, None, until, prunings)
            old = [prefix + name for name in sorted(newer.entry.names)]
        else:
            old = self._entries.reports(run, entity)
        after = behind_later(run, entity, until) if until else ""
        for key in old:
            if key > after and key not in named and (report := self._read(key)) is not None:
                yield EnteredReport(report, None)

    def histories(
        self, entities: Sequence[Entity], runs: Sequence[Run] = CURRENT, count: int = 1
    ) -> list[RunHistory]:
        """The newest reports of every entity in every kind of run that it has any of."""
        wanted = [(entity, run) for entity in entities for run in runs]
        found = self._workspace.at_once(lambda each: tuple(islice(self.walk(*each), count)), wanted)
        return [RunHistory(*each, kept) for each, kept in zip(wanted, found, strict=True) if kept]

    def look_beside(self, histories: Sequence[RunHistory]) -> None:
        """Put with `unreadable` and `doubted` what there is to say of these: one request each.

        A report that nobody entered counts nowhere. One that claims to be newer than all others, as whoever
        put it there would have it, is found; `packreg verify` finds all.
        """
        self._workspace.at_once(self._look_beside, histories)
        self.doubted += [doubt for each in histories for kept in each.kept for doubt in kept.doubts]
        old = sum(each.kept[0].entered is None for each in histories)
        if old:
            self.doubted.append(
                f"the last reports of {old} histories are from before there were chains: "
                "nothing shows that they are as they were written"
            )

    def _look_beside(self, history: RunHistory) -> None:
        if history.kept[0].entered is None:
            return
        first = self._store.first(report_prefix(history.run, history.entity))
        named = {kept.report.key for kept in history.kept}
        if first is None or first.key in named:
            return
        try:
            for each in self._entries.history(history.run, history.entity):
                if first.key == each.entry.report or first.key.rpartition("/")[2] in each.entry.names:
                    return
        except (IntegrityError, StoreRefused):
            return  # that has been said
        self.unreadable.append(unentered(first.key))

    def _entered(
        self, entered: Entered, before: Entered | None, until: str, prunings: Prunings
    ) -> Iterator[EnteredReport]:
        """The report that an entry stands for, if it is one that is meant and can be trusted."""
        entry = entered.entry
        wrong = prunings.meet(entered)
        if wrong:
            self.unreadable.append(f"entry {entered.number} of {entry.run} of {entry.entity_name}: {wrong}")
        if until and entry.time > until:
            self.doubted += self.doubts(entered, before)
        if entry.kind != "report" or (until and entry.time > until):
            return
        pruning = prunings.of(entered)
        try:
            report = self.read(entry.report, entry.digest)
        except (IntegrityError, NotFound, StoreRefused) as error:
            if pruning is not None and isinstance(error, NotFound):
                self.pruned.append(_pruned_run(entered, pruning))
            else:
                self.unreadable.append(str(error))
            return
        yield EnteredReport(report, entered, self.doubts(entered, before, report))

    def doubts(
        self, entered: Entered, before: Entered | None, report: StoredReport | None = None
    ) -> tuple[str, ...]:
        """Why the time of an entry cannot be right, given the one before it and its report."""
        here = self._dated(entered)
        found = doubts(
            here, self._dated(before) if before is not None else None, now=self._workspace.precisely_now()
        )
        if report is not None:
            waited = seconds(here.time) - seconds(report.time)
            if not -SKEW <= waited <= LONGEST_RUN:
                found += (f"the report of {report.time} was entered at {here.time}, as {here.what}",)
        return found

    def _dated(self, entered: Entered) -> Dated:
        entry = entered.entry
        what = f"entry {entered.number} of {entry.run} of {entry.entity_name}"
        return Dated(what, entry.time, self._times.of(entered.stored))

    def read(self, key: str, digest: str = "") -> StoredReport:
        """The report at a key, with this digest where its entry has one.

        Raises:
            NotFound: it is gone.
            IntegrityError: it is none, was changed since it was entered, or is about somebody else.
            StoreRefused: it has a newer format.
        """
        if read_report_key(key) is None:
            raise IntegrityError(f"{key} is not a report, but is where only reports may be")
        try:
            data = self._store.get(key, MAX_REPORT)
        except NotFound:
            raise NotFound(f"{key} is gone, but an entry names it") from None
        if digest and digest != object_digest(data):
            raise IntegrityError(f"{key} was changed since it was entered")
        return StoredReport.decode(data, key)

    def _read(self, key: str) -> StoredReport | None:
        try:
            return self.read(key)
        except (IntegrityError, NotFound, StoreRefused) as error:
            self.unreadable.append(str(error))
            return None

    def _long_named(self, prefix: str) -> Entity | None:
        """An entity whose name was too long for a key: its first report has it."""
        entry = self._store.first(prefix)
        report = self._read(entry.key) if entry is not None else None
        return report.required.entity if report is not None else None


def _pruned_run(entered: Entered, pruning: Pruning) -> PrunedRun:
    entry, by = entered.entry, pruning.entered.entry
    entity = Entity("stack" if entry.entity_kind == "stack" else "account", entry.entity_name)
    run = next(run for run in RUNS if run == entry.run)
    said = pruning.report
    return PrunedRun(entity, run, entry.time, entered.number, said.digest, said.verdict, by.by, by.time)


def unseen(workspace: Workspace, entity: Entity) -> str:
    """What to say where no run of any kind is known of an entity, with names that are near; "" where one is.

    A decision follows from a name alone, so that a misspelt one is answered as well.
    """
    runs = (*CURRENT, "preview")
    names = [each.name for each in ReportStore(workspace).entities(runs) if each.kind == entity.kind]
    if entity.name in names:
        return ""
    near = nearest(entity.name, names)
    return f"no run on {entity.name} is known" + (f"; did you mean {near}?" if near else "")


def object_digest(data: bytes) -> str:
    """The digest of an object, as entries have it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def unentered(key: str) -> str:
    """What there is to say of a report that no entry names."""
    return (
        f"no entry names {key}, so it counts nowhere: it was put there by hand or by an older packreg, "
        "or its run was cut short"
    )


def newest_of_each_mode(histories: Iterable[RunHistory]) -> list[RunHistory]:
    """For each entity and mode the kind of run that was the last; its reports tell how it is now.

    Chains of two kinds have no order but that of their times; one that cannot be right comes before all.
    """
    chosen: dict[tuple[str, str], RunHistory] = {}
    for history in histories:
        key = (history.entity.name, history.reports[0].required.mode)
        if key not in chosen or chosen[key].kept[0].when < history.kept[0].when:
            chosen[key] = history
    return list(chosen.values())
