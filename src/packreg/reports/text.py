"""The report as text for people, laid out as the Pulumi CLI's "Policies:" section, pack by pack."""

from __future__ import annotations

from collections.abc import Iterator

from packreg.analyzer.findings import EvaluationError, PackResult
from packreg.enforcement.waivers import Finding
from packreg.reports.plain import change_line, error_label, plain_lines, resource_label
from packreg.reports.report import Report, counts_line, pack_label, policies_counted, summary, waiver_line
from packreg.text import plain

_LOG_LINES = 10


def text_report(report: Report) -> str:
    """The whole report. Texts from packs are made `plain`; none of them is at the beginning of a line."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    governed = report.governed
    if governed is not None:
        by = ", ".join(governed.required.groups) or "no group"
        yield f"Required of {plain(governed.required.entity.name)} by {plain(by)} ({governed.required.mode}):"
        for each in governed.required.memberships:
            if each.about.owner or each.about.contact:
                yield f"    {plain(str(each))}"
        yield ""
    yield "Policies:"
    for pack in report.evaluation.packs:
        yield from _pack(pack, report)
    if not report.evaluation.packs:
        yield "    no packs: nothing was judged"
    if report.notes:
        yield ""
        yield "Notes:"
        for note in report.notes:
            yield f"    - {plain(str(note))}"
            if note.hint:
                yield f"      hint: {plain(note.hint)}"
    yield ""
    if counts := policies_counted(report):
        yield counts
    yield summary(report)


def _pack(pack: PackResult, report: Report) -> Iterator[str]:
    counts = counts_line(pack) if pack.info else "did not run"
    yield f"    {_sign(pack, report)} {plain(pack_label(pack))}  ({counts})"
    for found in pack.remediations:
        yield _head(_level("remediate", found, report), found.policy, _label(found))
        for change in found.changes:
            yield f"            {change_line(change)}"
        yield from _waiver(found, report)
    for violation in pack.violations:
        severity = f"  severity {violation.severity}" if violation.severity else ""
        yield (
            _head(_level(violation.level, violation, report), violation.policy, _label(violation)) + severity
        )
        for line in plain_lines(violation.message):
            yield f"          {line}"
        yield from _waiver(violation, report)
    if pack.errors:
        yield "        could not be evaluated:"
        for error in pack.errors:
            head, *more = error_lines(error)
            yield f"        - {head}"
            yield from (f"          {line}" for line in more)


def error_lines(error: EvaluationError) -> Iterator[str]:
    """A line that says what could not be evaluated; then the reason, and the pack's last lines of output."""
    at = error_label(error)
    of = f"{error.policy}  " if error.policy else ""
    yield f"[error]  {plain(of)}({plain(at)}): {plain(error.code)}"
    yield from plain_lines(error.why)
    log = plain_lines("\n".join(error.log.splitlines()[-_LOG_LINES:]))
    if log:
        yield "its last output:"
        yield from (f"| {line}" for line in log)


def _head(level: str, policy: str, resource: str) -> str:
    return f"        - [{level}]  {plain(policy)}  ({plain(resource)})"


def _level(level: str, found: Finding, report: Report) -> str:
    return level if report.waiver(found) is None else f"{level}, waived"


def _label(found: Finding) -> str:
    return resource_label(found.urn, found.resource_type)


def _waiver(found: Finding, report: Report) -> Iterator[str]:
    waiver = report.waiver(found)
    if waiver is not None:
        yield f"          {plain(waiver_line(waiver))}"


def _sign(pack: PackResult, report: Report) -> str:
    open_ones = [found for found in pack.violations if report.waiver(found) is None]
    left = report.governed is not None and any(map(report.counts, pack.remediations))
    if pack.errors or left or any(violation.is_mandatory for violation in open_ones):
        return "❌"
    return "⚠️" if pack.violations else "✅"
