"""The test report as a JSON document. Members may be added later; none is renamed or removed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from packreg.cases.model import ExpectedRemediation
from packreg.cases.report import CaseResult, TestReport
from packreg.reports.document import error_json, remediation_json, violation_json
from packreg.reports.plain import json_value


def document(report: TestReport) -> dict[str, Any]:
    """The whole report as JSON values. Texts are as packs wrote them, with known secrets replaced."""
    return {
        "verdict": report.verdict,
        "pack": report.pack,
        "version": report.version,
        "directory": report.directory or None,
        "totals": {name.replace("-", "_"): count for name, count in report.counts.items()},
        "never_fired": list(report.never_fired),
        "notes": [note._asdict() for note in report.notes],
        "files": [
            {
                "path": file.path,
                "problems": [problem._asdict() for problem in file.problems],
                "cases": [_case(case) for case in file.cases],
            }
            for file in report.files
        ],
    }


def _case(case: CaseResult) -> dict[str, Any]:
    comparison = case.comparison
    missing: dict[str, Any] = {"violations": [], "remediations": []}
    unexpected: dict[str, Any] = {"violations": [], "remediations": []}
    if comparison is not None and case.outcome == "differs":
        missing["violations"] = [asdict(each) for each in comparison.violations.missing]
        missing["remediations"] = [_remediation(each) for each in comparison.remediations.missing]
        unexpected["violations"] = [violation_json(each) for each in comparison.violations.unexpected]
        unexpected["remediations"] = [remediation_json(each) for each in comparison.remediations.unexpected]
    return {
        "name": case.case.name,
        "line": case.case.line,
        "outcome": case.outcome,
        "missing": missing,
        "unexpected": unexpected,
        "why": case.why,
        "errors": [error_json(error) for error in case.result.errors] if case.result is not None else [],
    }


def _remediation(each: ExpectedRemediation) -> dict[str, Any]:
    changes = each.changes
    return {
        "policy": each.policy,
        "resource": each.resource,
        "changes": [{"path": change.path, **json_value(dict(change.values))} for change in changes]
        if changes is not None
        else None,
    }
