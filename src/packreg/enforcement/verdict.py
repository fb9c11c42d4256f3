"""The verdict on an evaluation, from the kinds of things it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

from packreg.analyzer.findings import Evaluation, Remediation, Violation
from packreg.groups.model import Mode

#: The lowest level of violation that makes the verdict "denied"; with "never" violations are only reported.
FailOn = Literal["advisory", "mandatory", "never"]
#: "allowed" and "denied" are for packs that the caller named and for preventative groups; "compliant" and
#: "not-compliant" are their counterparts for audit groups, which never block.
Verdict = Literal["allowed", "denied", "compliant", "not-compliant", "nothing-required", "not-evaluated"]

Found = Literal[
    "evaluation error",
    "mandatory violation",
    "remediation left",
    "remediation applied",
    "advisory violation",
    "waived",
    "nothing required",
    "nothing wrong",
]
#: The verdict for each kind of thing found, by mode, the gravest kind first. The first row whose kind was
#: found gives the verdict. An error is never a pass, whatever else was found.
TABLE: Mapping[Found, Mapping[Mode, Verdict]] = {
    "evaluation error": {"preventative": "not-evaluated", "audit": "not-evaluated"},
    "mandatory violation": {"preventative": "denied", "audit": "not-compliant"},
    "remediation left": {"preventative": "denied", "audit": "not-compliant"},
    "nothing required": {"preventative": "nothing-required", "audit": "nothing-required"},
    "remediation applied": {"preventative": "allowed", "audit": "compliant"},
    "advisory violation": {"preventative": "allowed", "audit": "compliant"},
    "waived": {"preventative": "allowed", "audit": "compliant"},
    "nothing wrong": {"preventative": "allowed", "audit": "compliant"},
}


def judged(found: Iterable[Found], mode: Mode) -> Verdict:
    """The verdict in a mode, given the kinds of everything that was found for an entity."""
    everything = set(found)
    return next(
        (row[mode] for name, row in TABLE.items() if name in everything), TABLE["nothing wrong"][mode]
    )


def kinds_found(
    evaluation: Evaluation,
    *,
    nothing_required: bool,
    is_waived: Callable[[Violation | Remediation], bool],
    applied: bool,
) -> Iterator[Found]:
    """The kinds of things that an evaluation of required packs found; a kind may come more than once.

    `applied`: the caller applies remediations. An evaluation without any pack is an error, unless nothing was
    required.
    """
    if nothing_required:
        yield "nothing required"
    elif not evaluation.is_complete:
        yield "evaluation error"
    for violation in evaluation.violations:
        if is_waived(violation):
            yield "waived"
        else:
            yield "mandatory violation" if violation.is_mandatory else "advisory violation"
    for remediation in evaluation.remediations:
        if is_waived(remediation):
            yield "waived"
        else:
            yield "remediation applied" if applied else "remediation left"


def verdict(evaluation: Evaluation, fail_on: FailOn) -> Verdict:
    """The verdict where the caller named the packs: "not-evaluated" after any error, or without any pack."""
    if not evaluation.is_complete:
        return "not-evaluated"
    return "denied" if any(denies(each, fail_on) for each in evaluation.violations) else "allowed"


def denies(violation: Violation, fail_on: FailOn) -> bool:
    """Whether this violation alone makes the verdict "denied"."""
    return fail_on == "advisory" or (fail_on == "mandatory" and violation.is_mandatory)
