"""The report as Markdown (GitHub's), for a comment on a pull request or the summary of a job.

Everything that packs and resources say stands in code: neither markup nor a mention works there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packreg.analyzer.findings import PackResult
from packreg.enforcement.verdict import Verdict
from packreg.reports.plain import change_line, error_label, plain_lines, resource_label
from packreg.reports.report import Report, pack_label, summary, waiver_line
from packreg.text import plain

_SIGNS: dict[Verdict, str] = {
    "allowed": "✅",
    "denied": "❌",
    "compliant": "✅",
    "not-compliant": "❌",
    "nothing-required": "⚪",
    "not-evaluated": "⛔",
}


def markdown_report(report: Report) -> str:
    """The whole report."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield "## Policies"
    yield ""
    of = "" if report.governed is None else f" for {code(report.governed.required.entity.name)}"
    yield f"{_SIGNS[report.verdict]} **{summary(report)}**{of} in {code(report.where)}"
    yield ""
    yield "| pack | passed | failed | disabled | not applicable | errors |"
    yield "|---|---|---|---|---|---|"
    for pack in report.evaluation.packs:
        counts = " | ".join(
            str(pack.counts[name]) for name in ("passed", "failed", "disabled", "not applicable")
        )
        yield f"| {code(pack_label(pack), cell=True)} | {counts} | {len(pack.errors)} |"
    for pack in report.evaluation.packs:
        yield from _pack(pack, report)
    if report.notes:
        yield from ("", "### Notes", "")
        for note in report.notes:
            yield f"- {code(str(note))}"


def _pack(pack: PackResult, report: Report) -> Iterator[str]:
    if not (pack.errors or pack.violations or pack.remediations):
        return
    yield from ("", f"### {code(pack_label(pack))}", "")
    for error in pack.errors:
        at = error_label(error)
        of = f"{code(error.policy)} on " if error.policy else ""
        yield f"- **could not be evaluated** ({error.code}): {of}{code(at)}"
        yield from _block(plain_lines(error.why))
    for violation in pack.violations:
        label = code(resource_label(violation.urn, violation.resource_type))
        waiver = report.waiver(violation)
        level = f"{violation.level}, waived" if waiver else violation.level
        yield f"- **{level}** {code(violation.policy)} on {label}"
        yield from _block(
            [*plain_lines(violation.message), *([plain(waiver_line(waiver))] if waiver else [])]
        )
    for found in pack.remediations:
        label = code(resource_label(found.urn, found.resource_type))
        waiver = report.waiver(found)
        level = "remediate, waived" if waiver else "remediate"
        yield f"- **{level}** {code(found.policy)} on {label}"
        changes = [change_line(change) for change in found.changes]
        yield from _block([*changes, *([plain(waiver_line(waiver))] if waiver else [])])


def _block(lines: list[str]) -> Iterator[str]:
    """Lines as a fenced block inside a list item; the fence is longer than any in the lines."""
    if lines:
        fence = "`" * max(3, 1 + max(map(_ticks, lines)))
        yield from ("", f"  {fence}", *(f"  {line}" for line in lines), f"  {fence}", "")


def code(text: str, *, cell: bool = False) -> str:
    """Text as a code span, also inside a cell of a table."""
    shown = plain(text) or " "
    shown = shown.replace("|", r"\|") if cell else shown
    fence = "`" * (1 + _ticks(shown))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _ticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
