"""The verdict on an evaluation."""

from __future__ import annotations

from typing import Literal

from packreg.analysis.findings import Evaluation, Violation

#: The level of violations from which on the verdict is "denied"; "never" only reports them.
FailOn = Literal["advisory", "mandatory", "never"]
Verdict = Literal["allowed", "denied", "not-evaluated"]
FAIL_ON: tuple[FailOn, ...] = ("advisory", "mandatory", "never")


def verdict(evaluation: Evaluation, fail_on: FailOn) -> Verdict:
    """What follows: "not-evaluated" when anything stayed unjudged or there was no pack."""
    if not evaluation.is_complete:
        return "not-evaluated"
    return "denied" if any(denies(each, fail_on) for each in evaluation.violations) else "allowed"


def denies(violation: Violation, fail_on: FailOn) -> bool:
    """Whether this violation alone makes the verdict "denied"."""
    return fail_on == "advisory" or (fail_on == "mandatory" and violation.is_mandatory)
