"""Which finding answers which expectation."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from packreg.cases.comparing import compare, matching
from packreg.cases.model import Expected, ExpectedViolation
from tests.cases.cases import remediation, result, violation


def best(answers: list[list[int]]) -> int:
    """The size of a largest matching, by trying everything."""
    findings = sorted({finding for row in answers for finding in row})
    padded = [*findings, *range(-1, -len(answers) - 1, -1)]
    return max(
        sum(finding in row for finding, row in zip(order, answers, strict=False))
        for order in permutations(padded, len(answers))
    )


@given(st.lists(st.lists(st.integers(0, 3), max_size=4, unique=True), max_size=4))
def test_no_more_could_be_paired(answers: list[list[int]]) -> None:
    """Each expectation and each finding is in at most one pair, each pair fits, and none larger exists."""
    pairs = matching(answers)
    assert len(set(pairs.values())) == len(pairs)
    assert all(finding in answers[wanted] for finding, wanted in pairs.items())
    assert len(pairs) == best(answers)


def test_a_chain_of_a_thousand_expectations_is_no_recursion() -> None:
    """Expectations that can only be paired by moving all the others are paired."""
    size = 1500
    answers = [[index, index + 1] for index in range(size)] + [[0]]
    assert len(matching(answers)) == size + 1


def test_the_vague_expectation_leaves_the_finding_to_the_exact_one() -> None:
    """Two expectations of one policy are both met, whatever their order and that of the findings."""
    expected = (ExpectedViolation("p"), ExpectedViolation("p", message="first"))
    found = (violation("p", message="the first"), violation("p", message="the second"))
    for wanted in permutations(expected):
        for seen in permutations(found):
            assert compare(Expected(wanted), result(*seen)).is_same


def test_what_is_left_over_is_said_on_its_side() -> None:
    """What was expected and not found is missing, what was found and not expected is unexpected."""
    seen = violation("b")
    comparison = compare(Expected((ExpectedViolation("a"),)), result(seen, remediation("c")))
    assert not comparison.is_same
    assert comparison.violations.missing == (ExpectedViolation("a"),)
    assert comparison.violations.unexpected == (seen,)
    assert comparison.remediations.unexpected == (remediation("c"),)
    assert compare(Expected(), result()).is_same
