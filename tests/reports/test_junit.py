"""The report as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree

import junitparser

from packreg.analyzer.findings import EvaluationError, PackResult
from packreg.reports.junit import WHOLE_PACK, junit_report
from packreg.reports.report import Report
from tests.reports.findings import URN, error, guard, hostile, report


def outcomes(reported: Report) -> dict[str, list[str]]:
    """What a reader of JUnit files sees: the kinds of result of each test case."""
    xml = junitparser.JUnitXml.fromstring(junit_report(reported).encode())
    return {case.name: [type(result).__name__ for result in case.result] for suite in xml for case in suite}


def test_a_reader_understands_it() -> None:
    """A policy is a test case: failed, passed, skipped or broken, and the totals agree."""
    reported = report(guard(errors=(error("none", URN),)))
    assert outcomes(reported) == {
        "private": ["Failure"],
        "owned": [],
        "unique": [],
        "tagged": [],
        "off": ["Skipped"],
        "none": ["Error"],
    }
    xml = junitparser.JUnitXml.fromstring(junit_report(reported).encode())
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (6, 1, 1, 1)
    [suite] = list(xml)
    assert (suite.name, suite.tests, suite.failures) == ("guard@1.0.0", 6, 1)
    cases = {case.name: case for case in suite}
    assert "open is public." in cases["private"].result[0].text
    assert "open has no owner." in cases["owned"].system_out
    assert '~ acl: "public" => "private"' in cases["tagged"].system_out


def test_failures_are_what_denies() -> None:
    """With `--fail-on advisory` advisory violations are failures, with `never` nothing is."""
    assert outcomes(report(fail_on="advisory"))["owned"] == ["Failure"]
    assert outcomes(report(fail_on="never"))["private"] == []


def test_a_pack_that_did_not_run_is_an_error() -> None:
    """What concerns no single policy has a test case of its own, which is an error."""
    failed = PackResult("x", "1", None, 2, errors=(EvaluationError("x", "1", "import", "no", resources=2),))
    assert outcomes(report(failed)) == {WHOLE_PACK: ["Error"]}


def test_hostile_text_stays_text() -> None:
    """Whatever a pack says, it is one test case with two results, and nothing that XML forbids is in it."""
    root = ElementTree.fromstring(junit_report(hostile()))
    assert [element.tag for element in root.iter()] == [
        *("testsuites", "testsuite", "properties", "property", "property"),
        *("testcase", "error", "failure", "system-out"),
    ]
