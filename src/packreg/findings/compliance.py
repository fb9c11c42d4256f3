"""How much of what is required each entity keeps: policies passed of all, by entity and pack. Pure.

As in Pulumi's compliance table a policy is passed or not, however many resources it failed on; one that is
disabled does not count, and one that could not be evaluated has not passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from packreg.analyzer.findings import PackResult
from packreg.groups.model import Entity
from packreg.reports.stored import StoredReport


class Score(NamedTuple):
    """The policies of one pack on one entity, at a time. `version` is the pack's that ran."""

    version: str
    time: str
    passed: int
    failed: int
    errors: int

    @property
    def total(self) -> int:
        """All that count."""
        return self.passed + self.failed + self.errors

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where nothing counts."""
        return self.passed / self.total if self.total else None


@dataclass(frozen=True)
class Compliance:
    """Scores by entity and pack name; what is not there was not required. Both in order of their names.

    `hidden` counts by entity the resources of which secrets could not be read.
    """

    entities: tuple[Entity, ...]
    packs: tuple[str, ...]
    scores: Mapping[tuple[str, str], Score]
    hidden: Mapping[str, int] = field(default_factory=dict)

    def score(self, entity: Entity, pack: str) -> Score | None:
        """The score of a pack on an entity."""
        return self.scores.get((entity.name, pack))

    def overall(self, *, entity: Entity | None = None, pack: str | None = None) -> Score:
        """The sum over a row, a column, or everything; `version` and `time` are empty."""
        chosen = [
            score
            for (name, of), score in self.scores.items()
            if (entity is None or name == entity.name) and (pack is None or of == pack)
        ]
        return Score(
            "",
            "",
            sum(score.passed for score in chosen),
            sum(score.failed for score in chosen),
            sum(score.errors for score in chosen),
        )


def compliance(reports: Iterable[StoredReport]) -> Compliance:
    """The table of these reports; of several about one pack on one entity the newest counts."""
    scores: dict[tuple[str, str], Score] = {}
    entities: dict[str, Entity] = {}
    hidden: Counter[str] = Counter()
    for stored in sorted(reports, key=lambda stored: stored.time):
        entity = stored.required.entity
        entities[entity.name] = entity
        hidden[entity.name] = max(hidden[entity.name], len(stored.report.hidden))
        for pack in stored.report.evaluation.packs:
            scores[entity.name, pack.pack] = _score(pack, stored.time)
    names = sorted(entities)
    return Compliance(
        tuple(entities[name] for name in names), tuple(sorted({pack for _, pack in scores})), scores, hidden
    )


def _score(pack: PackResult, time: str) -> Score:
    counts = pack.counts
    passed = counts["passed"] + counts["not applicable"]
    # a pack that did not run has no policies to count, and must not look like one without any
    errors = counts["error"] or (1 if pack.errors and not pack.policies else 0)
    return Score(pack.version, time, passed, counts["failed"], errors)
