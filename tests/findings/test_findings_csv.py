"""Findings as CSV: a spreadsheet reads every row, and computes none."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from packreg.findings.findings_csv import HEADER, findings_csv
from packreg.findings.tracking import track
from tests.reports.findings import HOSTILE, URN, guard, violation, waiver
from tests.reports.kept import stored


def rows(text: str) -> list[list[str]]:
    """What a reader of RFC 4180 sees."""
    return list(csv.reader(io.StringIO(text, newline="")))


def test_there_is_a_header_also_where_nothing_was_found() -> None:
    """A tool that reads it needs no special case; lines end as the RFC says."""
    assert rows(findings_csv(())) == [list(HEADER)]
    assert findings_csv(()).endswith("\r\n")


def test_each_finding_is_a_row_under_the_header() -> None:
    """With its status, its place, and the waiver that covers it."""
    found = track(stored(guard(), waivers=(waiver(),)))
    table = [dict(zip(HEADER, row, strict=True)) for row in rows(findings_csv(found))[1:]]
    assert [(each["kind"], each["policy"], each["status"]) for each in table] == [
        (each.kind, each.policy, each.status) for each in found
    ]
    [waived] = [each for each in table if each["policy"] == "private"]
    assert waived["urn"] == URN and waived["waiver"].startswith("waived until 2026-12-31T23:59:59Z by ada")


def test_no_cell_is_a_formula_or_a_second_line() -> None:
    """Whatever a pack says: what a spreadsheet would compute has an apostrophe before it."""
    for message in ("=1+1", "+1", "-1", "@SUM(A1)", HOSTILE, "\t=1+1", 'a",b\n=c'):
        pack = replace(guard(), violations=(violation("private", "mandatory", message),), remediations=())
        [row] = rows(findings_csv(track(stored(pack))))[1:]
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)
        assert all(cell.isprintable() for cell in row)
