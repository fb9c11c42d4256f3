"""Case files and findings for the tests here."""

from __future__ import annotations

from pathlib import Path

from packreg.analyzer.findings import EvaluationError, PackResult, PropertyChange, Remediation, Violation
from packreg.cases.model import Case
from packreg.cases.reading import read_cases
from packreg.pack.problems import Problems

FILES = Path(__file__).parent / "files"
BUCKET = "demo:index:Bucket"
ROOT = "urn:pulumi:test::test::pulumi:pulumi:Stack::test-test"
PATH = "tests/cases.yaml"


def urn(name: str) -> str:
    """The URN of a bucket."""
    return f"urn:pulumi:test::test::{BUCKET}::{name}"


def violation(
    policy: str,
    level: str = "mandatory",
    message: str = "it is wrong",
    *,
    at: str = "logs",
    description: str = "",
) -> Violation:
    """A violation of the bucket `at`, or of the stack where that is empty."""
    where = (urn(at), BUCKET) if at else (ROOT, "pulumi:pulumi:Stack")
    text = f"{description}\n{message}" if description else message
    kind = "resource" if at else "stack"
    return Violation("guard", "1.0.0", policy, level, text, *where, description=description, kind=kind)


def remediation(policy: str, *changes: PropertyChange, at: str = "logs") -> Remediation:
    """A remediation of the bucket `at`."""
    return Remediation("guard", "1.0.0", policy, urn(at), BUCKET, changes)


def result(*found: Violation | Remediation | EvaluationError) -> PackResult:
    """What a pack found."""
    return PackResult(
        "guard",
        "1.0.0",
        None,
        1,
        violations=tuple(each for each in found if isinstance(each, Violation)),
        remediations=tuple(each for each in found if isinstance(each, Remediation)),
        errors=tuple(each for each in found if isinstance(each, EvaluationError)),
    )


def read(text: str | bytes, path: str = PATH) -> tuple[Case, ...]:
    """The cases of a file that has no problems."""
    problems = Problems()
    cases = read_cases(text.encode() if isinstance(text, str) else text, path, problems)
    assert not problems.errors, problems.errors
    return cases
