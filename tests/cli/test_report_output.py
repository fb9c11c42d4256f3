"""A report in each of its formats."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from packreg.groups.model import Entity
from tests.cli.conftest import User
from tests.cli.kept import keep
from tests.cli.test_reporting import auditor as auditor
from tests.reports.findings import error, guard, violation
from tests.reports.kept import stored


def test_every_format_prints_what_was_kept(auditor: User) -> None:
    """The formats of analyze, of all entities together; CSV has a row for each finding, fixed ones too."""
    bad = replace(guard(errors=(error(),)), violations=(violation("private", "mandatory", "=1+1"),))
    other = stored(bad)
    required = replace(other.required, entity=Entity("stack", "organization/shop/prod"))
    assert other.report.governed is not None
    governed = replace(other.report.governed, required=required)
    keep(auditor, replace(other, report=replace(other.report, governed=governed)))
    for form in ("text", "github", "markdown", "junit", "sarif", "html", "json"):
        assert "private" in auditor.must("report", "--format", form).out
    assert len(auditor.must("report", "--format", "json").json()) == 2
    ids = [run["automationDetails"]["id"] for run in auditor.must("report", "-o", "sarif").json()["runs"]]
    assert len(set(ids)) == 2
    rows = list(csv.DictReader(io.StringIO(auditor.must("report", "shop/*", "--format", "csv").out)))
    assert {(row["entity"][-4:].strip("/"), row["status"], row["kind"]) for row in rows} >= {
        ("dev", "fixed", "violation"),
        ("prod", "new", "error"),
    }
    assert not any(row["message"].startswith("=") for row in rows)
