"""What whoever runs the CLI is told about a denial."""

from __future__ import annotations

from dataclasses import replace

from packreg.guard.denial import Denial
from tests.reports.findings import violation

NAME = "organization/shop/dev"
OPEN = violation("private", "mandatory", "It is public.")


def told(*violations: tuple[object, bool]) -> list[str]:
    """The lines of a denial by these violations, each with whether it can be waived."""
    denial = Denial(NAME)
    assert not denial
    for found, waivable in violations:
        denial.add(found, waivable=waivable)  # type: ignore[arg-type]
    assert denial
    return denial.text((), exempted=False).splitlines()


def test_a_resource_that_is_shown_again_counts_once() -> None:
    """The CLI asks twice about what it replaces; other resources are counted."""
    assert told((OPEN, True), (OPEN, True))[1] == "  guard@1.0.0 private: demo:index:Bucket: open"
    other = replace(OPEN, urn=f"{OPEN.urn}-2")
    assert told((OPEN, True), (other, True))[1].endswith(": open and 1 more")


def test_only_what_can_be_waived_is_offered() -> None:
    """The hint names the first violation that may be waived, or says that there is none."""
    never = replace(OPEN, policy="never")
    assert f"waiver add guard:private --stack {NAME}" in told((never, False), (OPEN, True))[-1]
    assert told((never, False))[-1].endswith("none of them can be waived")
