"""Compares the findings of a run with those of the previous run: which are new, still open or fixed. Pure.

A finding is the same in two runs when it is of the same policy about the same resource; its message may have
changed. A finding that is gone is "fixed" only if the policy was evaluated. It is "unknown" if the policy
could not be evaluated, and "dropped" if the pack is no longer required.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Literal, NamedTuple

from packreg.analyzer.findings import EvaluationError, Violation
from packreg.enforcement.hidden import HIDDEN_MESSAGE, HIDDEN_SECRETS
from packreg.enforcement.waivers import Finding
from packreg.groups.model import Entity, Mode, Waiver
from packreg.reports.plain import change_line
from packreg.reports.report_keys import Run
from packreg.reports.stored import StoredReport
from packreg.states.resource import urn_parts

Status = Literal["new", "open", "fixed", "unknown", "dropped"]
#: A resource with secrets that could not be read is "hidden".
Kind = Literal["violation", "remediation", "error", "hidden"]


class Tracked(NamedTuple):
    """One finding of an entity's run at `time`, and how it changed since the previous run.

    `level` is the violation's own; "remediate" for a remediation, "hidden" for hidden secrets (no pack found
    those), "" for an error. `severity` is "" where the policy has none. Texts are as packs wrote them, with
    secrets replaced: pass them through `plain` before showing them.
    """

    status: Status
    kind: Kind
    entity: Entity
    mode: Mode
    run: Run
    time: str
    pack: str
    version: str
    policy: str
    level: str
    severity: str
    urn: str
    resource_type: str
    message: str
    waiver: Waiver | None = None

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits, the same in every run: a hash of the entity's name and of `same`."""
        return sha256(json.dumps([self.entity.name, *same(self)]).encode()).hexdigest()[:12]

    @property
    def is_there(self) -> bool:
        """Whether the newer run found it."""
        return self.status in ("new", "open")


Same = tuple[Kind, str, str, str]


def track(report: StoredReport, before: StoredReport | None = None) -> tuple[Tracked, ...]:
    """The findings of a run, then those of the previous run (`before`) that this run does not have."""
    known = {same(each): each for each in _found(before, "new")} if before is not None else {}
    now = [each._replace(status="open") if same(each) in known else each for each in _found(report, "new")]
    there = {same(each) for each in now}
    gone = [
        each._replace(status=_end(report, each), run=report.run, time=report.time)
        for key, each in known.items()
        if key not in there
    ]
    return (*now, *gone)


def same(each: Tracked) -> Same:
    """The key by which two findings of an entity are the same one: kind, pack, policy and resource."""
    return each.kind, each.pack, each.policy, each.urn or each.resource_type


#: The severities and levels of findings, the worst first; "" is that of an error.
SEVERITIES = ("critical", "high", "medium", "low", "")
LEVELS = ("mandatory", "", "hidden", "remediate", "advisory")


def worst_first(found: Iterable[Tracked]) -> list[Tracked]:
    """Findings sorted by severity, then by level, then by entity; the sort is stable."""
    return sorted(
        found, key=lambda each: (SEVERITIES.index(each.severity), LEVELS.index(each.level), each.entity.name)
    )


def _end(report: StoredReport, gone: Tracked) -> Status:
    """The status of a finding of the previous run that is not in this one."""
    if gone.kind == "hidden":
        return "fixed"
    if gone.urn in report.report.hidden:
        return "unknown"
    packs = [pack for pack in report.report.evaluation.packs if pack.pack == gone.pack]
    if not packs:
        return "dropped"
    return "unknown" if any(_hides(error, gone) for pack in packs for error in pack.errors) else "fixed"


def _hides(error: EvaluationError, gone: Tracked) -> bool:
    return error.policy in ("", gone.policy) and error.urn in ("", gone.urn)


def _found(stored: StoredReport, status: Status) -> Iterator[Tracked]:
    report = stored.report
    required = stored.required
    for pack in report.evaluation.packs:
        of = (required.entity, required.mode, stored.run, stored.time, pack.pack, pack.version)
        findings: tuple[Finding, ...] = (*pack.violations, *pack.remediations)
        for found in findings:
            if isinstance(found, Violation):
                kind: Kind = "violation"
                level, severity, message = found.level, found.severity, found.message
            else:
                kind, level, severity = "remediation", "remediate", ""
                message = "\n".join(change_line(change) for change in found.changes)
            place = (found.urn, found.resource_type, message, report.waiver(found))
            yield Tracked(status, kind, *of, found.policy, level, severity, *place)
        for error in pack.errors:
            if error.code == HIDDEN_SECRETS:
                continue  # told once, below
            yield Tracked(status, "error", *of, error.policy, "", "", error.urn, "", error.why)
    run = (required.entity, required.mode, stored.run, stored.time)
    for urn in report.hidden:
        type_name = urn_parts(urn)[2].rpartition("$")[2]
        yield Tracked(status, "hidden", *run, "", "", "", "hidden", "", urn, type_name, HIDDEN_MESSAGE)
