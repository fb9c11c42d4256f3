"""Compliance as one HTML file, for people who look rather than read: heat map, trend, findings.

It is complete in itself: no script, no picture, nothing that is fetched, which its own content policy
enforces too, so that nothing a pack or a resource says can do anything in a browser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from packreg.findings.compliance import Compliance, Score
from packreg.findings.tracking import Tracked
from packreg.findings.trend import Day
from packreg.groups.model import Entity
from packreg.reports.plain import plain_lines, resource_label
from packreg.reports.report import counted, waiver_line
from packreg.text import plain

#: Findings that are shown for one entity; the rest is counted.
FINDINGS_AT_MOST = 500
_STYLE = """
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
.scroll { overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; }
td.score { text-align: center; white-space: nowrap; color: #111; }
.none { color: #888; }
.good { background: #8fd19e; } .fair { background: #d7e39a; } .poor { background: #f3c97d; }
.bad { background: #f0958f; } .error { background: #c9a5e8; }
pre { margin: .3rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85em; }
summary { cursor: pointer; padding: .4rem 0; }
.mandatory { color: #c0392b; } .advisory { color: #9a6b00; } .waived, .fixed { color: #2c7a4b; }
.note { color: #777; font-size: .9em; }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: currentColor; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html_report(
    table: Compliance, findings: Sequence[Tracked], days: Sequence[Day], *, title: str, made: str, tool: str
) -> str:
    """The page. `made` is when, RFC 3339 in UTC, `tool` packreg's version."""
    return "".join(f"{line}\n" for line in _page(table, findings, days, title, made, tool))


def _page(
    table: Compliance, findings: Sequence[Tracked], days: Sequence[Day], title: str, made: str, tool: str
) -> Iterator[str]:
    name = _text(title)
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{_STYLE}</style></head><body>"
    yield f"<h1>{name}</h1>"
    overall, scope = table.overall(), counted(len(table.entities), "stack or account", "stacks and accounts")
    yield f"<p>{overall.passed} of {overall.total} policies passed over {scope}.</p>"
    yield "<h2>Compliance</h2>"
    yield from _heat_map(table)
    yield "<h2>Trend</h2>"
    yield from _chart(days)
    yield "<h2>Findings</h2>"
    for entity in table.entities:
        yield from _entity(entity, [each for each in findings if each.entity.name == entity.name])
    yield f'<p class="note">Made {_text(made)} by packreg {_text(tool)}.</p></body></html>'


def _heat_map(table: Compliance) -> Iterator[str]:
    if not table.packs:
        yield '<p class="none">No reports are kept.</p>'
        return
    yield '<div class="scroll"><table><thead><tr><th>entity</th>'
    yield from (f"<th>{_text(pack)}</th>" for pack in table.packs)
    yield "<th>all</th></tr></thead><tbody>"
    for entity in table.entities:
        cells = "".join(_cell(table.score(entity, pack)) for pack in table.packs)
        yield f"<tr><th>{_text(entity.name)}</th>{cells}{_cell(table.overall(entity=entity))}</tr>"
    cells = "".join(_cell(table.overall(pack=pack)) for pack in table.packs)
    yield f"<tr><th>all</th>{cells}{_cell(table.overall())}</tr></tbody></table></div>"
    yield '<p class="note">Policies passed of all that are enabled. Violet: some could not be evaluated.</p>'


def _cell(score: Score | None) -> str:
    if score is None or score.share is None:
        return '<td class="score none">–</td>'
    look = "error" if score.errors else next(name for least, name in _LOOKS if score.share >= least)
    about = f' title="{_text(score.version)} at {_text(score.time)}"' if score.version else ""
    return f'<td class="score {look}"{about}>{score.passed}/{score.total}</td>'


_LOOKS = ((1.0, "good"), (0.8, "fair"), (0.5, "poor"), (0.0, "bad"))

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 220, 40, 24


def _chart(days: Sequence[Day]) -> Iterator[str]:
    """Lines of what was open, by day; with one day it is that day in words."""
    if len(days) < 2:
        yield '<p class="none">A trend needs runs on two days.</p>'
        return
    top = max(1, *(max(day.mandatory, day.advisory, day.errors) for day in days))
    step = (_WIDTH - _LEFT - 10) / (len(days) - 1)

    def height(value: int) -> float:
        return _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _BOTTOM - 10)

    yield f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="What was open, by day">'
    for value in sorted({0, top // 2, top}):
        y = height(value)
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH}" y2="{y:.1f}" stroke="#8884"/>'
        yield f'<text x="4" y="{y + 4:.1f}">{value}</text>'
    for name, colour in (("mandatory", "#c0392b"), ("advisory", "#c58a00"), ("errors", "#8e44ad")):
        points = " ".join(
            f"{_LEFT + index * step:.1f},{height(getattr(day, name)):.1f}" for index, day in enumerate(days)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{_text(days[0].date)}</text>'
    yield f'<text x="{_WIDTH - 4}" y="{_HEIGHT - 6}" text-anchor="end">{_text(days[-1].date)}</text></svg>'
    last = days[-1]
    yield (
        f'<p class="note">On {_text(last.date)}: <span class="mandatory">{last.mandatory} mandatory</span>, '
        f'<span class="advisory">{last.advisory} advisory</span>, {last.errors} not evaluated.</p>'
    )


def _entity(entity: Entity, findings: Sequence[Tracked]) -> Iterator[str]:
    open_now = sum(each.is_there and each.waiver is None and each.kind != "hidden" for each in findings)
    hidden = sum(each.is_there and each.kind == "hidden" for each in findings)
    said = f"{open_now} open" + (f", {counted(hidden, 'resource')} with hidden secrets" if hidden else "")
    state = " open" if any(each.level == "mandatory" and each.is_there for each in findings) else ""
    yield f"<details{state}><summary>{_text(entity.name)}: {said}</summary>"
    if findings:
        yield '<div class="scroll"><table><thead><tr><th>status</th><th>level</th><th>policy</th>'
        yield "<th>resource</th></tr></thead><tbody>"
        yield from (_row(each) for each in findings[:FINDINGS_AT_MOST])
        yield "</tbody></table></div>"
    if len(findings) > FINDINGS_AT_MOST:
        yield f'<p class="note">and {len(findings) - FINDINGS_AT_MOST} more</p>'
    yield "</details>"


def _row(each: Tracked) -> str:
    level = each.level or "not evaluated"
    lines = plain_lines(each.message) + ([plain(waiver_line(each.waiver))] if each.waiver else [])
    said = escape("\n".join(lines))
    status = "waived" if each.waiver else each.status
    policy = f"{each.pack}@{each.version}" if each.pack else "secrets that could not be read"
    policy = f"{policy}: {each.policy}" if each.policy else policy
    return (
        f'<tr><td class="{status}">{status}</td><td class="{escape(each.level)}">{_text(level)}</td>'
        f"<td>{_text(policy)}<pre>{said}</pre></td>"
        f"<td>{_text(resource_label(each.urn, each.resource_type))}</td></tr>"
    )


def _text(text: str) -> str:
    return escape(plain(text))
