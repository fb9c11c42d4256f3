"""Open findings by day, over the kept reports of any number of entities. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from packreg.reports.report import totals
from packreg.reports.stored import StoredReport


class Day(NamedTuple):
    """The numbers of open findings at the end of a day (`date` is `2026-08-31`, in UTC).

    They are sums over all entities that had a report by then; `entities` is how many those are.
    """

    date: str
    mandatory: int
    advisory: int
    errors: int
    entities: int


def trend(reports: Iterable[StoredReport]) -> tuple[Day, ...]:
    """A day for each date on which there was a run, the oldest first.

    An entity's open findings count until its next run in the same mode.
    """
    newest: dict[tuple[str, str], StoredReport] = {}
    days: dict[str, Day] = {}
    for stored in sorted(reports, key=lambda stored: stored.time):
        newest[stored.required.entity.name, stored.required.mode] = stored
        days[stored.time[:10]] = _sum(stored.time[:10], tuple(newest.values()))
    return tuple(days.values())


def _sum(date: str, reports: Sequence[StoredReport]) -> Day:
    found = [totals(stored.report) for stored in reports]
    return Day(
        date,
        sum(each.mandatory + each.remediations for each in found),
        sum(each.advisory for each in found),
        sum(each.errors for each in found),
        len({stored.required.entity.name for stored in reports}),
    )
