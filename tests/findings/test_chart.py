"""The picture of what was open over time."""

from __future__ import annotations

import re

from packreg.findings.chart import chart
from packreg.findings.trend import Day


def drawn(*days: Day) -> str:
    """The picture as text."""
    return "".join(chart(days))


def test_days_stand_at_their_true_distance() -> None:
    """Nine days of nothing are nine times as wide as one."""
    picture = drawn(
        Day("2026-06-01", 1, 0, 0, 1), Day("2026-06-02", 2, 0, 0, 1), Day("2026-06-11", 3, 0, 0, 1)
    )
    points = re.search(r'<polyline class="line-mandatory" points="([^"]*)"', picture)
    assert points is not None
    first, second, third = (float(point.partition(",")[0]) for point in points[1].split())
    assert abs((third - second) - 9 * (second - first)) < 1


def test_there_are_axes_and_a_legend() -> None:
    """Numbers, dates, and what each line is; the first and the last day have their dates."""
    picture = drawn(Day("2026-06-01", 7, 2, 1, 1), Day("2026-06-30", 0, 0, 0, 1))
    for words in ("2026-06-01", "2026-06-30", ">0<", ">8<", "mandatory", "advisory", "not evaluated"):
        assert words in picture


def test_one_day_is_a_point_and_none_is_said() -> None:
    """A single run is shown, not refused."""
    assert drawn(Day("2026-06-01", 7, 2, 1, 1)).count("2026-06-01") == 1
    assert "no runs" in drawn()


def test_many_days_have_few_dates() -> None:
    """Dates do not overlap, however many days there are."""
    days = [Day(f"2026-06-{day:02d}", day, 0, 0, 1) for day in range(1, 31)]
    assert 2 <= len(re.findall(r">2026-06-\d\d<", drawn(*days))) <= 8
