"""The report as SARIF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from packreg.analyzer.findings import EvaluationError, PackResult
from packreg.reports.report import Report
from packreg.reports.sarif import SCHEMA, sarif_report
from tests.reports.findings import URN, error, guard, hostile, report

#: The schema of SARIF 2.1.0 with errata 01, as OASIS publishes it.
OFFICIAL = json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text("utf-8"))
FAILED = PackResult("x", "", None, 2, errors=(EvaluationError("x", "", "import", "no", resources=2),))


@pytest.mark.parametrize(
    "reported",
    [report(), report(guard(errors=(error("none", URN),)), FAILED), hostile(), report(guard(), guard())],
    ids=["findings", "errors", "hostile", "two"],
)
def test_it_passes_the_official_schema(reported: Report) -> None:
    """Every log passes the schema of OASIS, formats of URIs included, and says that it does."""
    log = json.loads(json.dumps(sarif_report(reported), allow_nan=False))
    checker = jsonschema.Draft4Validator.FORMAT_CHECKER
    jsonschema.Draft4Validator(OFFICIAL, format_checker=checker).validate(log)
    assert log["$schema"] == SCHEMA == OFFICIAL["id"]


def run_of(reported: Report) -> dict[str, Any]:
    """The only run."""
    [run] = sarif_report(reported)["runs"]
    return run  # type: ignore[no-any-return]


def test_levels_and_kinds() -> None:
    """Mandatory is an error, advisory a warning, a remediation informational; each points at its rule."""
    run = run_of(report())
    rules = run["tool"]["driver"]["rules"]
    assert [(r["ruleId"], r["kind"], r["level"]) for r in run["results"]] == [
        ("private", "fail", "error"),
        ("owned", "fail", "warning"),
        ("tagged", "informational", "none"),
    ]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        [place] = result["locations"]
        assert place["logicalLocations"][0]["fullyQualifiedName"] == URN
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "state.json"


def test_rules_carry_what_the_pack_says_of_a_policy() -> None:
    """Severity as a number, tags, help, the link if it is a web address, and that a policy is disabled."""
    rules = {rule["id"]: rule for rule in run_of(report())["tool"]["driver"]["rules"]}
    assert rules["private"]["properties"] == {"security-severity": "8.0"}
    assert rules["tagged"]["properties"] == {"tags": ["a", "b"]}
    assert rules["unique"]["help"] == {"text": "Rename one."}
    assert rules["owned"]["helpUri"] == "https://example.org/owned?x=1"
    assert "helpUri" not in rules["off"]
    assert rules["off"]["defaultConfiguration"] == {"enabled": False}


def test_a_run_with_errors_was_not_successful() -> None:
    """Errors are notifications of a run that failed, never results, and never silence."""
    [invocation] = run_of(report(guard(errors=(error("none", URN),))))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["level"] == "error"
    assert "no answer in 60 s" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    [invocation] = run_of(report())["invocations"]
    assert invocation["executionSuccessful"] is True
    assert [note["level"] for note in invocation["toolExecutionNotifications"]] == ["note"]


def test_a_finding_keeps_its_fingerprint() -> None:
    """The same finding is known again in the next report, another one is not."""
    prints = [result["partialFingerprints"]["packregFinding/v1"] for result in run_of(report())["results"]]
    assert len(set(prints)) == 3
    again = run_of(report(guard(advisory_only=True)))["results"][0]["partialFingerprints"]
    assert again["packregFinding/v1"] == prints[1]
