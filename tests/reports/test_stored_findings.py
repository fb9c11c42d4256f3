"""Findings read back from a stored report."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from packreg.analyzer.program import Engine
from packreg.errors import IntegrityError
from packreg.reports.stored import (
    StoredReport,
)
from tests.reports.test_stored import everything

WRONG: list[tuple[str, Any]] = [
    ("id", "../x"),
    ("run", "other"),
    ("time", "2026-08-01"),
    ("verdict", "fine"),
    ("failed_open", "no"),
    ("mode", "strict"),
    ("entity", {"kind": "bucket", "name": "x", "tags": {}}),
    ("entity", {"kind": "stack", "name": "x", "tags": {"a": 1}}),
    ("governance", {"revision": -1, "groups": []}),
    ("governance", {"revision": 1, "groups": [1]}),
    ("state", {"digest": "md5:1", "where": "", "stack": "", "project": "", "resources": 1}),
    ("packs", [{"name": "guard"}]),
    ("packs", {}),
    ("waivers", []),
    ("results", [1]),
    ("unavailable", [{}]),
    ("notes", [{"code": 1}]),
]


@pytest.mark.parametrize(("member", "value"), WRONG, ids=[f"{i}-{name}" for i, (name, _) in enumerate(WRONG)])
def test_a_member_that_is_not_what_it_should_be_is_refused(member: str, value: object) -> None:
    """Types, words, numbers and forms are checked, and the message has the key."""
    report = everything()
    members = json.loads(gzip.decompress(report.encode()))
    data = gzip.compress(json.dumps({**members, member: value}).encode())
    with pytest.raises(IntegrityError, match="reports/update/"):
        StoredReport.decode(data, report.key)


@pytest.mark.parametrize(
    "engine", [None, Engine("python", "/bin/python", "3.11.7", True), Engine("opa", "/opa", "1.6.0")]
)
def test_what_ran_a_pack_is_kept(engine: Engine | None) -> None:
    """And whether it was asked in its own process, which older reports do not say."""
    report = everything()
    members = json.loads(gzip.decompress(report.encode()))
    members["results"][0]["engine"] = engine and engine._asdict()
    if engine is not None and not engine.in_process:
        del members["results"][0]["engine"]["in_process"]
    read = StoredReport.decode(gzip.compress(json.dumps(members).encode()), report.key)
    assert read.report.evaluation.packs[0].engine == engine
