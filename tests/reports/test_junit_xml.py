"""JUnit XML: suites, cases, totals."""

from __future__ import annotations

from xml.etree import ElementTree

import junitparser

from packreg.reports.junit_xml import JUnitSuite, junit_xml


def test_totals_are_of_cases_by_their_results() -> None:
    """A case counts once for each kind of result; one without any passed."""
    suite = JUnitSuite("guard", [("where", "state.json")])
    both = suite.case("guard", "both")
    assert both.passed
    both.ended("error", "import", "one", ["a"])
    both.ended("failure", "mandatory", "two", ["b", "c"])
    assert not both.passed
    suite.case("guard", "off").skipped("disabled")
    suite.case("guard", "fine").printed(["said"])
    xml = junitparser.JUnitXml.fromstring(junit_xml("packreg", [suite, JUnitSuite("empty", [])]).encode())
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (3, 1, 1, 1)
    assert [(each.name, each.tests) for each in xml] == [("guard", 3), ("empty", 0)]
    assert {case.name: case.is_passed for each in xml for case in each}["fine"]


def test_names_that_are_hostile_are_spelled_out() -> None:
    """Nothing that XML forbids, and no workflow command, is in a name or a property."""
    suite = JUnitSuite("\x1b[2J", [("::error::", "\u202e")])
    suite.case("\x00", "##[error]").skipped("\ud800")
    text = junit_xml("packreg", [suite])
    ElementTree.fromstring(text)
    assert r"\x1b[2J" in text and r"\u202e" in text and "##[" not in text and r"\ud800" in text
