"""Updates that went past the guard: a stack's history in its backend, compared with guard reports. Pure.

Each such update is a violation of one of packreg's own policies. An audit report lists it beside the findings
of packs: so every format shows it, it is tracked and counted as they are, and it can be waived. A past update
cannot be undone, so each audit keeps the violations that the previous audit found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from packreg.analyzer.findings import PackResult, PolicyResult, Violation
from packreg.groups.members import groups_of
from packreg.groups.model import Entity, Governance
from packreg.pack.metadata import PackInfo, PolicyInfo
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.listing import precedence
from packreg.reports.stored import StoredReport
from packreg.states.update_history import Update

#: The pack name of packreg's own findings, and the names of its policies.
OWN_PACK = "packreg"
PAST_THE_GUARD, HISTORY_LOST = "past-the-guard", "history-lost"
POLICIES = {
    PAST_THE_GUARD: "Every update of a stack runs the guard while policy packs are required of it.",
    HISTORY_LOST: "The backend keeps the history of a stack's updates.",
}
#: How many findings of one stack are kept from audit to audit: the newest ones.
MOST = 1_000

_LEVEL, _SEVERITY = "mandatory", "critical"
_UPDATE, _HISTORY = "packreg:backend:Update", "packreg:backend:History"


class Demand(NamedTuple):
    """What a stack's preventative groups required at a governance revision: versions or ranges by pack."""

    revision: int
    packs: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class GuardRun:
    """What the guard recorded of one update: an entry written when it began, and its report at the end.

    `began` and `kept` are seconds since the epoch: the time of the entry and of the report, 0 without one.
    `pruned` is the verdict of a report that was pruned, of which no more is known, else "".
    """

    id: str
    began: float = 0.0
    kept: float = 0.0
    report: StoredReport | None = None
    pruned: str = ""

    @property
    def verdict(self) -> str:
        """The verdict of its report; "" where it left none."""
        return self.pruned or (self.report.verdict if self.report is not None else "")


def demand(governance: Governance, entity: Entity) -> Demand:
    """What a stack's preventative groups require in this state of governance."""
    asked: dict[str, set[str]] = defaultdict(set)
    for name in groups_of(governance, entity, "preventative"):
        for entry in governance.groups[name].packs.values():
            asked[entry.pack].add(entry.version)
    return Demand(governance.revision, {pack: frozenset(asked[pack]) for pack in sorted(asked)})


def run_of(update: Update, runs: Iterable[GuardRun], until: float) -> GuardRun | None:
    """The guard run that belongs to an update, or None.

    The guard runs on the same machine as the Pulumi CLI, so their times are from one clock. Without an entry
    for the begin, the report's time decides: it may be written after the update's end, but before `until`.
    """
    for run in runs:
        if run.began and update.started - 1 <= run.began <= update.ended + 1:
            return run
    for run in runs:
        if not run.began and update.started <= run.kept <= until:
            return run
    return None


def why_past(update: Update, run: GuardRun | None, demands: Sequence[Demand]) -> str:
    """How an update went past the guard, in words; "" where it did not.

    `demands` are those of the revisions that may have been in force while the update ran, for the stack as
    the guard saw it; each requires something. Without any the guard had no pack to run: tags that put the
    stack into a group may have been added later.
    """
    if not update.touched:
        return ""  # it ended before anything was done, also where the guard had no time for a report
    if run is None or not (run.verdict or run.began):
        return "it left no report of the guard, nor any sign that the guard was there"
    if not run.verdict:
        return "the guard was there when it began, and no report of it was kept"
    if not update.succeeded:
        return ""
    governed = run.report.report.governed if run.report is not None else None
    if governed is not None and governed.failed_open:
        return "it succeeded although its packs could not be evaluated: the guard was told to fail open"
    if run.verdict in ("denied", "not-evaluated"):
        word = "denied it" if run.verdict == "denied" else "did not evaluate it"
        return f"it succeeded although the guard {word}, as its report says"
    if run.report is not None and demands and not any(_is_met(each, run.report) for each in demands):
        ran = ", ".join(f"{pack.name}@{pack.version}" for pack in run.report.packs) or "no packs"
        asked = ", ".join(sorted(demands[-1].packs))
        return f"it was judged by {ran}, but {asked} had to run"
    return ""


def _is_met(asked: Demand, report: StoredReport) -> bool:
    """Whether the packs that ran are the required ones; versions are compared only where none is a range."""
    ran = {pack.name: pack.version for pack in report.packs}
    if ran.keys() != asked.packs.keys():
        return False
    for pack, wanted in asked.packs.items():
        exact = [version for text in wanted if (version := _exact(pack, text)) is not None]
        if len(exact) == len(wanted) and max(exact, key=precedence).text != ran[pack]:
            return False
    return True


def _exact(pack: str, text: str) -> Version | None:
    wanted = Reference.parse(f"{pack}@{text}").wanted
    return wanted if isinstance(wanted, Version) else None


def past_finding(entity: Entity, update: Update, why: str, version: str) -> Violation:
    """The violation for an update that went past the guard; `why` is from `why_past`."""
    ended = _moment(update.ended)
    how = "" if update.succeeded else ", and failed"
    message = f"The update that ended at {ended}{how} went past the guard: {why}."
    return _violation(entity, PAST_THE_GUARD, _UPDATE, ended, message, version)


def lost_finding(entity: Entity, what: str, name: str, version: str) -> Violation:
    """The violation for missing history; `what` is its message, `name` tells it from others of the stack."""
    return _violation(entity, HISTORY_LOST, _HISTORY, name, what, version)


def own_result(violations: Iterable[Violation], resources: int, version: str) -> PackResult | None:
    """The result of packreg's own policies; None without a violation of one."""
    found = sorted({(each.policy, each.urn): each for each in violations}.values(), key=lambda each: each.urn)
    if not found:
        return None
    found = [replace(each, version=version) for each in found[-MOST:]]
    results = tuple(
        PolicyResult(name, _LEVEL, failed=count) if count else PolicyResult(name, _LEVEL, passed=1)
        for name in POLICIES
        for count in [sum(each.policy == name for each in found)]
    )
    return PackResult(OWN_PACK, version, own_info(version), resources, results, tuple(found))


def own_info(version: str) -> PackInfo:
    """packreg's own policies, described as a pack describes its policies."""
    policies = tuple(
        PolicyInfo(name=name, level=_LEVEL, type="stack", description=text, severity=_SEVERITY)
        for name, text in POLICIES.items()
    )
    return PackInfo(OWN_PACK, version, policies)


def own_violations(report: StoredReport | None) -> tuple[Violation, ...]:
    """The violations of packreg's own policies in a report; none without a report."""
    packs = report.report.evaluation.packs if report is not None else ()
    return tuple(found for pack in packs for found in pack.violations if is_own(found))


def is_own(found: Violation) -> bool:
    """Whether the violation is packreg's own, and not of a pack that somebody named `packreg`."""
    return (found.pack, found.policy in POLICIES, found.resource_type in (_UPDATE, _HISTORY)) == (
        *(OWN_PACK, True, True),
    )


def _violation(entity: Entity, policy: str, kind: str, name: str, message: str, version: str) -> Violation:
    _, project, stack = entity.in_its_backend.split("/")
    urn = f"urn:pulumi:{stack}::{project}::{kind}::{name}"
    return Violation(
        OWN_PACK, version, policy, _LEVEL, message, urn, kind, POLICIES[policy], _SEVERITY, "stack"
    )


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
