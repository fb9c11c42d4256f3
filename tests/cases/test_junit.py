"""The report of a pack's cases as JUnit XML."""

from __future__ import annotations

import junitparser

from packreg.cases.junit import WHOLE_FILE, junit_report
from tests.cases.test_report import whole


def test_a_reader_of_junit_understands_it() -> None:
    """A difference is a failure with the diff, what was not evaluated an error, the rest has passed."""
    xml = junitparser.JUnitXml.fromstring(junit_report(whole()).encode())
    kinds = [(case.name, [type(found).__name__ for found in case.result]) for suite in xml for case in suite]
    assert kinds == [
        ("good", []), ("bad", ["Failure"]), ("open", ["Failure"]), ("broken", ["Error"]), ("lost", ["Error"]),
        ("bad", []), (WHOLE_FILE, ["Error"]),
    ]  # fmt: skip
    assert (xml.tests, xml.failures, xml.errors) == (7, 2, 3)
    bad = next(case for suite in xml for case in suite if case.name == "bad")
    assert "- [advisory]  private  (logs)" in bad.result[0].text.splitlines()
