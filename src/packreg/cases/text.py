"""The test report for people: each case, with a diff of expected and seen findings if they differ."""

from __future__ import annotations

import json
from collections.abc import Iterator

from packreg.analyzer.findings import Remediation, Violation
from packreg.cases.comparing import CaseComparison
from packreg.cases.model import ExpectedChange, ExpectedRemediation, ExpectedViolation
from packreg.cases.report import CaseResult, TestReport, summary
from packreg.reports.plain import change_line, json_value, plain_lines, resource_label
from packreg.reports.text import error_lines
from packreg.text import plain

_SIGNS = {"passed": "✅", "differs": "❌", "updated": "📝", "not-evaluated": "⛔"}


def text_report(report: TestReport) -> str:
    """The whole report. Text of a pack goes through `plain`, and never stands at the beginning of a line."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: TestReport) -> Iterator[str]:
    yield f"Tested: {plain(report.tested)}"
    for file in report.files:
        yield f"Cases of {plain(file.path)}:"
        for problem in file.problems:
            yield f"    ⛔ {plain(str(problem))}"
            if problem.hint:
                yield f"       hint: {plain(problem.hint)}"
        for case in file.cases:
            yield f"    {_SIGNS[case.outcome]} {plain(case.case.name)}  (line {case.case.line})"
            yield from (f"        {line}" for line in details(case))
    if report.never_fired:
        yield ""
        yield "No case made these policies find anything:"
        yield from (f"    - {plain(policy)}" for policy in report.never_fired)
    if report.notes:
        yield ""
        yield "Notes:"
        yield from (f"    - {plain(str(note))}" for note in report.notes)
    yield ""
    yield summary(report)


def details(case: CaseResult) -> Iterator[str]:
    """Why a case did not pass, line by line: `-` was expected and not seen, `+` was seen and not expected."""
    comparison = case.comparison
    if comparison is None:
        yield from _why(case)
    elif case.outcome == "differs":
        if case.case.expect is None:
            yield "it does not say what it expects; `packreg test --update` writes what is seen"
        yield from difference(comparison)


def difference(comparison: CaseComparison) -> Iterator[str]:
    """The diff of expected and seen findings, line by line, grouped by policy."""
    wanted: tuple[ExpectedViolation | ExpectedRemediation, ...]
    seen: tuple[Violation | Remediation, ...]
    wanted = (*comparison.violations.missing, *comparison.remediations.missing)
    seen = (*comparison.violations.unexpected, *comparison.remediations.unexpected)
    if wanted or seen:
        yield "--- expected"
        yield "+++ seen"
    for policy in dict.fromkeys(each.policy for each in (*wanted, *seen)):
        for expected in wanted:
            if expected.policy == policy:
                yield from (f"- {line}" for line in _expected(expected))
        for found in seen:
            if found.policy == policy:
                yield from (f"+ {line}" for line in _found(found))


def _expected(each: ExpectedViolation | ExpectedRemediation) -> Iterator[str]:
    about = f"  ({plain(each.resource)})" if each.resource else ""
    if isinstance(each, ExpectedRemediation):
        yield f"[remediate]  {plain(each.policy)}{about}"
        yield from (f"    {_change(change)}" for change in each.changes or ())
        return
    yield f"[{each.level or 'any level'}]  {plain(each.policy)}{about}"
    if each.message:
        yield f"  {plain(each.message)}"


def _change(change: ExpectedChange) -> str:
    values = {key: json.dumps(json_value(value), ensure_ascii=False) for key, value in change.values.items()}
    if "to" not in values:
        return plain(f"- {change.path}: {values['from']}")
    if "from" not in values:
        return plain(f"{change.path}: {values['to']}")
    return plain(f"~ {change.path}: {values['from']} => {values['to']}")


def _found(each: Violation | Remediation) -> Iterator[str]:
    label = plain(resource_label(each.urn, each.resource_type))
    if isinstance(each, Remediation):
        yield f"[remediate]  {plain(each.policy)}  ({label})"
        yield from (f"    {change_line(change)}" for change in each.changes)
        return
    yield f"[{each.level}]  {plain(each.policy)}  ({label})"
    yield from (f"  {line}" for line in plain_lines(each.message))


def _why(case: CaseResult) -> Iterator[str]:
    yield from plain_lines(case.why)
    for error in case.result.errors if case.result is not None else ():
        head, *more = error_lines(error)
        yield head
        yield from (f"  {line}" for line in more)
