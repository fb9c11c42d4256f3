"""The verdict where packs are required of an entity instead of named by the caller; waivers count here."""

from __future__ import annotations

from dataclasses import dataclass, field

from packreg.analyzer.findings import Evaluation, EvaluationError, PackResult, Remediation
from packreg.enforcement.verdict import TABLE, Found, Verdict, judged, kinds_found
from packreg.enforcement.waivers import Finding, Waived
from packreg.groups.decision import Required, Unavailable


@dataclass(frozen=True)
class Governed:
    """What governance requires of an entity, and the waivers that its evaluation is judged with.

    `applied`: the caller applies remediations, as the Pulumi CLI does for the guard. `failed_open`: the
    operator has chosen to let deployments pass that could not be evaluated.
    """

    required: Required
    waived: Waived = field(default_factory=Waived)
    applied: bool = False
    failed_open: bool = False

    def verdict(self, evaluation: Evaluation) -> Verdict:
        """The verdict on the entity."""
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
    """A result with an error for each required pack that is not available: it must not count as passed."""
    return tuple(_result(each, resources) for each in required.unavailable)


def _result(unavailable: Unavailable, resources: int) -> PackResult:
    pack, version, problem = unavailable
    why = f"{problem.where}: {problem.message}" if problem.where else problem.message
    why += f"\nhint: {problem.hint}" if problem.hint else ""
    error = EvaluationError(pack, version, problem.code, why, resources=resources)
    return PackResult(pack, version, None, resources, errors=(error,))
