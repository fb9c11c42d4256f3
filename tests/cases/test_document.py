"""The report of a pack's cases as JSON."""

from __future__ import annotations

import json

from packreg.cases.document import document
from tests.cases.test_report import whole


def test_the_document_has_both_sides() -> None:
    """JSON names what is missing and what is unexpected, of differing cases only, and every error."""
    found = json.loads(json.dumps(document(whole())))
    assert (found["verdict"], found["never_fired"]) == ("not-evaluated", ["never"])
    assert found["totals"] == {"passed": 1, "differs": 2, "updated": 1, "not_evaluated": 2}
    good, bad, *_, updated = found["files"][0]["cases"]
    nothing = {"violations": [], "remediations": []}
    assert (good["missing"], good["unexpected"], updated["missing"]) == (nothing, nothing, nothing)
    assert bad["missing"]["violations"] == [
        {"policy": "private", "level": "advisory", "resource": "logs", "message": "/closed/"}
    ]
    assert bad["missing"]["remediations"][0]["changes"][2] == {"path": "c", "from": 1, "to": 2}
    assert bad["unexpected"]["violations"][0]["message"] == "Private.\nlogs is public"
    assert [error["code"] for error in found["files"][0]["cases"][3]["errors"]] == ["policy-raised"]
    assert found["files"][1]["problems"][0]["where"] == "tests/no.yaml:1:2"
