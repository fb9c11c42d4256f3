"""The report for people: the "Policies:" section of the Pulumi CLI, pack by pack."""

from __future__ import annotations

from collections.abc import Iterator

from packreg.analysis.findings import EvaluationError, PackResult
from packreg.enforcement.plain import change_line, error_label, plain, plain_lines, resource_label
from packreg.enforcement.report import Report, counts_line, pack_label, summary

_LOG_LINES = 10


def text_report(report: Report) -> str:
    """The whole report. Every line is ours, or `plain` text behind white space and one of our words."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield "Policies:"
    for pack in report.evaluation.packs:
        yield from _pack(pack)
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
    yield summary(report)


def _pack(pack: PackResult) -> Iterator[str]:
    counts = counts_line(pack) if pack.info else "did not run"
    yield f"    {_sign(pack)} {plain(pack_label(pack))}  ({counts})"
    for found in pack.remediations:
        yield _head("remediate", found.policy, resource_label(found.urn, found.resource_type))
        for change in found.changes:
            yield f"            {change_line(change)}"
    for violation in pack.violations:
        severity = f"  severity {violation.severity}" if violation.severity else ""
        label = resource_label(violation.urn, violation.resource_type)
        yield _head(violation.level, violation.policy, label) + severity
        for line in plain_lines(violation.message):
            yield f"          {line}"
    if pack.errors:
        yield "        could not be evaluated:"
        for error in pack.errors:
            head, *more = error_lines(error)
            yield f"        - {head}"
            yield from (f"          {line}" for line in more)


def error_lines(error: EvaluationError) -> Iterator[str]:
    """What could not be evaluated, in one line; then why, and the last of what the pack wrote."""
    at = error_label(error)
    of = f"{error.policy}  " if error.policy else ""
    yield f"[error]  {plain(of)}({plain(at)}): {plain(error.code)}"
    yield from plain_lines(error.why)
    log = plain_lines("\n".join(error.log.splitlines()[-_LOG_LINES:]))
    if log:
        yield "the last it wrote:"
        yield from (f"| {line}" for line in log)


def _head(level: str, policy: str, resource: str) -> str:
    return f"        - [{level}]  {plain(policy)}  ({plain(resource)})"


def _sign(pack: PackResult) -> str:
    if pack.errors or any(violation.is_mandatory for violation in pack.violations):
        return "❌"
    return "⚠️" if pack.violations else "✅"
