"""JUnit XML as build services read it: suites of test cases, with their totals. All text is made `plain`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from packreg.text import plain

_TOTALS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


class JUnitSuite:
    """A test suite. `plain` leaves no character that XML does not have."""

    def __init__(self, name: str, properties: Iterable[tuple[str, str]]) -> None:
        self.element = Element("testsuite", name=plain(name))
        listed = SubElement(self.element, "properties")
        for key, value in properties:
            SubElement(listed, "property", name=plain(key), value=plain(value))

    def case(self, group: str, name: str) -> JUnitCase:
        """A new test case, which passed as long as it has no result."""
        return JUnitCase(SubElement(self.element, "testcase", classname=plain(group), name=plain(name)))


class JUnitCase:
    """A test case of a suite."""

    def __init__(self, element: Element) -> None:
        self._element = element

    @property
    def passed(self) -> bool:
        """Whether nothing was said of it yet."""
        return len(self._element) == 0

    def ended(self, how: Literal["failure", "error"], kind: str, message: str, lines: Iterable[str]) -> None:
        """Its result: one of our words for the kind, or a pack's, and lines that are `plain` already."""
        result = SubElement(self._element, how, type=plain(kind), message=plain(message))
        result.text = "\n".join(lines)

    def skipped(self, why: str) -> None:
        """It was not run."""
        SubElement(self._element, "skipped", message=plain(why))

    def printed(self, lines: Iterable[str]) -> None:
        """What it said beside its result, in lines that are `plain` already."""
        SubElement(self._element, "system-out").text = "\n".join(lines)


def junit_xml(name: str, suites: Iterable[JUnitSuite]) -> str:
    """The document of these suites."""
    root = Element("testsuites", name=name)
    for suite in suites:
        cases = suite.element.findall("testcase")
        suite.element.set("tests", str(len(cases)))
        for total, tag in _TOTALS.items():
            suite.element.set(total, str(sum(case.find(tag) is not None for case in cases)))
        root.append(suite.element)
    for total in ("tests", *_TOTALS):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    indent(root)
    xml: bytes = tostring(root, "us-ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml.decode()}\n'
