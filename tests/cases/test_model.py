"""What an expectation of a case accepts."""

from __future__ import annotations

import pytest

from packreg.analyzer.findings import PropertyChange
from packreg.cases.model import ExpectedChange, ExpectedRemediation, ExpectedViolation
from tests.cases.cases import ROOT, remediation, urn, violation

CHANGES = (
    PropertyChange(("acl",), "update", "public", "private"),
    PropertyChange(("tags", "a.b"), "add", after=1.0),
    PropertyChange(("rules", 0, "port"), "delete", before=80.0),
)
TO = {"to": "private"}


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
