"""The text that tells whoever runs the CLI why a run was denied. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from packreg.analyzer.protocol import analyzer_pb2 as pb
from packreg.reports.next_steps import next_steps
from packreg.reports.report import Report, policies_counted
from packreg.states.resource import urn_parts
from packreg.text import one_line

_MOST_FINDINGS = 12
_LONGEST_LINE = 160


def denial(
    report: Report, unshown: Iterable[pb.Diagnostic], *, exempted: bool, redact: Callable[[str], str] = str
) -> str:
    """What was denied, how much passed, and what can be done.

    `unshown` are diagnostics that the CLI has not shown; `exempted` says that it may have been given policy
    exceptions; `redact` takes secrets out of what packs say.
    """
    assert report.governed is not None
    lines = [f"{report.governed.required.entity} is denied, by mandatory policies:"]
    lines += next_steps(report, redact)
    told = findings(unshown)
    if told:
        lines += ["about the stack as a whole:", *told]
    if exempted:
        lines.append("policy exceptions of the Pulumi CLI do not count here")
    lines.append(policies_counted(report))
    return "\n".join(lines)


def not_made(urn: str, diagnostics: Iterable[pb.Diagnostic], unsure: str) -> str:
    """Why a resource with violations is not created: `unsure` says why the CLI may let them pass."""
    lines = [f"{_place(urn)} is denied, and was not created:", *findings(diagnostics), unsure]
    return "\n".join([*lines, "hint: policy exceptions do not count here; leave the configuration out"])


def findings(diagnostics: Iterable[pb.Diagnostic]) -> list[str]:
    """Diagnostics as lines, as the CLI would show them; mandatory ones come first."""
    told = sorted(diagnostics, key=lambda each: each.enforcement_level == pb.ADVISORY)
    lines = []
    for each in told[:_MOST_FINDINGS]:
        level = pb.EnforcementLevel.Name(each.enforcement_level).lower()
        where = f"  ({_place(each.urn)})" if each.urn else ""
        name = f"{each.pack_name}@{each.pack_version}"
        message = one_line(" ".join(each.message.split()), _LONGEST_LINE)
        lines.append(f"  [{level}]  {one_line(f'{name} {each.policy_name}', 200)}{where}: {message}")
    if len(told) > _MOST_FINDINGS:
        lines.append(f"  and {len(told) - _MOST_FINDINGS} more")
    return lines


def _place(urn: str) -> str:
    kind, name = urn_parts(urn)[2:]
    return one_line(f"{kind.rpartition('$')[2]}: {name}", 200)
