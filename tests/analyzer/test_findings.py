"""Counting and differences: the pure part of findings."""

from __future__ import annotations

import pytest

from packreg.analyzer.findings import (
    Evaluation,
    EvaluationError,
    PackResult,
    PolicyResult,
    told_apart,
)


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (PolicyResult("p", "disabled"), "disabled"),
        (PolicyResult("p", "mandatory", passed=5, failed=1, errors=1), "error"),
        (PolicyResult("p", "advisory", passed=5, failed=1, not_applicable=1), "failed"),
        (PolicyResult("p", "advisory", not_applicable=2), "not applicable"),
        (PolicyResult("p", "advisory", passed=1, not_applicable=2), "passed"),
        (PolicyResult("p", "advisory"), "passed"),
    ],
)
def test_a_policy_has_one_outcome(result: PolicyResult, outcome: str) -> None:
    """An error outweighs a failure, a failure a pass, and a policy that never applied has not passed."""
    assert result.outcome == outcome


def test_no_packs_is_not_complete() -> None:
    """Without packs nothing was judged, which must not look like a pass."""
    assert not Evaluation((), 3).is_complete
    assert Evaluation((PackResult("p", "1", None, 3),), 3).is_complete
    error = EvaluationError("p", "1", "crashed", "gone")
    assert not Evaluation((PackResult("p", "1", None, 3, errors=(error,)),), 3).is_complete


def test_packs_of_one_name_and_version_are_told_apart() -> None:
    """By the words they were asked for with, also in what they found; others keep their names."""
    error = EvaluationError("p", "1", "crashed", "gone")
    packs = (PackResult("p", "1", None, 3, errors=(error,)), PackResult("p", "2", None, 3))
    assert told_apart(packs, ["./p", "p@2"]) == packs
    one, two, other = told_apart((*packs, packs[0]), ["./a", "p@2", "./b"])
    assert [pack.pack for pack in (one, two, other)] == ["p (./a)", "p", "p (./b)"]
    assert one.errors[0].pack == "p (./a)"
