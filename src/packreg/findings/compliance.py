"""How many of the required policies each entity passes, by entity and pack. Pure.

As in Pulumi's compliance table a policy has passed or not, however many resources it failed on. A disabled
policy does not count, and one that could not be evaluated has not passed.
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
    """How many policies of one pack passed, failed or had errors on one entity.

    `version` is the version of the pack that ran, `time` that of the report.
    """

    version: str
    time: str
    passed: int
    failed: int
    errors: int

    @property
    def total(self) -> int:
        """The number of policies that count."""
        return self.passed + self.failed + self.errors

    @property
    def share(self) -> float | None:
        """The share of policies that passed, from 0 to 1; None where no policy counts."""
        return self.passed / self.total if self.total else None


@dataclass(frozen=True)
class Compliance:
    """Scores by entity name and pack name, both sorted; a pair without a score was not required.

    `hidden` counts, by entity name, the resources with secrets that could not be read.
    """

    entities: tuple[Entity, ...]
    packs: tuple[str, ...]
    scores: Mapping[tuple[str, str], Score]
    hidden: Mapping[str, int] = field(default_factory=dict)

    def score(self, entity: Entity, pack: str) -> Score | None:
        """The score of a pack on an entity, or None."""
        return self.scores.get((entity.name, pack))

    def overall(self, *, entity: Entity | None = None, pack: str | None = None) -> Score:
        """The sum over an entity, over a pack, or over everything; `version` and `time` are empty."""
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
    # a pack that did not run has no policy results; without this it would look like a pack without policies
    errors = counts["error"] or (1 if pack.errors and not pack.policies else 0)
    return Score(pack.version, time, passed, counts["failed"], errors)
