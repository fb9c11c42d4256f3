"""The verdict on an evaluation."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.findings import Evaluation, PackResult
from packreg.enforcement.verdict import TABLE, FailOn, Found, judged, verdict
from packreg.errors import Problem
from packreg.groups.decision import Unavailable
from packreg.groups.model import Mode
from tests.reports.findings import error, governed, guard, violation, waiver


@pytest.mark.parametrize(
    ("fail_on", "expected"), [("mandatory", "denied"), ("advisory", "denied"), ("never", "allowed")]
)
def test_a_mandatory_violation_denies(fail_on: FailOn, expected: str) -> None:
    """It denies unless nothing does."""
    assert verdict(Evaluation((guard(),), 2), fail_on) == expected


@pytest.mark.parametrize(
    ("fail_on", "expected"), [("mandatory", "allowed"), ("advisory", "denied"), ("never", "allowed")]
)
def test_an_advisory_violation_denies_where_that_is_asked_for(fail_on: FailOn, expected: str) -> None:
    """It denies only at `advisory`; a remediation beside it never does."""
    assert verdict(Evaluation((guard(advisory_only=True),), 2), fail_on) == expected


@pytest.mark.parametrize("fail_on", get_args(FailOn))
def test_an_error_wins_over_everything(fail_on: FailOn) -> None:
    """With one error anywhere the verdict is "not evaluated", whatever was found beside it."""
    broken = Evaluation((guard(), guard(errors=(error(),))), 2)
    assert verdict(broken, fail_on) == "not-evaluated"


@pytest.mark.parametrize("fail_on", get_args(FailOn))
def test_no_packs_are_no_pass(fail_on: FailOn) -> None:
    """Where nobody judged, nothing is allowed."""
    assert verdict(Evaluation((), 2), fail_on) == "not-evaluated"


# -- of required packs ---------------------------------------------------------------------------------------

CLEAN = replace(guard(), violations=(), remediations=())
ADVISORY = replace(CLEAN, violations=(violation("owned", "advisory", "No owner."),))
MANDATORY = replace(CLEAN, violations=(violation("private", "mandatory", "Is public."),))
LEFT = replace(guard(), violations=())
BROKEN = replace(MANDATORY, errors=(error(),))


@pytest.mark.parametrize(
    ("pack", "preventative", "audit"),
    [
        (CLEAN, "allowed", "compliant"),
        (ADVISORY, "allowed", "compliant"),
        (MANDATORY, "denied", "not-compliant"),
        (LEFT, "denied", "not-compliant"),
        (BROKEN, "not-evaluated", "not-evaluated"),
    ],
    ids=["clean", "advisory", "mandatory", "remediation", "error"],
)
def test_what_follows_in_each_mode(pack: PackResult, preventative: str, audit: str) -> None:
    """Preventative groups deny what audit groups only report; an error is no verdict in either."""
    assert governed(pack).verdict == preventative
    assert governed(pack, mode="audit").verdict == audit


def test_a_remediation_that_is_applied_does_not_deny() -> None:
    """Where whoever asked applies what policies change, nothing is left."""
    assert governed(LEFT, applied=True).verdict == "allowed"


def test_what_is_waived_does_not_deny() -> None:
    """A mandatory violation and a remediation under a waiver let pass; one of two does not."""
    assert governed(MANDATORY, waivers=[waiver("private")]).verdict == "allowed"
    assert governed(LEFT, waivers=[waiver("tagged")]).verdict == "allowed"
    assert governed(guard(), waivers=[waiver("private")]).verdict == "denied"
    assert governed(BROKEN, waivers=[waiver("private")]).verdict == "not-evaluated"


@pytest.mark.parametrize("mode", ["preventative", "audit"])
def test_what_cannot_be_had_is_no_pass(mode: Mode) -> None:
    """A pack that was removed is an evaluation error beside packs that passed, and alone."""
    gone = Unavailable(
        "limits", "1.0.0", Problem("version-removed", "was removed", "group prod", "name another")
    )
    report = governed(CLEAN, mode=mode, unavailable=(gone,))
    assert report.verdict == "not-evaluated"
    [failed] = report.evaluation.errors
    assert (failed.pack, failed.version, failed.code, failed.resources) == (
        "limits",
        "1.0.0",
        "version-removed",
        2,
    )
    assert failed.why == "group prod: was removed\nhint: name another"


@pytest.mark.parametrize("mode", ["preventative", "audit"])
def test_required_packs_of_which_none_ran_are_no_pass(mode: Mode) -> None:
    """Where packs were required and nobody judged, nothing is allowed, though there is no error to tell."""
    report = replace(governed(mode=mode), evaluation=Evaluation((), 2))
    assert not report.evaluation.errors
    assert report.verdict == "not-evaluated"


@pytest.mark.parametrize("mode", ["preventative", "audit"])
def test_nothing_required_is_a_verdict_of_its_own(mode: Mode) -> None:
    """It is neither a pass nor an error."""
    assert governed(nothing=True, mode=mode).verdict == "nothing-required"


_FOUND = st.lists(st.sampled_from(list(TABLE)))
_WORST = ("allowed", "compliant", "nothing-required", "denied", "not-compliant", "not-evaluated")


@given(_FOUND, _FOUND, st.sampled_from(["preventative", "audit"]))
def test_finding_more_never_makes_it_better(one: list[Found], more: list[Found], mode: Mode) -> None:
    """The verdict on everything is the worst of the verdicts on its parts."""
    verdicts = [judged([found], mode) for found in (*one, *more)] or [judged([], mode)]
    assert judged([*one, *more], mode) == max(verdicts, key=_WORST.index)


@given(_FOUND)
def test_an_audit_never_denies(found: list[Found]) -> None:
    """No row of the table blocks anybody in audit mode."""
    assert judged(found, "audit") in ("compliant", "not-compliant", "nothing-required", "not-evaluated")
