"""Which finding answers which expectation."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.findings import PropertyChange
from packreg.cases.comparing import compare, matching
from packreg.cases.model import Expected, ExpectedChange, ExpectedRemediation, ExpectedViolation
from tests.cases.cases import ROOT, remediation, result, urn, violation


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


@pytest.mark.parametrize(
    ("expected", "accepted"),
    [
        (ExpectedViolation("p"), True),
        (ExpectedViolation("q"), False),
        (ExpectedViolation("p", level="mandatory"), True),
        (ExpectedViolation("p", level="advisory"), False),
        (ExpectedViolation("p", resource="logs"), True),
        (ExpectedViolation("p", resource="log"), False),
        (ExpectedViolation("p", resource="demo:index:Bucket"), True),
        (ExpectedViolation("p", resource=urn("logs")), True),
        (ExpectedViolation("p", resource=urn("other")), False),
        (ExpectedViolation("p", message="is public"), True),
        (ExpectedViolation("p", message="is Public"), False),
        (ExpectedViolation("p", message="l.gs"), False),
        (ExpectedViolation("p", message="/l.gs/"), True),
        (ExpectedViolation("p", message="/^Private[.]/"), True),
        (ExpectedViolation("p", message="/^logs/"), False),
        (ExpectedViolation("p", message="/(?m)^logs/"), True),
        (ExpectedViolation("p", message="/Private.*public/"), False),
        (ExpectedViolation("p", message="/(?s)Private.*public/"), True),
        (ExpectedViolation("p", message="//"), False),
    ],
)
def test_an_expectation_of_a_violation(expected: ExpectedViolation, accepted: bool) -> None:
    """It says as much as it wants: policy, level, resource by name, type or URN, a text or an expression."""
    found = violation("p", message="logs is public", description="Private.")
    assert expected.accepts(found) == accepted


def test_the_stack_is_named_by_its_type() -> None:
    """What is about the stack is expected of pulumi:pulumi:Stack, or of its URN or name."""
    found = violation("p", at="")
    for resource in ("pulumi:pulumi:Stack", ROOT, "test-test", ""):
        assert ExpectedViolation("p", resource=resource).accepts(found)
    assert not ExpectedViolation("p", resource="logs").accepts(found)


CHANGES = (
    PropertyChange(("acl",), "update", "public", "private"),
    PropertyChange(("tags", "a.b"), "add", after=1.0),
    PropertyChange(("rules", 0, "port"), "delete", before=80.0),
)
TO = {"to": "private"}


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ([("acl", TO), ("tags.a.b", {"to": 1}), ("rules[0].port", {"from": 80})], True),
        ([("tags.a.b", {"to": 1}), ("rules[0].port", {"from": 80}), ("acl", TO)], True),
        ([("acl", {"from": "public"} | TO), ("tags.a.b", {"to": 1}), ("rules[0].port", {"from": 80})], True),
        ([("acl", {"from": "x"} | TO), ("tags.a.b", {"to": 1}), ("rules[0].port", {"from": 80})], False),
        ([("acl", {"to": "x"}), ("tags.a.b", {"to": 1}), ("rules[0].port", {"from": 80})], False),
        ([("acl", TO), ("tags.a.b", {"to": True}), ("rules[0].port", {"from": 80})], False),
        ([("acl", TO), ("tags.a.b", {"from": 0, "to": 1}), ("rules[0].port", {"from": 80})], False),
        ([("acl", TO), ("tags.a.b", {"to": 1}), ("rules[0].port", {"to": 80})], False),
        ([("acl", TO), ("tags.a.b", {"to": 1})], False),
        ([], False),
    ],
)  # fmt: skip
def test_the_changes_of_a_remediation(changes: list[tuple[str, dict[str, object]]], accepted: bool) -> None:
    """All of them, in any order: what each becomes or that it is removed, and maybe what it was."""
    found = remediation("p", *CHANGES)
    wanted = tuple(ExpectedChange(path, values) for path, values in changes)
    assert ExpectedRemediation("p", changes=wanted).accepts(found) == accepted
    assert ExpectedRemediation("p").accepts(found)
    assert not ExpectedRemediation("p", "other").accepts(found)
