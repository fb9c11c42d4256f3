"""What packs found: the one model of results that reports, policy groups and services build on.

Values only. Three things are kept apart everywhere: a `Violation` (a policy judged and said no), an
`EvaluationError` (no judgement was reached, which is never a pass), and a `Remediation` (a policy would
change a resource; shown, never applied, and no failure by itself).

Rules, those of `pulumi policy analyze`:

* A violation that `Analyze` reports belongs to the resource that was analyzed, whatever URN it names; one of
  `AnalyzeStack` to the resource it names, if that is in the stack, else to the stack itself.
* The level "remediate" of a violation is reported as "mandatory": what should have been mended was not.
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
        """Whether it denies."""
        return self.level == "mandatory"


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One difference between two property bags.

    `path` are keys and list indexes; `kind` is "add", "delete" or "update"; the value that a kind does not
    have is None. Secrets in values are replaced.
    """

    path: tuple[str | int, ...]
    kind: str
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class Remediation:
    """A policy would change a resource so: against what the policies of the pack before it made of it."""

    pack: str
    version: str
    policy: str
    urn: str
    resource_type: str
    changes: tuple[PropertyChange, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationError:
    """No judgement was reached: of one policy about one resource, or of more where `policy` or `urn` is "".

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
    """How often one policy's judgements ended which way. `level` is the one it was configured to."""

    policy: str
    level: str
    passed: int = 0
    failed: int = 0
    not_applicable: int = 0
    errors: int = 0

    @property
    def outcome(self) -> str:
        """One word for the policy: "disabled", "error", "failed", "passed" or "not applicable".

        The first of these that is true; a policy that was never asked, in an empty stack, has passed.
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

    Everything is in the order of the resources, then of the pack's answers; what is about the stack follows.
    `engine` is the program that ran it, `warnings` what is odd about the pack itself.
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
    """All packs over one snapshot, in the order in which they were given. No packs: nothing was judged."""

    packs: tuple[PackResult, ...]
    resources: int

    @cached_property
    def violations(self) -> tuple[Violation, ...]:
        """Of all packs."""
        return tuple(violation for pack in self.packs for violation in pack.violations)

    @cached_property
    def remediations(self) -> tuple[Remediation, ...]:
        """Of all packs."""
        return tuple(remediation for pack in self.packs for remediation in pack.remediations)

    @cached_property
    def errors(self) -> tuple[EvaluationError, ...]:
        """Of all packs."""
        return tuple(error for pack in self.packs for error in pack.errors)

    @property
    def is_complete(self) -> bool:
        """Whether there was a pack, and every judgement was reached."""
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
    """The results; those of one name and version are called `name (word)`, by what each was asked for as."""
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
