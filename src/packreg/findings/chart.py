"""Open findings over time as an SVG chart: axes, a legend, and days spaced by date. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from packreg.findings.trend import Day

#: The lines of the chart: the field of `Day` that each shows, and its label.
LINES = (("mandatory", "mandatory"), ("advisory", "advisory"), ("errors", "not evaluated"))
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 240, 44, 16, 30, 30
_DATES = 6


def chart(days: Sequence[Day]) -> Iterator[str]:
    """The lines of the SVG text; each day is a point on each curve. The page's CSS has the colours."""
    if not days:
        yield '<p class="none">There are no runs yet.</p>'
        return
    first, last = (date.fromisoformat(days[index].date).toordinal() for index in (0, -1))
    top = _round_up(max(max(day.mandatory, day.advisory, day.errors) for day in days))

    def x(day: str) -> float:
        share = (date.fromisoformat(day).toordinal() - first) / (last - first) if last > first else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: int) -> float:
        return _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _BOTTOM - _TOP)

    yield f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="What was open, by day">'
    for value in sorted({0, top // 2, top}):
        at = y(value)
        yield f'<line class="grid" x1="{_LEFT}" y1="{at:.1f}" x2="{_WIDTH - _RIGHT}" y2="{at:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{value}</text>'
    for index, (number, name) in enumerate(LINES):
        points = [(x(day.date), y(getattr(day, number))) for day in days]
        path = " ".join(f"{at:.1f},{height:.1f}" for at, height in points)
        yield f'<polyline class="line-{number}" points="{path}"/>'
        if len(points) <= 40:
            yield from (
                f'<circle class="dot-{number}" cx="{at:.1f}" cy="{height:.1f}" r="3"/>'
                for at, height in points
            )
        left = _LEFT + index * 130
        yield f'<circle class="dot-{number}" cx="{left + 5}" cy="12" r="5"/>'
        yield f'<text x="{left + 16}" y="16">{name}</text>'
    for day in _spread([day.date for day in days]):
        at = x(day)
        anchor = "start" if at < _LEFT + 30 else "end" if at > _WIDTH - _RIGHT - 30 else "middle"
        yield f'<text x="{at:.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}">{day}</text>'
    yield "</svg>"


def _round_up(value: int) -> int:
    """An even number that is easy to halve, at least 2."""
    step = 10 ** (len(str(value)) - 1)
    step = 2 if step == 1 else step
    return max(2, -(-value // step) * step)


def _spread(dates: Sequence[str]) -> list[str]:
    """Dates so far apart in time that their labels do not overlap: the first, the last and some between."""
    numbers = [date.fromisoformat(day).toordinal() for day in dates]
    least = (numbers[-1] - numbers[0]) / _DATES
    chosen = [0]
    for index, number in enumerate(numbers[1:-1], start=1):
        if number - numbers[chosen[-1]] >= least and numbers[-1] - number >= least:
            chosen.append(index)
    if len(dates) > 1:
        chosen.append(len(dates) - 1)
    return [dates[index] for index in chosen]
