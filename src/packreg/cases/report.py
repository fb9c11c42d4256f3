"""The outcome of all cases of a pack, from which every output format is made."""

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
    """The result of one case. `result` is None if the pack was not run on it; then `why` gives the reason.

    `updated` says that the case file was rewritten to expect what was found.
    """

    case: Case
    result: PackResult | None
    why: str = ""
    updated: bool = False

    @property
    def comparison(self) -> CaseComparison | None:
        """The comparison of findings and expectations; None if any part could not be evaluated."""
        if self.result is None or self.result.errors:
            return None
        return compare(self.case.expect or Expected(), self.result)

    @property
    def outcome(self) -> Outcome:
        """The outcome in one word."""
        comparison = self.comparison
        if comparison is None:
            return "not-evaluated"
        if self.updated:
            return "updated"
        return "passed" if self.case.expect is not None and comparison.is_same else "differs"


@dataclass(frozen=True, slots=True)
class FileResult:
    """One case file: the results of its cases, or the problems that made it unreadable."""

    path: str
    cases: tuple[CaseResult, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class TestReport:
    """The results of all case files of a pack. `never_fired` are the policies that found nothing in any case.

    `directory` is where the pack is, as the user typed it, "" for a release.
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
        """The results of the cases of all files."""
        return tuple(case for file in self.files for case in file.cases)

    @property
    def counts(self) -> dict[Outcome, int]:
        """The number of cases by outcome, with 0 for outcomes that no case has."""
        counts = Counter(case.outcome for case in self.cases)
        return {each: counts[each] for each in ("passed", "differs", "updated", "not-evaluated")}

    @property
    def verdict(self) -> Literal["passed", "differs", "not-evaluated"]:
        """The outcome of the whole run: "not-evaluated" beats "differs".

        A file that cannot be read counts as not evaluated, and so does a run without cases.
        """
        counts = self.counts
        if counts["not-evaluated"] or any(file.problems for file in self.files) or not self.cases:
            return "not-evaluated"
        return "differs" if counts["differs"] else "passed"


def never_fired(policies: Iterable[str], results: Iterable[PackResult | None]) -> tuple[str, ...]:
    """The policies, of those given, that found nothing in any of the results."""
    fired: set[str] = set()
    for result in results:
        if result is not None:
            fired.update(found.policy for found in result.violations)
            fired.update(found.policy for found in result.remediations)
    return tuple(policy for policy in policies if policy not in fired)


def summary(report: TestReport) -> str:
    """The report in one sentence. It contains no text that a pack wrote."""
    counts = report.counts
    unread = sum(bool(file.problems) for file in report.files)
    differ = "differs" if counts["differs"] == 1 else "differ"
    words = [f"{counts['passed']} passed", f"{counts['differs']} {differ}"]
    words += [f"{counts['updated']} updated"] if counts["updated"] else []
    words += [f"{counts['not-evaluated']} not evaluated"] if counts["not-evaluated"] else []
    words += [f"{unread} file{'' if unread == 1 else 's'} not read"] if unread else []
    said = {"passed": "passed", "differs": "differs", "not-evaluated": "could not be evaluated"}
    return f"{said[report.verdict]}: {', '.join(words)}"
