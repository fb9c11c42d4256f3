"""The outcome of all cases of a pack: what every format is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from packreg.analyzer.findings import PackResult
from packreg.cases.comparing import CaseComparison, compare
from packreg.cases.model import Case, Expected
from packreg.errors import Problem

Outcome = Literal["passed", "differs", "updated", "not-evaluated"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case. `result` is None if the pack was not asked; then `why` says what is in the way.

    `updated` says that the case file now expects what was found.
    """

    case: Case
    result: PackResult | None
    why: str = ""
    updated: bool = False

    @property
    def comparison(self) -> CaseComparison | None:
        """What differs; None if it could not be evaluated, wholly or in part."""
        if self.result is None or self.result.errors:
            return None
        return compare(self.case.expect or Expected(), self.result)

    @property
    def outcome(self) -> Outcome:
        """One word."""
        comparison = self.comparison
        if comparison is None:
            return "not-evaluated"
        if self.updated:
            return "updated"
        return "passed" if self.case.expect is not None and comparison.is_same else "differs"


@dataclass(frozen=True, slots=True)
class FileResult:
    """One case file and its cases, or the problems that keep it from having any."""

    path: str
    cases: tuple[CaseResult, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class TestReport:
    """All case files of a pack. `never_fired` are the policies that no case made find anything.

    `directory` is where the pack is, as somebody named it, "" for a release.
    """

    pack: str
    version: str
    files: tuple[FileResult, ...]
    never_fired: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()
    directory: str = ""

    __test__ = False  # pytest takes classes called Test… for tests

    @property
    def tested(self) -> str:
        """What was tested: the pack by name and version, and where it is, or that it is a release."""
        pack = f"{self.pack}@{self.version}" if self.version else self.pack
        return f"{pack} in the directory {self.directory}" if self.directory else f"the release {pack}"

    @property
    def cases(self) -> tuple[CaseResult, ...]:
        """Of all files."""
        return tuple(case for file in self.files for case in file.cases)

    @property
    def counts(self) -> dict[Outcome, int]:
        """The number of cases by outcome, all four."""
        counts = Counter(case.outcome for case in self.cases)
        return {each: counts[each] for each in ("passed", "differs", "updated", "not-evaluated")}

    @property
    def verdict(self) -> Literal["passed", "differs", "not-evaluated"]:
        """Of the whole: "not evaluated" beats "differs", and a file that cannot be read is not evaluated."""
        counts = self.counts
        if counts["not-evaluated"] or any(file.problems for file in self.files) or not self.cases:
            return "not-evaluated"
        return "differs" if counts["differs"] else "passed"


def never_fired(policies: Iterable[str], results: Iterable[PackResult | None]) -> tuple[str, ...]:
    """Those of these policies that found nothing in any of these results."""
    fired: set[str] = set()
    for result in results:
        if result is not None:
            fired.update(found.policy for found in result.violations)
            fired.update(found.policy for found in result.remediations)
    return tuple(policy for policy in policies if policy not in fired)


def summary(report: TestReport) -> str:
    """The report in one sentence; holds nothing that a pack wrote."""
    counts = report.counts
    unread = sum(bool(file.problems) for file in report.files)
    differ = "differs" if counts["differs"] == 1 else "differ"
    words = [f"{counts['passed']} passed", f"{counts['differs']} {differ}"]
    words += [f"{counts['updated']} updated"] if counts["updated"] else []
    words += [f"{counts['not-evaluated']} not evaluated"] if counts["not-evaluated"] else []
    words += [f"{unread} file{'' if unread == 1 else 's'} not read"] if unread else []
    said = {"passed": "passed", "differs": "differs", "not-evaluated": "could not be evaluated"}
    return f"{said[report.verdict]}: {', '.join(words)}"
