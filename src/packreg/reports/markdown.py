"""The report as Markdown (GitHub's), for a comment on a pull request or the summary of a job.

All texts from packs and resources are put into code spans or blocks, where neither markup nor mentions work.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

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


#: The highest ranks, of parts that are left out first.
_WAIVED, _FINE, _NEVER = 6, 7, 8
#: Characters reserved for the last line, and the most of one finding's text if the report has to be cut.
_SAID, _TEXT = 400, 2_000


class _Part(NamedTuple):
    """Lines of the report that are kept or left out together. `rank` is 0 for the most important; `what` is
    the name it is counted under when left out; `below` is the heading that it stands below.
    """

    rank: int
    lines: tuple[str, ...]
    what: str = ""
    below: tuple[str, ...] = ()


def markdown_report(*reports: Report, limit: int = 0) -> str:
    """The text of the reports, at most `limit` characters long; 0 means no limit. If not all fits, the less
    important parts are left out, and the last line says how many of each kind.
    """
    parts = [part for report in reports for part in (*_lines(report), _Part(_NEVER, ("",)))][:-1]
    whole = _text(parts, range(len(parts)))
    return whole if limit <= 0 or len(whole) <= limit else _cut(parts, limit)


def _text(parts: Sequence[_Part], kept: Collection[int]) -> str:
    lines: list[str] = []
    heading: tuple[str, ...] = ()
    for index, part in enumerate(parts):
        if index in kept:
            lines += part.below if part.below != heading else ()
            heading = part.below
            lines += part.lines
    return "".join(f"{line}\n" for line in lines)


def _cut(parts: Sequence[_Part], limit: int) -> str:
    """The text of the parts that fit, chosen by rank and kept in their order, and of what was left out."""
    room, kept = limit - _SAID, set[int]()
    shorter = [part._replace(lines=_shortened(part.lines)) for part in parts]
    for index in sorted(range(len(parts)), key=lambda index: parts[index].rank):
        part = shorter[index]
        size = sum(len(line) + 1 for line in (*part.below, *part.lines))
        if size <= room:
            room -= size
            kept.add(index)
    left = Counter(part.what for index, part in enumerate(parts) if index not in kept and part.what)
    said = ", ".join(f"{number} {what}" for what, number in left.items())
    cut = f"; texts of more than {_TEXT} characters are cut" if shorter != list(parts) else ""
    why = f"the limit is {limit} characters{cut}; `--format json` and `--format text` have everything"
    return f"{_text(shorter, kept)}\n**Left out: {said or 'nothing whole'}** ({why})\n"[:limit]


def _shortened(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines of a finding with its text cut after `_TEXT` characters; the block's fence stays closed."""
    room, kept = _TEXT, list[str]()
    for line in lines:
        if not line.startswith("  ") or line.startswith("  ```"):
            kept.append(line)
        elif room > 0:
            kept.append(line[:room])
            room -= len(line)
    return tuple(kept)


def _lines(report: Report) -> Iterator[_Part]:
    fine = not any(pack.errors or pack.violations or pack.remediations for pack in report.evaluation.packs)
    of = "" if report.governed is None else f" for {code(report.governed.required.entity.name)}"
    yield _Part(
        _FINE if fine else 0,
        (
            "## Policies",
            "",
            f"{_SIGNS[report.verdict]} **{summary(report)}**{of} in {code(report.where)}",
            "",
            *_owners(report),
            "| pack | passed | failed | disabled | not applicable | errors |",
            "|---|---|---|---|---|---|",
        ),
        "reports",
    )
    for pack in report.evaluation.packs:
        counts = " | ".join(
            str(pack.counts[name]) for name in ("passed", "failed", "disabled", "not applicable")
        )
        row = f"| {code(pack_label(pack), cell=True)} | {counts} | {len(pack.errors)} |"
        yield _Part(_FINE if fine else 1, (row,), "rows of packs")
    for pack in report.evaluation.packs:
        yield from _pack(pack, report)
    for note in report.notes:
        yield _Part(5, (f"- {code(str(note))}",), "notes", ("", "### Notes", ""))


def _owners(report: Report) -> Iterator[str]:
    """Who owns the groups that require the packs, and where they are reached."""
    memberships = report.governed.required.memberships if report.governed is not None else ()
    for each in memberships:
        if each.about.owner or each.about.contact:
            yield from (f"Required by {code(str(each))}", "")


def _pack(pack: PackResult, report: Report) -> Iterator[_Part]:
    heading = ("", f"### {code(pack_label(pack))}", "")
    for error in pack.errors:
        at = error_label(error)
        of = f"{code(error.policy)} on " if error.policy else ""
        head = f"- **could not be evaluated** ({error.code}): {of}{code(at)}"
        yield _Part(2, (head, *_block(plain_lines(error.why))), "errors", heading)
    for violation in pack.violations:
        label = code(resource_label(violation.urn, violation.resource_type))
        waiver = report.waiver(violation)
        level = f"{violation.level}, waived" if waiver else violation.level
        rank = _WAIVED if waiver else 3 if violation.is_mandatory else 4
        lines = [*plain_lines(violation.message), *([plain(waiver_line(waiver))] if waiver else [])]
        head = f"- **{level}** {code(violation.policy)} on {label}"
        yield _Part(rank, (head, *_block(lines)), f"{level} violations", heading)
    for found in pack.remediations:
        label = code(resource_label(found.urn, found.resource_type))
        waiver = report.waiver(found)
        level = "remediate, waived" if waiver else "remediate"
        changes = [change_line(change) for change in found.changes]
        lines = [*changes, *([plain(waiver_line(waiver))] if waiver else [])]
        head = f"- **{level}** {code(found.policy)} on {label}"
        yield _Part(_WAIVED if waiver else 3, (head, *_block(lines)), "remediations", heading)


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
