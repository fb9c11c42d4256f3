"""What was enforced on an entity at a time, proved by what the registry kept and nobody changed since.

Every revision of governance is compared with the digest that its successor has of it, every report with its
entry, every pack that ran with the record of its release. What differs is reported, beside all the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from packreg.errors import UsageError
from packreg.groups.members import groups_of
from packreg.groups.times import precise
from packreg.registry.clocks import doubts
from packreg.reports.report import summary, totals
from packreg.services.backends import Backends
from packreg.services.contradictions import contradictions, release_contradiction
from packreg.services.governance import stored_governance
from packreg.services.reports import EnteredReport, PrunedRun, ReportStore
from packreg.services.verify import verify_chain

if TYPE_CHECKING:
    from packreg.groups.document import Document
    from packreg.groups.model import Entity, Mode
    from packreg.registry.clocks import Dated
    from packreg.reports.report_keys import Run
    from packreg.reports.stored import RanPack, StoredReport
    from packreg.services.workspace import Workspace

#: The kinds of run that show what was enforced or audited; a preview decides about a plan.
_RUNS: dict[Mode, tuple[Run, ...]] = {"preventative": ("update", "enforce"), "audit": ("audit",)}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True)
class RunEvidence:
    """The last run in one mode.

    `entry` is the number of its entry in its chain, None for one from before there were chains; `packs` has
    what ran, each with why its release cannot be what ran, or ""; `problems` says what else does not fit.
    """

    report: StoredReport
    entry: int | None
    packs: tuple[tuple[RanPack, str], ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """What was enforced on an entity at a time (RFC 3339 in UTC).

    `governance` is the revision that held then, None before the first; `pruned` has the last runs whose
    reports were pruned since, instead of `runs`; `unreadable` says which reports cannot
    be trusted, and `problems` all that is not what it was or does not fit; `own_times` whether the store has
    times of its own, which no writer chooses.
    """

    entity: Entity
    at: str
    governance: Document | None
    runs: tuple[RunEvidence, ...]
    pruned: tuple[PrunedRun, ...]
    unreadable: tuple[str, ...]
    problems: tuple[str, ...]
    own_times: bool


def enforcement_evidence(workspace: Workspace, entity: Entity, at: str) -> Evidence:
    """The revision of governance that held at a time, and the last run of each mode until then.

    `at` is a day, of which the end counts, or a moment, as for `read_moment`.

    Raises:
        UsageError: it is neither.
        IntegrityError, StoreRefused: governance cannot be read, or was changed.
        NotEvaluated: several backends have the stack, and which one is meant is not known.
        StoreError: the store failed.
    """
    at, entity = read_moment(at), Backends(workspace).placed(entity)
    history = GovernanceHistory(workspace)
    revision = history.at(at)
    kept = ReportStore(workspace)
    last = [_last(kept, entity, kinds, at) for kinds in _RUNS.values()]
    runs = tuple(_run_evidence(workspace, history, each) for each in last if isinstance(each, EnteredReport))
    kinds = [kind for mode in _RUNS for kind in _RUNS[mode]]
    chains = [each for kind in kinds for each in verify_chain(workspace, kept, entity, kind, contents=False)]
    problems = [
        *(history.doubts(revision) if revision is not None else ()),
        *kept.unreadable,
        *kept.doubted,
        *(each.message for each in chains if each.level == "error" and each.code != "wrong-time"),
        *(problem for run in runs for problem in run.problems),
        *(problem for run in runs for _, problem in run.packs if problem),
    ]
    return Evidence(
        entity,
        at,
        revision,
        runs,
        tuple(each for each in last if isinstance(each, PrunedRun)),
        tuple(kept.unreadable),
        tuple(dict.fromkeys(problems)),
        workspace.store.own_times,
    )


def evidence_json(evidence: Evidence) -> dict[str, Any]:
    """For `prove --json`."""
    return {
        "entity": evidence.entity.name,
        "kind": evidence.entity.kind,
        "at": evidence.at,
        "governance": _governance_json(evidence.governance, evidence.entity),
        "runs": [_run_json(run) for run in evidence.runs],
        "pruned": [
            {
                "run": each.run,
                "time": each.time,
                "entry": each.number,
                "verdict": each.verdict,
                "digest": each.digest,
                "by": each.by,
                "at": each.at,
            }
            for each in evidence.pruned
        ],
        "unreadable": list(evidence.unreadable),
        "problems": list(evidence.problems),
        "store_times": evidence.own_times,
    }


def read_moment(text: str) -> str:
    """A day, at its end, or a moment, in UTC and microseconds.

    Raises:
        UsageError: it is neither, or says no time zone.
    """
    try:
        if _DAY.fullmatch(text):
            return precise(datetime.fromisoformat(text).replace(tzinfo=UTC, hour=23, minute=59, second=59))
        value = datetime.fromisoformat(text)
        if value.tzinfo is not None:
            return precise(value)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"{text[:100]!r} is not a date", hint="write 2026-08-31 or 2026-08-31T12:00:00Z")


class GovernanceHistory:
    """Every revision of governance by its number, each proved to be the one that the next was made from."""

    def __init__(self, workspace: Workspace) -> None:
        """Read the chain. Raises: IntegrityError, StoreRefused."""
        self._times, self._now = workspace.registry().times, workspace.precisely_now
        history = stored_governance(workspace).history()
        self.documents = {document.governance.revision: document for document in history}

    def at(self, until: str) -> Document | None:
        """The newest revision until then; None before the first."""
        known = (self.documents[number] for number in sorted(self.documents, reverse=True))
        return next((each for each in known if each.change is not None and each.change.at <= until), None)

    def doubts(self, document: Document) -> tuple[str, ...]:
        """Why the time of a revision cannot be right."""
        number = document.governance.revision
        here, before = map(self._dated, (number, number - 1))
        return doubts(here, before, now=self._now()) if here is not None else ()

    def _dated(self, number: int) -> Dated | None:
        found = self.documents[number].dated if number in self.documents else None
        return found and found._replace(stored=self._times.of(found.stored))


def _last(
    kept: ReportStore, entity: Entity, runs: tuple[Run, ...], until: str
) -> EnteredReport | PrunedRun | None:
    """The last run of these kinds until then, whether its report is there or was pruned."""
    newest: list[tuple[str, EnteredReport | PrunedRun]] = []
    for run in runs:
        met = len(kept.pruned)
        newest += [(each.when, each) for each in islice(kept.walk(entity, run, until), 1)]
        newest += [(each.time, each) for each in kept.pruned[met : met + 1]]  # walked over: it is newer
    return max(newest, key=lambda each: each[0], default=(None, None))[1]


def _run_evidence(workspace: Workspace, history: GovernanceHistory, kept: EnteredReport) -> RunEvidence:
    stored = kept.report
    return RunEvidence(
        stored,
        kept.entered.number if kept.entered is not None else None,
        tuple((pack, release_contradiction(workspace, pack, stored.time)) for pack in stored.packs),
        (*kept.doubts, *contradictions(stored, history.documents)),
    )


def _governance_json(document: Document | None, entity: Entity) -> dict[str, Any] | None:
    if document is None or document.change is None:
        return None
    governance, change = document.governance, document.change
    names = [name for mode in _RUNS for name in groups_of(governance, entity, mode)]
    return {
        "revision": governance.revision,
        "by": change.by,
        "at": change.at,
        "what": change.what,
        "groups": [
            {
                "name": name,
                "mode": governance.groups[name].mode,
                "packs": [f"{pack.pack}@{pack.version}" for pack in governance.groups[name].packs.values()],
            }
            for name in names
        ],
    }


def _run_json(run: RunEvidence) -> dict[str, Any]:
    stored = run.report
    required, governed = stored.required, stored.report.governed
    assert governed is not None
    return {
        "run": stored.run,
        "mode": required.mode,
        "time": stored.time,
        "id": stored.id,
        "entry": run.entry,
        "verdict": stored.verdict,
        "summary": summary(stored.report),
        "state": stored.state,
        "revision": required.revision,
        "groups": list(required.groups),
        "packs": [_pack_json(*pack) for pack in run.packs],
        "waivers": [
            {
                "id": each.id,
                "policy": f"{each.pack}:{each.policy}",
                "owner": each.owner,
                "expires": each.expires,
            }
            for each in governed.waived.used
        ],
        "failed_open": governed.failed_open,
        "totals": totals(stored.report)._asdict(),
        "problems": list(run.problems),
    }


def _pack_json(pack: RanPack, problem: str) -> dict[str, Any]:
    return {
        "name": pack.name,
        "version": pack.version,
        "digest": pack.digest,
        "dependencies": pack.dependencies,
        "group": pack.group,
        "configuration": pack.configuration,
        "environments": list(pack.environments),
        "problem": problem,
    }
