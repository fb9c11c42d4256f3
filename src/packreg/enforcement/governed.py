"""What changes when packs are not named by the caller but required of an entity: who asked, and waivers."""

from __future__ import annotations

from dataclasses import dataclass, field

from packreg.analyzer.findings import Evaluation, EvaluationError, PackResult, Remediation
from packreg.enforcement.verdict import TABLE, Found, Verdict, judged, kinds_found
from packreg.enforcement.waivers import Finding, Waived
from packreg.groups.decision import Required, Unavailable


@dataclass(frozen=True)
class Governed:
    """The decision that an evaluation was made by.

    `applied` says that whoever asked applies remediations, as the Pulumi CLI does for the guard;
    `failed_open` that the operator lets pass what cannot be evaluated.
    """

    required: Required
    waived: Waived = field(default_factory=Waived)
    applied: bool = False
    failed_open: bool = False

    def verdict(self, evaluation: Evaluation) -> Verdict:
        """What follows for the entity."""
        found = kinds_found(
            evaluation,
            nothing_required=self.required.nothing,
            is_waived=lambda finding: self.waived.waiver(finding) is not None,
            applied=self.applied,
        )
        return judged(found, self.required.mode)

    def counts(self, finding: Finding) -> bool:
        """Whether a finding by itself makes the verdict worse."""
        if self.waived.waiver(finding) is not None:
            return False
        kind: Found = "remediation applied" if self.applied else "remediation left"
        if not isinstance(finding, Remediation):
            kind = "mandatory violation" if finding.is_mandatory else "advisory violation"
        return TABLE[kind] != TABLE["nothing wrong"]

    def nothing_said(self) -> str:
        """A sentence that says why nothing is required."""
        groups = self.required.groups
        if not groups:
            return f"{self.required.entity} belongs to no {self.required.mode} group"
        return f"no pack is enabled in {', '.join(groups)}"


def unavailable_results(required: Required, resources: int) -> tuple[PackResult, ...]:
    """What is not available, as packs that did not run: their silence must never count as a pass."""
    return tuple(_result(each, resources) for each in required.unavailable)


def _result(unavailable: Unavailable, resources: int) -> PackResult:
    pack, version, problem = unavailable
    why = f"{problem.where}: {problem.message}" if problem.where else problem.message
    why += f"\nhint: {problem.hint}" if problem.hint else ""
    error = EvaluationError(pack, version, problem.code, why, resources=resources)
    return PackResult(pack, version, None, resources, errors=(error,))
