"""What whoever runs the CLI is told about a denial."""

from __future__ import annotations

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.guard.denial import denial
from tests.reports.findings import URN, governed


def test_a_denial_says_what_why_and_how_much_passed() -> None:
    """First the stack and its policies, then what the CLI has not shown, and at the end the count."""
    unshown = pb.Diagnostic(
        policy_name="few",
        pack_name="guard",
        pack_version="1.0.0",
        message="There are\n3.",
        enforcement_level=pb.ADVISORY,
    )
    lines = denial(governed(applied=True), [unshown], exempted=True).splitlines()
    assert lines[:2] == [
        "organization/shop/dev is denied, by mandatory policies:",
        "  guard@1.0.0 private: demo:index:Bucket: open",
    ]
    assert lines[-4:] == [
        "about the stack as a whole:",
        "  [advisory]  guard@1.0.0 few: There are 3.",
        "policy exceptions of the Pulumi CLI do not count here",
        "2 of 5 policies failed, 1 passed, 1 remediated, 1 not applicable",
    ]
    assert any(URN in line for line in lines)
    short = denial(governed(applied=True), (), exempted=False)
    assert "as a whole" not in short and "exceptions" not in short
