"""The report as JUnit XML, for build services: a test suite for each pack, a test case for each policy.

A violation or remediation that makes the verdict worse (by `--fail-on`, or by the groups of an entity) is a
failure. Others go to `system-out`, with their waiver if there is one. Evaluation errors are errors; disabled
policies and those that had nothing to judge are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator

from packreg.analyzer.findings import EvaluationError, PackResult, Violation
from packreg.groups.model import Waiver
from packreg.reports.junit_xml import JUnitCase, JUnitSuite, junit_xml
from packreg.reports.plain import change_line, error_label, plain_lines, resource_label
from packreg.reports.report import Report, counted, pack_label, waiver_line
from packreg.text import plain

#: The name of the test case for errors of the whole pack.
WHOLE_PACK = "(the whole pack)"


def junit_report(*reports: Report) -> str:
    """The text of one XML document for all reports."""
    suites = (_suite(pack, report) for report in reports for pack in report.evaluation.packs)
    return junit_xml("packreg", suites)


def _suite(pack: PackResult, report: Report) -> JUnitSuite:
    label = pack_label(pack)
    suite = JUnitSuite(label, _properties(report))
    for policy in pack.policies:
        case = suite.case(label, policy.policy)
        _fill(case, pack, policy.policy, report)
        if case.passed and policy.outcome in ("disabled", "not applicable"):
            case.skipped(policy.outcome)
    named = {found.policy for found in pack.violations} | {found.policy for found in pack.remediations}
    named |= {error.policy for error in pack.errors}
    for name in sorted(named - {policy.policy for policy in pack.policies}):
        _fill(suite.case(label, name or WHOLE_PACK), pack, name, report)
    return suite


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    yield "analyzed", report.where
    if report.governed is not None:
        yield "entity", report.governed.required.entity.name
    if report.hidden:
        yield "resources with hidden secrets", str(len(report.hidden))
    yield from ((f"note: {note.code}", str(note)) for note in report.notes)


def _fill(case: JUnitCase, pack: PackResult, policy: str, report: Report) -> None:
    violations = [found for found in pack.violations if found.policy == policy]
    failing = [found for found in violations if report.counts(found)]
    errors = [error for error in pack.errors if error.policy == policy]
    if errors:
        lines = [line for error in errors for line in _error_lines(error)]
        case.ended("error", errors[0].code, counted(len(errors), "evaluation error"), lines)
    if failing:
        lines = [line for found in failing for line in _violation_lines(found)]
        level = "mandatory" if any(found.is_mandatory for found in failing) else "advisory"
        case.ended("failure", level, counted(len(failing), "violation"), lines)
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
        case.ended("failure", "remediate", "what a policy would change was not changed", left)
    if talk:
        case.printed(talk)


def _waiver_lines(waiver: Waiver | None) -> list[str]:
    return [] if waiver is None else [f"  {plain(waiver_line(waiver))}"]


def _violation_lines(found: Violation) -> list[str]:
    head = f"[{found.level}] {plain(resource_label(found.urn, found.resource_type))}"
    return [head, *(f"  {line}" for line in plain_lines(found.message))]


def _error_lines(error: EvaluationError) -> list[str]:
    at = error_label(error)
    return [f"[{plain(error.code)}] {plain(at)}", *(f"  {line}" for line in plain_lines(error.why))]
