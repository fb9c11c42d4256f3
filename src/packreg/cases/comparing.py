"""Compare findings with expectations: which finding meets which expectation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from packreg.analyzer.findings import PackResult, Remediation, Violation
from packreg.cases.model import Expected, ExpectedRemediation, ExpectedViolation

F = TypeVar("F", Violation, Remediation)
E = TypeVar("E", ExpectedViolation, ExpectedRemediation)


@dataclass(frozen=True, slots=True)
class Pairing(Generic[E, F]):
    """Expectations, findings, and which of them match.

    `pairs` maps indexes of `found` to indexes of `expected`: which expectation each finding meets.
    """

    expected: Sequence[E]
    found: Sequence[F]
    pairs: Mapping[int, int]

    @property
    def missing(self) -> tuple[E, ...]:
        """The expectations that no finding meets."""
        answered = set(self.pairs.values())
        return tuple(each for index, each in enumerate(self.expected) if index not in answered)

    @property
    def unexpected(self) -> tuple[F, ...]:
        """The findings that meet no expectation."""
        return tuple(each for index, each in enumerate(self.found) if index not in self.pairs)


@dataclass(frozen=True, slots=True)
class CaseComparison:
    """The expectations of one case, paired with its findings."""

    violations: Pairing[ExpectedViolation, Violation]
    remediations: Pairing[ExpectedRemediation, Remediation]

    @property
    def is_same(self) -> bool:
        """Whether exactly what was expected was found."""
        left = (*self.violations.missing, *self.remediations.missing)
        return not (left or self.violations.unexpected or self.remediations.unexpected)


def compare(expected: Expected, result: PackResult) -> CaseComparison:
    """Pair expectations with findings so that as few as possible are left without a partner."""
    return CaseComparison(
        _pairing(expected.violations, result.violations, ExpectedViolation.accepts),
        _pairing(expected.remediations, result.remediations, ExpectedRemediation.accepts),
    )


def _pairing(expected: Sequence[E], found: Sequence[F], accepts: Callable[[E, F], bool]) -> Pairing[E, F]:
    by_policy: dict[str, list[int]] = {}
    for index, finding in enumerate(found):
        by_policy.setdefault(finding.policy, []).append(index)
    answers = [
        [index for index in by_policy.get(wanted.policy, ()) if accepts(wanted, found[index])]
        for wanted in expected
    ]
    return Pairing(expected, found, matching(answers))


def matching(answers: Sequence[Sequence[int]]) -> dict[int, int]:
    """A maximum matching: the index of an expectation by the index of the finding that meets it.

    `answers` has, for each expectation, the indexes of the findings that it accepts. The algorithm looks for
    augmenting paths, breadth first.
    """
    pairs: dict[int, int] = {}
    for start in range(len(answers)):
        came_from: dict[int, int] = {}  # finding -> the expectation that it was reached from
        waiting = deque([start])
        while waiting:
            wanted = waiting.popleft()
            new = [finding for finding in answers[wanted] if finding not in came_from]
            came_from.update(dict.fromkeys(new, wanted))
            free = next((finding for finding in new if finding not in pairs), None)
            if free is not None:
                _turn(pairs, came_from, free, start)
                break
            waiting.extend(pairs[finding] for finding in new)
    return pairs


def _turn(pairs: dict[int, int], came_from: Mapping[int, int], finding: int, start: int) -> None:
    """Pair the expectation `start`: along the path, each expectation takes the finding that it reached."""
    before = {wanted: answer for answer, wanted in pairs.items()}
    while True:
        wanted = came_from[finding]
        pairs[finding] = wanted
        if wanted == start:
            return
        finding = before[wanted]
