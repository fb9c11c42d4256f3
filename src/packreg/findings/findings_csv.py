"""Findings as CSV (RFC 4180), for spreadsheets: a header, then a row for each finding."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from packreg.findings.tracking import Tracked
from packreg.reports.report import waiver_line
from packreg.text import plain

HEADER = (
    "status",
    "kind",
    "entity",
    "mode",
    "run",
    "time",
    "pack",
    "version",
    "policy",
    "level",
    "severity",
    "resource_type",
    "urn",
    "message",
    "waiver",
)
#: A spreadsheet takes a cell that begins with one of these for a formula, so such a cell gets an apostrophe.
_FORMULA = ("=", "+", "-", "@")


def findings_csv(findings: Iterable[Tracked]) -> str:
    """The CSV text of all findings; without any it is the header alone."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(HEADER)
    for each in findings:
        values = (
            *(each.status, each.kind, each.entity.name, each.mode, each.run, each.time),
            *(each.pack, each.version, each.policy, each.level, each.severity, each.resource_type),
            *(each.urn, each.message, waiver_line(each.waiver) if each.waiver else ""),
        )
        rows.writerow([_cell(value) for value in values])
    return out.getvalue()


def _cell(text: str) -> str:
    shown = plain(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
