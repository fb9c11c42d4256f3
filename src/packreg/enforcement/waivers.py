"""Which findings are waived. Pure: waivers come from governance, the time from the caller.

A waived finding is still shown and counted, but it does not deny. A waiver that has expired, or whose policy
forbids waivers, does not count; a note says so for each finding it would have applied to. Another note names
waivers that expire soon.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from types import MappingProxyType

from packreg.analyzer.findings import Evaluation, Remediation, Violation
from packreg.errors import Problem
from packreg.groups.members import matches
from packreg.groups.model import Entity, Rules, Waiver
from packreg.groups.times import moment
from packreg.groups.waiving import may_waive, unwaivable

#: How long before a waiver expires a note warns of it.
SOON = timedelta(days=14)

Finding = Violation | Remediation
_Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Waived:
    """The waived findings of an evaluation, and in `notes` what the user should know about waivers.

    `forbidden` are the policies, by pack and name, that found something and are never waived.
    """

    by_finding: Mapping[_Key, Waiver] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[Problem, ...] = ()
    forbidden: frozenset[tuple[str, str]] = frozenset()

    def waiver(self, finding: Finding) -> Waiver | None:
        """The waiver that covers a finding, or None."""
        return self.by_finding.get(_key(finding))

    @property
    def used(self) -> tuple[Waiver, ...]:
        """The waivers that cover at least one finding, sorted by id."""
        return tuple(sorted({w.id: w for w in self.by_finding.values()}.values(), key=lambda w: w.id))


def apply_waivers(
    evaluation: Evaluation, entity: Entity, waivers: Iterable[Waiver], rules: Rules, *, now: str
) -> Waived:
    """Find a waiver for each finding about the entity; of several that fit, the one that expires last.

    Waivers can be forbidden by a tag on the policy or by globs in the settings; both also stop waivers that
    exist already. `now` is RFC 3339 in UTC. A waiver counts up to and including the second it expires in.
    """
    here = sorted(
        (w for w in waivers if matches(w.entity, entity) and _is_meant(w.entity, entity)),
        key=lambda w: (w.expires, w.id),
    )
    tagged = {
        (pack.pack, policy)
        for pack in evaluation.packs
        if pack.info is not None
        for policy in unwaivable(pack.info)
    }
    found: dict[_Key, Waiver] = {}
    notes: set[Problem] = set()
    findings: tuple[Finding, ...] = (*evaluation.violations, *evaluation.remediations)
    policies = {(finding.pack, finding.policy) for finding in findings}
    forbidden = frozenset(each for each in policies if each in tagged or not may_waive(rules, *each))
    for finding in findings if here else ():
        counting: Waiver | None = None
        silent: list[Problem] = []
        for waiver in (each for each in here if covers(each, finding)):
            if (waiver.pack, waiver.policy) in forbidden:
                silent.append(_note(waiver, "forbidden", "does not count: this policy forbids waivers"))
            elif moment(waiver.expires) < moment(now):
                silent.append(_note(waiver, "expired", f"expired at {waiver.expires}; it counts no more"))
            else:
                counting = waiver
        if counting is None:
            notes.update(silent)
            continue
        found[_key(finding)] = counting
        if moment(counting.expires) - moment(now) <= SOON:
            notes.add(_note(counting, "expires-soon", f"expires at {counting.expires}"))
    return Waived(found, tuple(sorted(notes)), forbidden)


def _is_meant(pattern: str, entity: Entity) -> bool:
    """Whether a waiver's pattern means this stack: where stacks share a name, it must name the backend."""
    return not entity.is_one_of_several or ":" in pattern


def covers(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver is for a finding's policy and resource; its entity and expiry are not looked at."""
    if (waiver.pack, waiver.policy) != (finding.pack, finding.policy):
        return False
    name = f"{finding.resource_type}::{finding.urn.rpartition('::')[2]}"
    texts = (finding.urn, name)
    return not waiver.resource or any(t == waiver.resource or fnmatchcase(t, waiver.resource) for t in texts)


def _key(finding: Finding) -> _Key:
    return finding.pack, finding.policy, finding.urn, finding.resource_type


def _note(waiver: Waiver, code: str, what: str) -> Problem:
    message = f"the waiver {waiver.id} of {waiver.owner} for {waiver.pack}:{waiver.policy} {what}"
    return Problem(f"waiver-{code}", message, waiver.entity, "`packreg waiver ls` shows them all")
