"""What `findings` prints: on a terminal a paragraph for each finding, for programs a line of fields."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from packreg.cli.folding import fold
from packreg.reports.plain import plain_lines, resource_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.cli.output import Output
    from packreg.findings.tracking import Tracked
    from packreg.services.findings import PolicyFinding


def write_findings(out: Output, found: Sequence[Tracked]) -> None:
    """Print the findings: on a terminal each with its message, else its fields separated by tabs."""
    if out.columns is None:
        out.table(
            ["status", "level", "severity", "entity", "policy", "resource", "message", "id"],
            [
                [
                    *(each.status, _level(each), each.severity or "-", each.entity.name, _policy(each)),
                    *(_resource(each), " ".join(plain_lines(each.message)), each.id),
                ]
                for each in found
            ],
        )
        return
    for each in found:
        said = (each.severity, _level(each), each.status, each.entity.name, each.id)
        _indented(out, "  ".join(word for word in said if word), by=0)
        _indented(out, f"{_policy(each)}  {_resource(each)}")
        for line in plain_lines(each.message):
            _indented(out, line)


def write_finding(out: Output, found: PolicyFinding) -> None:
    """Print everything about one finding."""
    each, policy = found.finding, found.policy
    waiver = each.waiver
    waived = f"{waiver.reason} ({waiver.owner} until {waiver.expires}, {waiver.id})" if waiver else ""
    members = {
        "finding": each.id,
        "status": each.status,
        "entity": each.entity.name,
        "run": f"{each.run} of {each.time}",
        "policy": f"{_policy(each)} {each.version}",
        "level": _level(each),
        "severity": each.severity,
        "resource": _resource(each),
        "urn": each.urn,
        "waived": waived,
        "url": policy.url if policy else "",
    }
    for name, value in members.items():
        if value:
            out.judged(f"{name:<10}{value}")
    out.line()
    texts = [each.message]
    if policy is not None:
        if policy.description and policy.description not in each.message:
            texts.append(policy.description)
        if policy.remediation_steps:
            texts.append(f"How to fix it:\n{policy.remediation_steps}")
    for number, text in enumerate(texts):
        if number:
            out.line()
        for line in plain_lines(text):
            _indented(out, line, by=0)
    if waiver is None and each.kind == "violation" and each.policy:
        option = "--stack" if each.entity.kind == "stack" else "--account"
        out.say(
            f"to waive it: packreg waiver add {quote(_policy(each))} {option} {quote(each.entity.name)} "
            f"--resource {quote(each.urn)} --expires 30d --reason '…'"
        )


def _indented(out: Output, text: str, by: int = 4) -> None:
    """Print a text folded to the width of the terminal, indented by `by` spaces."""
    for line in fold(text, max(20, (out.columns or 10_000) - by)):
        out.judged(f"{'':{by}}{line}")


def _level(each: Tracked) -> str:
    return (each.level or "error") + (", waived" if each.waiver else "")


def _policy(each: Tracked) -> str:
    return f"{each.pack}:{each.policy}" if each.policy else each.pack or "-"


def _resource(each: Tracked) -> str:
    return resource_label(each.urn, each.resource_type)
