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


def test_a_report_is_written_to_a_file(auditor: User) -> None:
    """--output names a file in every format; with --json the document is on stdout as well."""
    file = auditor.directory / "out"
    for form in ("text", "github", "markdown", "junit", "sarif", "html", "csv", "json"):
        shown = auditor.must("report", "--format", form).out
        assert auditor.must("report", "--format", form, "-o", file.name).out == ""
        assert file.read_bytes().decode() == shown
    document = auditor.must("report", "--json").out
    assert auditor.must("report", "--json", "--format", "csv", "-o", file.name).out == document
    assert file.read_text("utf-8").startswith("status,")
    done = auditor("report", "-o", "no/where")
    assert (done.code, done.out) == (2, "") and "cannot write" in done.err


def test_a_format_is_still_told_from_a_file(auditor: User) -> None:
    """--output once named the format: a format still does, another word is a file, and ./json is one."""
    assert auditor.must("report", "-o", "csv").out == auditor.must("report", "--format", "csv").out
    assert auditor.must("report", "-o", "json").json() == auditor.must("report", "--json").json()
    auditor.must("report", "--format", "csv", "-o", "./json")
    assert (auditor.directory / "json").read_text("utf-8").startswith("status,")
    done = auditor("report", "--format", "csv", "-o", "json")
    assert done.code == 2 and "write --output ./json" in done.err
