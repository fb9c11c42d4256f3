"""Reading the reports that runs left in the registry: the newest of each entity, and those before."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from packreg.enforcement.report_keys import (
    behind_later,
    entity_of,
    read_report_key,
    report_prefix,
    run_prefix,
)
from packreg.errors import IntegrityError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packreg.cli.session import Session
    from packreg.enforcement.report_keys import Run
    from packreg.enforcement.stored import StoredReport
    from packreg.groups.model import Entity

#: Entities whose reports are read at the same time.
READERS = 16
#: What the present state of an entity is told by: what a preview judged was only a plan.
CURRENT: tuple[Run, ...] = ("update", "enforce", "audit")


class History(NamedTuple):
    """Reports of one entity and one kind of run, the newest first."""

    entity: Entity
    run: Run
    reports: tuple[StoredReport, ...]


class KeptReports:
    """The reports in the registry. `unreadable` collects what stands among them and is none, in words."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._store = session.store
        self.unreadable: list[str] = []

    def entities(self, runs: Iterable[Run] = CURRENT) -> list[Entity]:
        """Who there are reports of, by name: a request for each kind of run and 1,000 entities."""
        found: dict[str, Entity] = {}
        for run in runs:
            prefix = run_prefix(run)
            for each in self._store.prefixes(prefix):
                segment = each.removeprefix(prefix).rstrip("/")
                entity = entity_of(segment) or self._long_named(each)
                if entity is not None:
                    found[segment] = entity
        return sorted(found.values(), key=lambda entity: (entity.kind, entity.name))

    def newest(
        self, entity: Entity, run: Run, count: int = 1, *, until: str = ""
    ) -> tuple[StoredReport, ...]:
        """The newest reports, at most so many, none later than `until` (RFC 3339 in UTC): 1 + n requests."""
        prefix = report_prefix(run, entity)
        if count == 1 and not until:
            first = self._store.first(prefix)
            keys = [] if first is None else [first.key]
        else:
            after = behind_later(run, entity, until) if until else ""
            keys = [entry.key for entry in islice(self._store.list_all(prefix, after), count)]
        return tuple(report for report in map(self._read, keys) if report is not None)

    def histories(
        self, entities: Sequence[Entity], runs: Sequence[Run] = CURRENT, count: int = 1
    ) -> list[History]:
        """The newest reports of every entity in every kind of run that it has any of."""
        wanted = [(entity, run) for entity in entities for run in runs]
        found = self._session.at_once(READERS, lambda each: self.newest(*each, count), wanted)
        return [History(*each, reports) for each, reports in zip(wanted, found, strict=True) if reports]

    def _read(self, key: str) -> StoredReport | None:
        from packreg.enforcement.stored import MAX_REPORT, StoredReport

        try:
            if read_report_key(key) is None:
                raise IntegrityError(f"{key} is no report, and stands where only reports may")
            return StoredReport.decode(self._store.get(key, MAX_REPORT), key)
        except (IntegrityError, NotFound) as error:
            self.unreadable.append(str(error))
            return None

    def _long_named(self, prefix: str) -> Entity | None:
        """An entity whose name was too long for a key: its newest report has it."""
        entry = self._store.first(prefix)
        report = self._read(entry.key) if entry is not None else None
        return report.required.entity if report is not None else None


def newest_of_each_mode(histories: Iterable[History]) -> list[History]:
    """For each entity and mode the kind of run that was the last; its reports tell how it is now."""
    chosen: dict[tuple[str, str], History] = {}
    for history in histories:
        newest = history.reports[0]
        key = (history.entity.name, newest.required.mode)
        if key not in chosen or chosen[key].reports[0].time < newest.time:
            chosen[key] = history
    return list(chosen.values())
