"""What packs found: the one model of results that reports, policy groups and services build on.

Values only. Three things are kept apart everywhere: a `Violation` (a policy judged and objected), an
`EvaluationError` (a policy could not judge, which is never a pass), and a `Remediation` (a policy would
change a resource; shown, never applied, and no failure by itself).

Rules, those of `pulumi policy analyze`:

* A violation that `Analyze` reports belongs to the resource that was analyzed, whatever URN it names; one of
  `AnalyzeStack` to the resource it names, if that is in the stack, else to the stack itself.
* A violation at the level "remediate" is reported as "mandatory": the resource was not remediated.
* A remediation that carries a diagnostic is an advisory violation with that text.
* A judgement of a policy has failed if it reported or remediated anything, is not applicable if the policy
  said so, and has passed otherwise. A disabled policy is not judged. A policy at the level "remediate" is
  asked twice about a resource, to remediate and to validate, which are two judgements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from packreg.analyzer.program import Engine
from packreg.pack.metadata import PackInfo


@dataclass(frozen=True, slots=True)
class Violation:
    """A policy reported this about a resource, or about the stack (`kind` "stack").

    `level` is "advisory" or "mandatory"; `severity` is "", "low", "medium", "high" or "critical"; `message`
    begins with the policy's description, as the SDKs write it, and secret values in it are replaced.
    """

    pack: str
    version: str
    policy: str
    level: str
    message: str
    urn: str
    resource_type: str
    description: str = ""
    severity: str = ""
    kind: str = "resource"

    @property
    def is_mandatory(self) -> bool:
        """Whether the violation stops a deployment."""
        return self.level == "mandatory"


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One difference between two property bags.

    `path` are keys and list indexes; `kind` is "add", "delete" or "update"; an added property has no old
    value and a deleted one no new value: these are None. Secrets in values are replaced.
    """

    path: tuple[str | int, ...]
    kind: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class Remediation:
    """What a policy would change in a resource, after the changes of the pack's earlier policies."""

    pack: str
    version: str
    policy: str
    urn: str
    resource_type: str
    changes: tuple[PropertyChange, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationError:
    """A policy could not judge a resource; where `policy` or `urn` is "", this holds for several.

    `code` is a stable word: "policy-raised", "no-answer" (a deadline passed), "crashed", "refused" (the
    request), "unsendable" (the resource), "stopped" (the pack was given up), "bad-answer", or the `code` of
    the PackFailed that kept the whole pack from being run. `resources` counts the resources that stay
    unjudged, where it is not one.
    """

    pack: str
    version: str
    code: str
    why: str
    policy: str = ""
    urn: str = ""
    kind: str = "resource"
    resources: int = 1
    log: str = ""

    def __str__(self) -> str:
        of = f"policy {self.policy} of {self.pack}" if self.policy else self.pack
        at = f" on {self.urn}" if self.urn else ""
        return f"{of}{at}: {self.why}"


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """One policy's judgements, counted by how they ended. `level` is the level it was configured to."""

    policy: str
    level: str
    passed: int = 0
    failed: int = 0
    not_applicable: int = 0
    errors: int = 0

    @property
    def outcome(self) -> str:
        """One word for the policy: "disabled", "error", "failed", "passed" or "not applicable".

        The first of these that applies; a policy that was never asked (the stack is empty) has passed.
        """
        if self.level == "disabled":
            return "disabled"
        if self.errors:
            return "error"
        if self.failed:
            return "failed"
        return "not applicable" if self.not_applicable and not self.passed else "passed"


@dataclass(frozen=True, slots=True)
class PackResult:
    """All that one pack found. `info` is None when it could not be started; then `errors` says why.

    Findings are in the order of the resources, then of the pack's answers; those about the stack come last.
    `engine` is the program that ran the pack; `warnings` are sentences about the pack itself.
    """

    pack: str
    version: str
    info: PackInfo | None
    resources: int
    policies: tuple[PolicyResult, ...] = ()
    violations: tuple[Violation, ...] = ()
    remediations: tuple[Remediation, ...] = ()
    errors: tuple[EvaluationError, ...] = ()
    restarts: int = 0
    engine: Engine | None = None
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """The number of policies by outcome, all five of `PolicyResult.outcome`."""
        counts = dict.fromkeys(("passed", "failed", "disabled", "not applicable", "error"), 0)
        for policy in self.policies:
            counts[policy.outcome] += 1
        return counts


@dataclass(frozen=True)
class Evaluation:
    """The results of all packs for one snapshot, in the order of the packs; none if nothing was judged."""

    packs: tuple[PackResult, ...]
    resources: int

    @cached_property
    def violations(self) -> tuple[Violation, ...]:
        """The violations of all packs."""
        return tuple(violation for pack in self.packs for violation in pack.violations)

    @cached_property
    def remediations(self) -> tuple[Remediation, ...]:
        """The remediations of all packs."""
        return tuple(remediation for pack in self.packs for remediation in pack.remediations)

    @cached_property
    def errors(self) -> tuple[EvaluationError, ...]:
        """The evaluation errors of all packs."""
        return tuple(error for pack in self.packs for error in pack.errors)

    @property
    def is_complete(self) -> bool:
        """Whether there was a pack, and every policy could judge everything."""
        return bool(self.packs) and not self.errors


def total(policies: Iterable[PolicyResult], more: Iterable[PolicyResult]) -> tuple[PolicyResult, ...]:
    """The sum of two counts of the same policies."""
    return tuple(
        PolicyResult(
            one.policy,
            one.level,
            one.passed + other.passed,
            one.failed + other.failed,
            one.not_applicable + other.not_applicable,
            one.errors + other.errors,
        )
        for one, other in zip(policies, more, strict=True)
    )


def told_apart(packs: Sequence[PackResult], words: Sequence[str]) -> tuple[PackResult, ...]:
    """The results; packs with the same name and version are renamed to `name (word)`.

    `words` has for each pack the word by which the user named it.
    """
    labels = Counter((pack.pack, pack.version) for pack in packs)
    return tuple(
        _called(pack, f"{pack.pack} ({word})") if labels[pack.pack, pack.version] > 1 else pack
        for pack, word in zip(packs, words, strict=True)
    )


def _called(pack: PackResult, name: str) -> PackResult:
    return replace(
        pack,
        pack=name,
        violations=tuple(replace(found, pack=name) for found in pack.violations),
        remediations=tuple(replace(found, pack=name) for found in pack.remediations),
        errors=tuple(replace(found, pack=name) for found in pack.errors),
    )
