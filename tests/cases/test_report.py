"""The outcome of cases, in every format."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from packreg.analyzer.findings import EvaluationError, PropertyChange
from packreg.cases.document import document
from packreg.cases.junit import junit_report
from packreg.cases.model import Case
from packreg.cases.report import CaseResult, FileResult, TestReport, never_fired, summary
from packreg.cases.text import text_report
from packreg.errors import Problem
from tests.cases.cases import read, remediation, result, urn, violation
from tests.reports.findings import HOSTILE

TEXT = """
- name: good
  resource: {type: t, name: logs}
  expect: {violations: [{policy: private}]}
- name: bad
  resource: {type: t, name: logs}
  expect:
    violations: [{policy: private, level: advisory, resource: logs, message: /closed/}]
    remediations: [{policy: mend, changes: [{path: a, to: 1}, {path: b, from: x}, {path: c, from: 1, to: 2}]}]
- name: open
  resource: {type: t, name: logs}
- name: broken
  resource: {type: t, name: logs}
  expect: {}
- name: lost
  state: gone.json
  expect: {}
"""
GOOD, BAD, OPEN, BROKEN, LOST = read(TEXT)
PUBLIC = violation("private", message="logs is public", description="Private.")
MEND = remediation(
    "mend", PropertyChange(("a",), "update", 0.0, 1.0), PropertyChange(("d",), "add", after="x")
)
RAISED = EvaluationError(
    "guard", "1.0.0", "policy-raised", "it raised", "private", urn("logs"), log="one\ntwo"
)


def report(*cases: CaseResult, problems: tuple[Problem, ...] = (), **more: object) -> TestReport:
    """A report on one file."""
    return TestReport("guard", "1.0.0", (FileResult("tests/cases.yaml", cases, problems),), **more)  # type: ignore[arg-type]


def whole() -> TestReport:
    """A report with a case of each outcome, and a file that cannot be read."""
    cases = (
        CaseResult(GOOD, result(PUBLIC)),
        CaseResult(BAD, result(PUBLIC, MEND)),
        CaseResult(OPEN, result()),
        CaseResult(BROKEN, result(PUBLIC, RAISED)),
        CaseResult(LOST, None, "there is no gone.json"),
        CaseResult(BAD, result(PUBLIC), updated=True),
    )
    unread = FileResult(
        "tests/no.yaml", (), (Problem("yaml", "it is no YAML", "tests/no.yaml:1:2", "mend it"),)
    )
    note = Problem("hidden-secrets", "2 secrets stay hidden", "state.json")
    files = (FileResult("tests/cases.yaml", cases), unread)
    return TestReport("guard", "1.0.0", files, ("never",), (note,))


def test_every_outcome_has_one_word() -> None:
    """Passed, differs, not evaluated, updated; a case without an expectation never passes."""
    outcomes = [case.outcome for case in whole().cases]
    assert outcomes == ["passed", "differs", "differs", "not-evaluated", "not-evaluated", "updated"]
    assert CaseResult(OPEN, result(), updated=True).outcome == "updated"


def test_the_verdict_is_the_worst_and_not_evaluated_beats_differs() -> None:
    """No error hides behind a difference, no difference behind a pass, and nothing is no pass."""
    good, bad, broken = (
        CaseResult(GOOD, result(PUBLIC)),
        CaseResult(BAD, result()),
        CaseResult(LOST, None, "x"),
    )
    assert report(good).verdict == "passed"
    assert report(good, bad).verdict == "differs"
    assert report(good, bad, broken).verdict == "not-evaluated"
    assert report(good, problems=(Problem("x", "x"),)).verdict == "not-evaluated"
    assert report().verdict == "not-evaluated"
    assert (
        summary(report(good, bad, broken)) == "could not be evaluated: 1 passed, 1 differs, 1 not evaluated"
    )


def test_policies_that_no_case_made_fire() -> None:
    """Neither a violation nor a remediation of theirs was seen, expected or not."""
    results = [result(PUBLIC), result(MEND), None]
    assert never_fired(["private", "owned", "mend", "off"], results) == ("owned", "off")


def hostile() -> TestReport:
    """Everything that a pack, a case or a file names is hostile."""
    case = Case(HOSTILE, 1, HOSTILE, "state", source=HOSTILE, expect=BAD.expect)
    error = EvaluationError(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, log=HOSTILE)
    found = result(
        violation(HOSTILE, message=HOSTILE),
        remediation(HOSTILE, PropertyChange((HOSTILE,), "add", after=HOSTILE)),
    )
    problem = Problem(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    cases = (CaseResult(case, found), CaseResult(case, result(error)), CaseResult(case, None, HOSTILE))
    return TestReport(HOSTILE, HOSTILE, (FileResult(HOSTILE, cases, (problem,)),), (HOSTILE,), (problem,))


def test_hostile_text_is_harmless() -> None:
    """No line of the text is a command of a build service or moves a cursor; the XML is XML."""
    for line in text_report(hostile()).splitlines():
        assert line.isprintable()
        assert not line.lstrip().startswith("::") and "##[" not in line
    ElementTree.fromstring(junit_report(hostile()))
    json.dumps(document(hostile()), allow_nan=False)
