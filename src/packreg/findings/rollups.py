"""Policies passed and findings open, summed under names that the caller chooses, such as projects. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from packreg.findings.tracking import Tracked
from packreg.groups.model import Entity
from packreg.reports.stored import StoredReport

#: Gives the names that a policy is summed under. Called with the entity, the pack and the policy, which is ""
#: for a pack that did not run.
Names = Callable[[Entity, str, str], Iterable[str]]


class Rollup(NamedTuple):
    """The sum under one name: policies passed of all that are enabled, and what is open and not waived.

    `errors` counts policies that could not be evaluated; a pack that did not run counts as one policy.
    """

    name: str
    passed: int = 0
    total: int = 0
    errors: int = 0
    mandatory: int = 0
    advisory: int = 0


def rollups(reports: Iterable[StoredReport], findings: Iterable[Tracked], names: Names) -> list[Rollup]:
    """A sum for each name, the worst first: by mandatory findings, errors, advisory findings, then the name.

    `reports` are the last of each entity and mode, `findings` what they found.
    """
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for stored in reports:
        entity = stored.required.entity
        for pack in stored.report.evaluation.packs:
            if pack.errors and not pack.policies:
                for name in names(entity, pack.pack, ""):
                    sums[name].update(total=1, errors=1)
            for policy in pack.policies:
                if policy.outcome == "disabled":
                    continue
                passed = policy.outcome in ("passed", "not applicable")
                for name in names(entity, pack.pack, policy.policy):
                    sums[name].update(total=1, passed=passed, errors=policy.outcome == "error")
    for each in findings:
        if each.is_there and each.waiver is None and each.kind in ("violation", "remediation"):
            level = "advisory" if each.level == "advisory" else "mandatory"
            for name in names(each.entity, each.pack, each.policy):
                sums[name][level] += 1
    found = [Rollup(name, **counts) for name, counts in sums.items()]
    return sorted(found, key=lambda each: (-each.mandatory, -each.errors, -each.advisory, each.name))


def groups_of_packs(reports: Sequence[StoredReport]) -> dict[tuple[str, str], str]:
    """The group whose entry decided the pack's version, by entity name and pack name."""
    return {
        (stored.required.entity.name, pack.name): pack.group for stored in reports for pack in stored.packs
    }
