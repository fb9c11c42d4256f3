"""What every format is made of."""

from __future__ import annotations

from packreg.analyzer.findings import Evaluation
from packreg.reports.report import Report
from packreg.reports.text import text_report
from tests.reports.findings import guard


def test_nothing_to_judge_is_no_praise() -> None:
    """Without resources, and without packs, the last line says so instead of "allowed"."""
    assert text_report(Report(Evaluation((guard(),), 0), "x", "never")).endswith(
        "nothing to analyze: 1 mandatory violation, 1 advisory violation, 1 remediation "
        "(1 pack over 0 resources)\n"
    )
    shown = text_report(Report(Evaluation((), 2), "x"))
    assert "no packs: nothing was judged" in shown
    assert "could not be evaluated: " in shown
