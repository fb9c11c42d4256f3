"""Where stored reports are: keys that answer the common questions by a listing. Pure.

    reports/<run>/<entity>/<countdown>-<id>.json.gz

`run` is what was done, `entity` the stack or account in characters that a key may have, `countdown` the time
that the report gives itself, counted down in microseconds. Which report is the newest is not for keys to say,
but for the chain that reports are entered in (`registry.run_entries`); only those from before there were
chains are read in the order of their keys.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, get_args

from packreg.groups.model import Entity
from packreg.groups.times import moment, precise
from packreg.registry import layout

#: A preview and an update that the guard judged, a decision without the CLI, an audit (after an update too).
Run = Literal["preview", "update", "enforce", "audit"]
RUNS: tuple[Run, ...] = get_args(Run)

_TOP = 10**16 - 1  # microseconds; the year 2286
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(r"([0-9]{16})-([0-9a-z-]{1,64})\.json\.gz", re.ASCII)


class ReportKey(NamedTuple):
    """What the key of a report says: `entity` is its segment, `time` RFC 3339 in UTC with microseconds."""

    run: Run
    entity: str
    time: str
    id: str


def report_prefix(run: Run, entity: Entity) -> str:
    """Where an entity's reports of a kind of run are, the newest first."""
    return layout.reports_prefix(run, entity_segment(entity))


def report_key(run: Run, entity: Entity, time: str, id: str) -> str:
    """Where a report is. `time` is RFC 3339 in UTC, `id` is random, of a-z, 0-9 and dashes."""
    return f"{behind_later(run, entity, time)}-{id}.json.gz"


def behind_later(run: Run, entity: Entity, time: str) -> str:
    """What every key of the entity's reports later than `time` is less than, and no other one."""
    since = (moment(time) - _EPOCH) // timedelta(microseconds=1)
    return f"{report_prefix(run, entity)}{_TOP - min(max(since, 0), _TOP):016d}"


def read_report_key(key: str) -> ReportKey | None:
    """What a key below `reports/` says; None if it is none of ours."""
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
    """The entity of a segment, without its tags; None if it was too long to tell, or is none of ours."""
    found = layout.read_entity_segment(segment)
    return None if found is None else Entity(*found)
