"""Writes JUnit XML as build services read it: suites of test cases, with totals. All text is made `plain`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from packreg.text import plain

_TOTALS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


class JUnitSuite:
    """A test suite. Texts are made `plain`, which also removes characters that XML does not allow."""

    def __init__(self, name: str, properties: Iterable[tuple[str, str]]) -> None:
        self.element = Element("testsuite", name=plain(name))
        listed = SubElement(self.element, "properties")
        for key, value in properties:
            SubElement(listed, "property", name=plain(key), value=plain(value))

    def case(self, group: str, name: str) -> JUnitCase:
        """Add a test case, which counts as passed until it gets a result."""
        return JUnitCase(SubElement(self.element, "testcase", classname=plain(group), name=plain(name)))


class JUnitCase:
    """A test case of a suite."""

    def __init__(self, element: Element) -> None:
        self._element = element

    @property
    def passed(self) -> bool:
        """Whether it has no result and no output yet."""
        return len(self._element) == 0

    def ended(self, how: Literal["failure", "error"], kind: str, message: str, lines: Iterable[str]) -> None:
        """Add a failure or an error with its type (`kind`), a message and lines that are `plain` already."""
        result = SubElement(self._element, how, type=plain(kind), message=plain(message))
        result.text = "\n".join(lines)

    def skipped(self, why: str) -> None:
        """Mark the case as not run."""
        SubElement(self._element, "skipped", message=plain(why))

    def printed(self, lines: Iterable[str]) -> None:
        """Add output (`system-out`) of lines that are `plain` already."""
        SubElement(self._element, "system-out").text = "\n".join(lines)


def junit_xml(name: str, suites: Iterable[JUnitSuite]) -> str:
    """The text of the document with these suites."""
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
