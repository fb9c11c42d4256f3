"""What every format is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from packreg.analysis.findings import Evaluation, PackResult
from packreg.enforcement.verdict import FailOn, Verdict, verdict
from packreg.errors import Problem


@dataclass(frozen=True)
class Report:
    """An evaluation of what `where` holds, with everything that could not be seen or may surprise in `notes`.

    `where` is a path (relative to the working directory, if below it) or a URL; `tool` is packreg's version.
    """

    evaluation: Evaluation
    where: str
    fail_on: FailOn = "mandatory"
    notes: tuple[Problem, ...] = ()
    stack: str = ""
    project: str = ""
    tool: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return verdict(self.evaluation, self.fail_on)


class Totals(NamedTuple):
    """The numbers of a report's last line."""

    packs: int
    resources: int
    mandatory: int
    advisory: int
    remediations: int
    errors: int


def totals(evaluation: Evaluation) -> Totals:
    """Count everything."""
    mandatory = sum(violation.is_mandatory for violation in evaluation.violations)
    return Totals(
        len(evaluation.packs),
        evaluation.resources,
        mandatory,
        len(evaluation.violations) - mandatory,
        len(evaluation.remediations),
        len(evaluation.errors),
    )


def summary(report: Report) -> str:
    """The report in one sentence; holds nothing that a pack wrote."""
    found = totals(report.evaluation)
    words = [
        counted(found.mandatory, "mandatory violation"),
        counted(found.advisory, "advisory violation"),
        counted(found.remediations, "remediation"),
    ]
    if found.errors:
        words.append(counted(found.errors, "evaluation error"))
    said = {
        "allowed": "allowed" if found.resources else "nothing to analyze",
        "denied": "denied by policy",
        "not-evaluated": "could not be evaluated",
    }[report.verdict]
    over = f"{counted(found.packs, 'pack')} over {counted(found.resources, 'resource')}"
    return f"{said}: {', '.join(words)} ({over})"


def counted(count: int, thing: str) -> str:
    """`1 pack`, `2 packs`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def pack_label(pack: PackResult) -> str:
    """`name@version`, or the name alone."""
    return f"{pack.pack}@{pack.version}" if pack.version else pack.pack


def counts_line(pack: PackResult) -> str:
    """How many policies ended which way, in words."""
    counts = pack.counts
    words = [f"{counts['passed']} passed", f"{counts['failed']} failed"]
    words += [f"{counts[name]} {name}" for name in ("disabled", "not applicable") if counts[name]]
    if counts["error"]:
        words.append(f"{counts['error']} with errors")
    policies = "1 policy" if len(pack.policies) == 1 else f"{len(pack.policies)} policies"
    return f"{policies}: {', '.join(words)}"
