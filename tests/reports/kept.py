"""Stored reports made by hand, for what is made of several."""

from __future__ import annotations

from packreg.analyzer.findings import PackResult
from packreg.groups.model import Mode, Waiver
from packreg.reports.report_keys import Run
from packreg.reports.stored import RanPack, StoredReport
from tests.reports.findings import OWNED, governed


def stored(
    *packs: PackResult,
    day: int = 1,
    run: Run = "audit",
    mode: Mode = "audit",
    waivers: tuple[Waiver, ...] = (),
    nothing: bool = False,
) -> StoredReport:
    """A run of these packs over one stack on a day of June 2026."""
    report = governed(*packs, mode=mode, waivers=waivers, nothing=nothing, memberships=(OWNED,))
    ran = tuple(
        RanPack(pack.pack, pack.version, f"sha256:{'a' * 64}", "prod", f"sha256:{'b' * 64}")
        for pack in report.evaluation.packs
    )
    time = f"2026-06-{day:02d}T10:00:00.000000Z"
    return StoredReport(f"id-{day}", run, time, f"sha256:{'c' * 64}", ran, report.verdict, report)
