"""The test report as JUnit XML: a suite for each case file, a test case for each case.

A case that differs is a failure. A case that could not be evaluated is an error, and so is a file that cannot
be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from packreg.cases.report import FileResult, TestReport
from packreg.cases.text import details
from packreg.reports.junit_xml import JUnitSuite, junit_xml
from packreg.text import plain

#: The name of the JUnit test case that stands for a case file that cannot be read.
WHOLE_FILE = "(the whole file)"


def junit_report(report: TestReport) -> str:
    """The report as the text of an XML document."""
    return junit_xml("packreg test", (_suite(file, report) for file in report.files))


def _suite(file: FileResult, report: TestReport) -> JUnitSuite:
    suite = JUnitSuite(file.path, _properties(report))
    if file.problems:
        lines = [plain(str(problem)) for problem in file.problems]
        suite.case(file.path, WHOLE_FILE).ended("error", "bad-file", "the file cannot be read", lines)
    for result in file.cases:
        case = suite.case(result.case.file, result.case.name)
        if result.outcome == "differs":
            case.ended("failure", "differs", "what was seen differs", details(result))
        elif result.outcome == "not-evaluated":
            case.ended("error", "not-evaluated", "it could not be evaluated", details(result))
    return suite


def _properties(report: TestReport) -> Iterator[tuple[str, str]]:
    yield "pack", f"{report.pack}@{report.version}" if report.version else report.pack
    yield "tested", report.tested
    yield from (("never fired", policy) for policy in report.never_fired)
    yield from ((f"note: {note.code}", str(note)) for note in report.notes)
