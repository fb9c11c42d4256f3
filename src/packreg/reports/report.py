"""The report that every format is made from, and the words that formats share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from packreg.analyzer.findings import Evaluation, PackResult, Remediation
from packreg.enforcement.governed import Governed
from packreg.enforcement.verdict import FailOn, Verdict, denies, verdict
from packreg.enforcement.waivers import Finding
from packreg.errors import Problem
from packreg.groups.model import Waiver


class History(NamedTuple):
    """A stack's history in its backend: how many changes, and when the newest ended (ns since the epoch)."""

    changes: int
    newest: int


@dataclass(frozen=True)
class Report:
    """An evaluation of the stack or file at `where`; `notes` say what could not be seen or may surprise.

    `where` is a path (relative to the working directory, if below it) or a URL; `tool` is packreg's version.
    `governed` is set when the packs were required of an entity instead of named by the caller; `fail_on` is
    then ignored. `hidden` are the URNs of resources with secrets that packs were not shown (see
    `enforcement.hidden`); `hidden_allowed` says that they were explicitly allowed. `history` is what an audit
    saw of the stack's history in the backend.
    """

    evaluation: Evaluation
    where: str
    fail_on: FailOn = "mandatory"
    notes: tuple[Problem, ...] = ()
    stack: str = ""
    project: str = ""
    tool: str = ""
    governed: Governed | None = None
    hidden: tuple[str, ...] = ()
    hidden_allowed: bool = False
    history: History | None = None

    def __post_init__(self) -> None:
        """Add the packs' warnings to the notes."""
        warnings = (
            Problem("pack-warning", text, pack.pack)
            for pack in self.evaluation.packs
            for text in pack.warnings
        )
        new = tuple(note for note in warnings if note not in self.notes)
        object.__setattr__(self, "notes", (*self.notes, *new))

    @property
    def verdict(self) -> Verdict:
        """The verdict on the evaluation, by the rules of the groups or by `fail_on`."""
        if self.governed is not None:
            return self.governed.verdict(self.evaluation)
        return verdict(self.evaluation, self.fail_on)

    def waiver(self, finding: Finding) -> Waiver | None:
        """The waiver that covers a finding, or None."""
        return self.governed.waived.waiver(finding) if self.governed is not None else None

    def counts(self, finding: Finding) -> bool:
        """Whether a finding by itself makes the verdict worse."""
        if self.governed is not None:
            return self.governed.counts(finding)
        return not isinstance(finding, Remediation) and denies(finding, self.fail_on)


class Totals(NamedTuple):
    """The numbers of a report's summary; a waived finding counts only in `waived`."""

    packs: int
    resources: int
    mandatory: int
    advisory: int
    remediations: int
    errors: int
    waived: int = 0
    hidden: int = 0


def totals(report: Report) -> Totals:
    """The totals of a report."""
    evaluation = report.evaluation
    violations = [found for found in evaluation.violations if report.waiver(found) is None]
    remediations = [found for found in evaluation.remediations if report.waiver(found) is None]
    mandatory = sum(violation.is_mandatory for violation in violations)
    found = len(evaluation.violations) + len(evaluation.remediations)
    return Totals(
        len(evaluation.packs),
        evaluation.resources,
        mandatory,
        len(violations) - mandatory,
        len(remediations),
        len(evaluation.errors),
        found - len(violations) - len(remediations),
        len(report.hidden),
    )


_SAID: dict[Verdict, str] = {
    "allowed": "allowed",
    "denied": "denied by policy",
    "compliant": "compliant",
    "not-compliant": "not compliant, and not blocked by an audit",
    "not-evaluated": "could not be evaluated",
}


def summary(report: Report) -> str:
    """The report in one sentence, without any text from a pack."""
    governed = report.governed
    if governed is not None and report.verdict == "nothing-required":
        return f"nothing is required: {governed.nothing_said()}"
    found = totals(report)
    words = [
        counted(found.mandatory, "mandatory violation"),
        counted(found.advisory, "advisory violation"),
        counted(found.remediations, "remediation"),
    ]
    if found.waived:
        words.append(f"{found.waived} waived")
    if found.errors:
        words.append(counted(found.errors, "evaluation error"))
    said = _SAID[report.verdict]
    if governed is not None and governed.failed_open and report.verdict == "not-evaluated":
        said = "could not be evaluated, and let pass because failing open was asked for"
    elif not found.resources and report.verdict in ("allowed", "compliant"):
        said = "nothing to analyze"
    if found.hidden:
        said += f", {counted(found.hidden, 'resource')} with hidden secrets"
        said += " that were explicitly allowed" if report.hidden_allowed else ""
    over = f"{counted(found.packs, 'pack')} over {counted(found.resources, 'resource')}"
    return f"{said}: {', '.join(words)} ({over})"


def policies_counted(report: Report) -> str:
    """How many of the policies that are enabled failed, how many passed, and so on; "" if there are none.

    A policy of which all findings are waived, or were remedied where they were found, has not failed.
    """
    counts = Counter[str]()
    evaluation = report.evaluation
    applied = report.governed is not None and report.governed.applied
    findings: tuple[Finding, ...] = (*evaluation.remediations, *evaluation.violations)
    became: dict[tuple[str, str], str] = {}
    for found in findings:
        outcome = "failed" if report.waiver(found) is None else "waived"
        if outcome == "failed" and applied and isinstance(found, Remediation):
            outcome = "remediated"
        key = (found.pack, found.policy)
        became[key] = min(outcome, became.get(key, outcome), key=("failed", "remediated", "waived").index)
    for pack in evaluation.packs:
        for policy in pack.policies:
            failed = policy.outcome == "failed"
            counts[became.get((pack.pack, policy.policy), "failed") if failed else policy.outcome] += 1
    enabled = counts.total() - counts["disabled"]
    if not enabled:
        return ""
    words = [f"{counts['failed']} of {counted(enabled, 'policy', 'policies')} failed"]
    words.append(f"{counts['passed']} passed")
    words += [f"{counts[word]} {word}" for word in ("remediated", "waived", "not applicable") if counts[word]]
    words += [f"{counts['error']} with errors"] if counts["error"] else []
    return ", ".join(words)


def counted(count: int, thing: str, things: str = "") -> str:
    """`1 pack`, `2 packs`; `things` where the plural is not made with an s."""
    return f"{count} {thing if count == 1 else things or f'{thing}s'}"


def waiver_line(waiver: Waiver) -> str:
    """A sentence with the owner of a waiver, when it expires, its reason and its id."""
    return f"waived until {waiver.expires} by {waiver.owner}: {waiver.reason} ({waiver.id})"


def pack_label(pack: PackResult) -> str:
    """`name@version`, or the name alone."""
    return f"{pack.pack}@{pack.version}" if pack.version else pack.pack


def counts_line(pack: PackResult) -> str:
    """How many policies passed, failed, were disabled and so on, as text."""
    counts = pack.counts
    words = [f"{counts['passed']} passed", f"{counts['failed']} failed"]
    words += [f"{counts[name]} {name}" for name in ("disabled", "not applicable") if counts[name]]
    if counts["error"]:
        words.append(f"{counts['error']} with errors")
    policies = "1 policy" if len(pack.policies) == 1 else f"{len(pack.policies)} policies"
    return f"{policies}: {', '.join(words)}"
