"""How what is open changed from day to day."""

from __future__ import annotations

from dataclasses import replace

from packreg.findings.trend import trend
from tests.reports.findings import guard
from tests.reports.kept import stored


def test_a_day_keeps_what_the_day_before_left_open() -> None:
    """The trend has a point for each day with a run, and the last run of a day is that day's."""
    clean = replace(guard(), violations=(), remediations=())
    days = trend([stored(guard()), stored(clean, day=3)])
    assert [(day.date, day.mandatory, day.advisory) for day in days] == [
        ("2026-06-01", 2, 1),
        ("2026-06-03", 0, 0),
    ]
    update = stored(guard(), day=4, run="update", mode="preventative")
    assert [day.mandatory for day in trend([stored(guard()), stored(clean, day=3), update])] == [2, 0, 2]
