"""The report as JUnit XML, for build services: a test suite for each pack, a test case for each policy.

A violation that counts (at `--fail-on`, or for the verdict on an entity) is a failure, and so is a
remediation that does; another one is printed, with its waiver if it has one; an evaluation error is an error;
disabled policies and those that had nothing to judge are skipped.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from packreg.analysis.findings import EvaluationError, PackResult, Violation
from packreg.enforcement.plain import change_line, error_label, plain_lines, resource_label
from packreg.enforcement.report import Report, counted, pack_label, waiver_line
from packreg.groups.model import Waiver
from packreg.text import plain

#: The test case of what concerns no single policy.
WHOLE_PACK = "(the whole pack)"


def junit_report(*reports: Report) -> str:
    """One XML document of all reports. `plain` leaves no character that XML does not have."""
    root = Element("testsuites", name="packreg")
    for report in reports:
        for pack in report.evaluation.packs:
            _suite(root, pack, report)
    return document(root)


def document(root: Element) -> str:
    """The XML of these test suites, with their totals; all text in it must be `plain`."""
    suites = list(root)
    for attribute in ("tests", "failures", "errors", "skipped"):
        root.set(attribute, str(sum(int(suite.get(attribute, "0")) for suite in suites)))
    indent(root)
    xml: bytes = tostring(root, "us-ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml.decode()}\n'


def _suite(root: Element, pack: PackResult, report: Report) -> None:
    suite = SubElement(root, "testsuite", name=plain(pack_label(pack)))
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="analyzed", value=plain(report.where))
    if report.governed is not None:
        entity = plain(report.governed.required.entity.name)
        SubElement(properties, "property", name="entity", value=entity)
    if report.hidden:
        SubElement(
            properties, "property", name="resources with hidden secrets", value=str(len(report.hidden))
        )
    for note in report.notes:
        SubElement(properties, "property", name=f"note: {plain(note.code)}", value=plain(str(note)))
    known = {policy.policy for policy in pack.policies}
    for policy in pack.policies:
        case = _case(suite, pack, policy.policy)
        _fill(case, pack, policy.policy, report)
        if len(case) == 0 and policy.outcome in ("disabled", "not applicable"):
            SubElement(case, "skipped", message=policy.outcome)
    named = {found.policy for found in pack.violations} | {found.policy for found in pack.remediations}
    named |= {error.policy for error in pack.errors}
    for name in sorted(named - known):
        _fill(_case(suite, pack, name or WHOLE_PACK), pack, name, report)
    sum_up(suite)


def sum_up(suite: Element) -> None:
    """Count the results of a suite's test cases."""
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))


def _case(suite: Element, pack: PackResult, name: str) -> Element:
    return SubElement(suite, "testcase", classname=plain(pack_label(pack)), name=plain(name))


def _fill(case: Element, pack: PackResult, policy: str, report: Report) -> None:
    violations = [found for found in pack.violations if found.policy == policy]
    failing = [found for found in violations if report.counts(found)]
    errors = [error for error in pack.errors if error.policy == policy]
    if errors:
        lines = [line for error in errors for line in _error_lines(error)]
        said = counted(len(errors), "evaluation error")
        SubElement(case, "error", type=plain(errors[0].code), message=said).text = "\n".join(lines)
    if failing:
        lines = [line for found in failing for line in _violation_lines(found)]
        level = "mandatory" if any(found.is_mandatory for found in failing) else "advisory"
        said = counted(len(failing), "violation")
        SubElement(case, "failure", type=level, message=said).text = "\n".join(lines)
    talk: list[str] = []
    for found in (each for each in violations if each not in failing):
        talk += [*_violation_lines(found), *_waiver_lines(report.waiver(found))]
    left = []
    for remediation in (found for found in pack.remediations if found.policy == policy):
        lines = [f"[remediate] {plain(resource_label(remediation.urn, remediation.resource_type))}"]
        lines += [f"  {change_line(change)}" for change in remediation.changes]
        left += lines if report.counts(remediation) else []
        talk += [*lines, *_waiver_lines(report.waiver(remediation))]
    if left and not failing:
        said = "what a policy would change was left as it is"
        SubElement(case, "failure", type="remediate", message=said).text = "\n".join(left)
    if talk:
        SubElement(case, "system-out").text = "\n".join(talk)


def _waiver_lines(waiver: Waiver | None) -> list[str]:
    return [] if waiver is None else [f"  {plain(waiver_line(waiver))}"]


def _violation_lines(found: Violation) -> list[str]:
    head = f"[{found.level}] {plain(resource_label(found.urn, found.resource_type))}"
    return [head, *(f"  {line}" for line in plain_lines(found.message))]


def _error_lines(error: EvaluationError) -> list[str]:
    at = error_label(error)
    return [f"[{plain(error.code)}] {plain(at)}", *(f"  {line}" for line in plain_lines(error.why))]
