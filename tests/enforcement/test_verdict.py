"""The verdict on an evaluation."""

from __future__ import annotations

import pytest

from packreg.analysis.findings import Evaluation
from packreg.enforcement.verdict import FAIL_ON, FailOn, verdict
from tests.enforcement.findings import error, guard


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


@pytest.mark.parametrize("fail_on", FAIL_ON)
def test_an_error_wins_over_everything(fail_on: FailOn) -> None:
    """With one error anywhere the verdict is "not evaluated", whatever was found beside it."""
    broken = Evaluation((guard(), guard(errors=(error(),))), 2)
    assert verdict(broken, fail_on) == "not-evaluated"


@pytest.mark.parametrize("fail_on", FAIL_ON)
def test_no_packs_are_no_pass(fail_on: FailOn) -> None:
    """Where nobody judged, nothing is allowed."""
    assert verdict(Evaluation((), 2), fail_on) == "not-evaluated"
