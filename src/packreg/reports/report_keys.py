"""The keys of stored reports in the registry; listing them answers the common questions. Pure.

    reports/<run>/<entity>/<countdown>-<id>.json.gz

`run` is the kind of run, `entity` the stack or account in characters that a key may have, `countdown` the
time in the report, counted down in microseconds so that later reports are listed first. Which report is the
newest is decided by the chain that reports are entered in (`registry.run_entries`), not by keys; only reports
from before there were chains are read in the order of their keys.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from packreg.groups.model import Entity
from packreg.groups.times import moment, precise
from packreg.registry import layout

#: "preview" and "update": the guard judged one of the Pulumi CLI; "enforce": a verdict without the CLI;
#: "audit": an audit, also one that follows an update.
Run = Literal["preview", "update", "enforce", "audit"]
RUNS: tuple[Run, ...] = get_args(Run)

_TOP = 10**16 - 1  # microseconds; the year 2286
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"([0-9]{16})-([0-9a-z-]{1,64})\.json\.gz", re.ASCII)


class ReportKey(NamedTuple):
    """The parts of a report's key: `entity` is its segment, `time` RFC 3339 in UTC with microseconds."""

    run: Run
    entity: str
    time: str
    id: str


def report_prefix(run: Run, entity: Entity) -> str:
    """The prefix of the keys of an entity's reports of one kind of run, which list the newest first."""
    return layout.reports_prefix(run, entity_segment(entity))


def report_key(run: Run, entity: Entity, time: str, id: str) -> str:
    """The key of a report. `time` is RFC 3339 in UTC, `id` is random, of a-z, 0-9 and dashes."""
    return f"{behind_later(run, entity, time)}-{id}.json.gz"


def behind_later(run: Run, entity: Entity, time: str) -> str:
    """A key that sorts behind the entity's reports later than `time`, and before all its others."""
    since = (moment(time) - _EPOCH) // timedelta(microseconds=1)
    return f"{report_prefix(run, entity)}{_TOP - min(max(since, 0), _TOP):016d}"


def read_report_key(key: str) -> ReportKey | None:
    """The parts of a key below `reports/`; None if it is not the key of a report."""
    parts = key.removeprefix(layout.REPORTS).split("/")
    match = _NAME.fullmatch(parts[2]) if len(parts) == 3 else None
    if match is None:
        return None
    time = precise(_EPOCH + timedelta(microseconds=_TOP - int(match[1])))
    return next((ReportKey(run, parts[1], time, match[2]) for run in RUNS if run == parts[0]), None)


def entity_segment(entity: Entity) -> str:
    """The entity as a segment of a key; see `layout.entity_segment`."""
    return layout.entity_segment(entity.kind, entity.name)


def entity_of(segment: str) -> Entity | None:
    """The entity of a segment, without its tags; None if its name was shortened, or if it is no segment."""
    found = layout.read_entity_segment(segment)
    return None if found is None else Entity(*found)
