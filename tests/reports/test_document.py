"""The report as a JSON document."""

from __future__ import annotations

import json

from packreg.reports.document import document
from tests.reports.findings import BUCKET, URN, error, guard, hostile, report


def test_the_members() -> None:
    """Everything of the findings is there under a stable name, with the counts of policies."""
    found = document(report(guard(errors=(error("none", URN),))))
    assert found["verdict"] == "not-evaluated"
    assert found["analyzed"] == {"where": "state.json", "stack": "dev", "project": "shop", "resources": 2}
    assert found["totals"] == {
        "packs": 1,
        "resources": 2,
        "mandatory": 1,
        "advisory": 1,
        "remediations": 1,
        "errors": 1,
        "waived": 0,
        "hidden": 0,
    }
    assert found["notes"][0]["code"] == "hidden-secrets"
    [pack] = found["packs"]
    assert pack["counts"] == {"passed": 1, "failed": 3, "disabled": 1, "not_applicable": 0, "error": 1}
    assert [policy["outcome"] for policy in pack["policies"]] == [
        *("failed", "failed", "passed", "failed", "disabled", "error")
    ]
    assert pack["violations"][0] == {
        "policy": "private",
        "level": "mandatory",
        "message": "Is private.\nopen is public.",
        "urn": URN,
        "resource_type": BUCKET,
        "description": "Text.",
        "severity": "high",
        "kind": "resource",
    }
    assert pack["remediations"][0]["changes"] == [
        {"path": ["acl"], "kind": "update", "before": "public", "after": "private"},
        {"path": ["tags", "a.b"], "kind": "add", "after": "yes"},
        {"path": ["rules", 0, "port"], "kind": "delete", "before": 80},
    ]
    assert pack["errors"][0]["code"] == "no-answer"


def test_it_is_json_whatever_packs_say() -> None:
    """Numbers that JSON lacks become their names; strict readers read it back."""
    text = json.dumps(document(hostile()), allow_nan=False)
    [change] = json.loads(text)["packs"][0]["remediations"][0]["changes"]
    assert change["after"][1] == "nan"
