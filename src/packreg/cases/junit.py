"""The report as JUnit XML: a suite for each case file, a test case for each case.

A case that differs is a failure, one that could not be evaluated an error; so is a file that cannot be read.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from packreg.cases.report import CaseResult, FileResult, TestReport
from packreg.cases.text import details
from packreg.enforcement.junit import document, sum_up
from packreg.text import plain

#: The test case of a file that cannot be read.
WHOLE_FILE = "(the whole file)"


def junit_report(report: TestReport) -> str:
    """The XML document."""
    root = Element("testsuites", name="packreg test")
    for file in report.files:
        _suite(root, file, report)
    return document(root)


def _suite(root: Element, file: FileResult, report: TestReport) -> None:
    suite = SubElement(root, "testsuite", name=plain(file.path))
    properties = SubElement(suite, "properties")
    label = f"{report.pack}@{report.version}" if report.version else report.pack
    SubElement(properties, "property", name="pack", value=plain(label))
    for policy in report.never_fired:
        SubElement(properties, "property", name="never fired", value=plain(policy))
    for note in report.notes:
        SubElement(properties, "property", name=f"note: {plain(note.code)}", value=plain(str(note)))
    if file.problems:
        text = "\n".join(plain(str(problem)) for problem in file.problems)
        case = SubElement(suite, "testcase", classname=plain(file.path), name=WHOLE_FILE)
        SubElement(case, "error", type="bad-file", message="the file cannot be read").text = text
    for result in file.cases:
        _case(suite, result)
    sum_up(suite)


def _case(suite: Element, result: CaseResult) -> None:
    case = SubElement(suite, "testcase", classname=plain(result.case.file), name=plain(result.case.name))
    text = "\n".join(details(result))
    if result.outcome == "differs":
        SubElement(case, "failure", type="differs", message="what was seen differs").text = text
    elif result.outcome == "not-evaluated":
        SubElement(case, "error", type="not-evaluated", message="it could not be evaluated").text = text
