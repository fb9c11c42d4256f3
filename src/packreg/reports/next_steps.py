"""What whoever was stopped can do next, policy by policy, as lines of text. Pure.

It is for a person who has just been denied: how the author of each policy says to fix it, who requires the
pack of this stack and by which rule, and commands that work as they are typed. What 40 resources have in
common is said once. The texts of packs are made harmless, and a command that would have to be cut, or has
characters that cannot be shown, is left out.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from packreg.enforcement.waivers import Finding
from packreg.pack.metadata import PolicyInfo
from packreg.reports.plain import plain_lines, resource_label
from packreg.reports.report import Report, counted
from packreg.text import one_line

#: The most policies, the most resources that a command names one by one, and the most lines of a policy's
#: steps, with the most characters of each.
_POLICIES, _URNS, _STEPS, _LINE = 8, 3, 6, 200
#: The most characters of a command.
_COMMAND = 2_000


@dataclass(frozen=True, slots=True)
class _Blocking:
    """A policy of a pack that stopped something: what it found, in order, and what the pack says of it."""

    findings: Sequence[Finding]
    policy: PolicyInfo | None

    @property
    def urns(self) -> list[str]:
        return list(dict.fromkeys(each.urn for each in self.findings))


def next_steps(report: Report, redact: Callable[[str], str] = str) -> Iterator[str]:
    """The lines, each with two spaces or more before it; none where nothing that was found denies.

    `redact` takes secrets out of what packs say.
    """
    policies = _blocking(report)
    if report.governed is None:  # nobody requires the packs, so there is nothing else to say
        policies = [each for each in policies if any(_advice(each.policy))]
    shown = policies[:_POLICIES]
    for pack in dict.fromkeys(each.findings[0].pack for each in shown):
        for each in shown:
            if each.findings[0].pack == pack:
                yield from _policy(each, report, redact)
        yield from _pack(pack, report)
    if len(policies) > len(shown):
        yield f"  and {counted(len(policies) - len(shown), 'more policy', 'more policies')}"


def command(*words: str) -> str:
    """A command as it is typed in a shell; "" if it is too long, or not all of it can be shown."""
    text = shlex.join(words)
    return text if text.isprintable() and len(text) <= _COMMAND else ""


def _blocking(report: Report) -> list[_Blocking]:
    found: dict[tuple[str, str, str], list[Finding]] = {}
    findings: Iterable[Finding] = (*report.evaluation.violations, *report.evaluation.remediations)
    for finding in findings:
        if report.counts(finding):
            found.setdefault((finding.pack, finding.version, finding.policy), []).append(finding)
    infos = {pack.pack: pack.info for pack in report.evaluation.packs}
    return [
        _Blocking(findings, info.policy(policy) if (info := infos.get(pack)) else None)
        for (pack, _, policy), findings in found.items()
    ]


def _policy(blocking: _Blocking, report: Report, redact: Callable[[str], str]) -> Iterator[str]:
    first, urns = blocking.findings[0], blocking.urns
    place = one_line(resource_label(first.urn, first.resource_type), _LINE)
    more = f" and {len(urns) - 1} more" if len(urns) > 1 else ""
    name = f"{first.pack}@{first.version}" if first.version else first.pack
    yield f"  {one_line(f'{name} {first.policy}', _LINE)}: {place}{more}"
    yield from _advice(blocking.policy, redact)
    if report.governed is None:
        return
    if (first.pack, first.policy) in report.governed.waived.forbidden:
        yield "    it cannot be waived"
        return
    words = ["packreg", "waiver", "request", "--stack", report.governed.required.entity.name]
    words += ["--policy", f"{first.pack}:{first.policy}"]
    named = [word for urn in urns if urn for word in ("--urn", urn)] if len(urns) <= _URNS else []
    asked = command(*words, *named, "--reason", "WHY") or command(*words, "--reason", "WHY")
    if asked:
        yield "    or ask for a waiver:"
        yield f"      {asked}"


def _advice(policy: PolicyInfo | None, redact: Callable[[str], str] = str) -> Iterator[str]:
    """What the author says: the steps, the URL, the framework."""
    if policy is None:
        return
    steps = [one_line(line, _LINE) for line in plain_lines(redact(policy.remediation_steps))]
    if len(steps) > _STEPS:
        steps[_STEPS:] = ["…"]
    if steps:
        yield f"    how to fix it: {steps[0]}"
        yield from (f"      {line}" for line in steps[1:])
    framework = policy.framework
    words = (framework.name, framework.version, framework.reference) if framework is not None else ()
    says = [policy.url, " ".join(word for word in words if word)]
    if see := ", ".join(one_line(redact(text), _LINE) for text in says if text):
        yield f"    see {see}"


def _pack(pack: str, report: Report) -> Iterator[str]:
    """Why the pack ran, and whose that is."""
    governed = report.governed
    if governed is None:
        return
    required = governed.required
    membership = required.membership(pack)
    info = next((each.info for each in report.evaluation.packs if each.pack == pack), None)
    author = info.repository or info.provider if info is not None else ""
    whose = f"; the pack is of {one_line(author, _LINE)}" if author else ""
    if membership is not None:
        yield f"  {one_line(pack, _LINE)} is required by {one_line(str(membership), 2 * _LINE)}{whose}"
    why = command("packreg", "why", required.entity.name, "--pack", pack)
    if required.entity.kind == "stack" and why:
        yield "    why it runs:"
        yield f"      {why}"
