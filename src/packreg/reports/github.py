"""The report as workflow commands of GitHub Actions: an annotation for each finding, and a summary line.

GitHub shows ten errors, ten warnings and ten notices of a step. Mandatory violations are errors, advisory
ones warnings. Remediations are errors if they deny, else notices; waived findings and notes are notices.
"""

from __future__ import annotations

from packreg.analyzer.findings import PackResult
from packreg.reports.plain import change_line, error_label, plain_lines, resource_label
from packreg.reports.report import Report, pack_label, summary, waiver_line
from packreg.text import plain


def github_report(report: Report) -> str:
    """The commands, one on each line: evaluation errors, mandatory violations, advisory ones, the rest."""
    lines = [
        _command(
            "error",
            f"{pack_label(pack)}: could not be evaluated",
            [f"{error.policy or 'the pack'} ({error_label(error)}): {error.code}", error.why],
        )
        for pack in report.evaluation.packs
        for error in pack.errors
    ]
    for level, command in (("mandatory", "error"), ("advisory", "warning")):
        for pack in report.evaluation.packs:
            for found in pack.violations:
                if found.level == level:
                    where = resource_label(found.urn, found.resource_type)
                    waiver = report.waiver(found)
                    texts = [where, found.message, *([waiver_line(waiver)] if waiver else [])]
                    lines.append(_command("notice" if waiver else command, _title(pack, found.policy), texts))
    for pack in report.evaluation.packs:
        for remediation in pack.remediations:
            where = resource_label(remediation.urn, remediation.resource_type)
            changes = [f"{where} would be changed:", *map(change_line, remediation.changes)]
            if waiver := report.waiver(remediation):
                changes.append(waiver_line(waiver))
            command = "error" if report.counts(remediation) else "notice"
            lines.append(_command(command, _title(pack, remediation.policy), changes))
    lines += [_command("notice", note.code, [str(note)]) for note in report.notes]
    return "".join(f"{line}\n" for line in (*lines, summary(report)))


def _title(pack: PackResult, policy: str) -> str:
    return f"{pack_label(pack)}: {policy}"


def _command(command: str, title: str, texts: list[str]) -> str:
    data = "\n".join(line for text in texts for line in plain_lines(text))
    data = data.replace("%", "%25").replace("\n", "%0A")
    value = plain(title).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::{command} title={value}::{data}"
