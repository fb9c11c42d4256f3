"""Delete old reports by rule, and leave in their chain what they were.

First an entry with the numbers, digests and verdicts of a chain's reports is added to it
(`registry.pruned_reports`), then the reports are deleted. If that was cut short, the next run with the same
rule deletes the rest: a report that an entry names is deleted under the same rule as any other, so that
nobody has reports deleted by writing an entry.

Never deleted are the newest two reports of each chain. Kept unless they are said to go as well are reports
that something rests on:

- `waived`: a waiver that has not expired let a violation pass in that run;
- `last-of-day`: it is what `prove` shows for the end of a day;
- `unaudited`: of an update that no audit has compared with the history of its backend yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from packreg.errors import IntegrityError, NotFound, PackregError, StoreRefused, UsageError
from packreg.groups.members import matches
from packreg.groups.times import moment, precise
from packreg.registry import layout
from packreg.registry.formats import FEATURES, PRUNED_REPORTS
from packreg.registry.pruned_reports import LEAST_KEPT, Prunings
from packreg.registry.run_entries import PrunedReport, RunEntry
from packreg.reports.report_keys import RUNS, entity_segment
from packreg.services.reports import LONGEST_RUN, ReportStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packreg.groups.model import Entity
    from packreg.registry.run_entries import Entered
    from packreg.reports.report_keys import Run
    from packreg.reports.stored import StoredReport
    from packreg.services.workspace import Workspace

#: Why a report that is old enough is kept all the same.
Kept = Literal["waived", "last-of-day", "unaudited"]
KEPT: tuple[Kept, ...] = get_args(Kept)
#: Most reports that one entry names: some 0.7 MB of the 4 that an entry may have.
_MOST = 5_000
_SECOND = 1e9  # nanoseconds, in which the backend's history counts


@dataclass(frozen=True)
class Retention:
    """Which reports go: those older than so many days, but for the newest so many of each chain.

    `also` are the kinds of reports that go although something rests on them. `entities` are patterns as in
    groups, `runs` kinds of run; without any all are meant.
    """

    days: int | None = None
    keep_last: int = LEAST_KEPT
    also: tuple[Kept, ...] = ()
    entities: Sequence[str] = ()
    runs: tuple[Run, ...] = RUNS


class OldReport(NamedTuple):
    """A report that goes; `said` if an entry says so already, `size` in bytes as it is stored."""

    entity: Entity
    run: Run
    number: int
    time: str
    key: str
    digest: str
    verdict: str
    size: int
    said: bool


@dataclass
class Prune:
    """What there is to delete, and what is kept although it is old: the number for each reason.

    `unreadable` says which reports cannot be trusted: these stay, and so do all of a chain that cannot be.
    """

    reports: list[OldReport] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)


def find_prunable(workspace: Workspace, rule: Retention) -> Prune:
    """The reports that go by a rule, chain by chain, the newest first; nothing is written.

    Every one is read and compared with its entry.

    Raises:
        UsageError: the rule says neither an age nor a number, or names an entity that has no reports.
        StoreRefused: the clock of this machine is wrong.
        StoreError: the store failed.
    """
    if rule.days is None and rule.keep_last <= LEAST_KEPT:
        raise UsageError("nothing says which reports may go", hint="--older-than 365, or --keep-last 100")
    workspace.registry().times.check_writer(workspace.precisely_now())
    store, found = ReportStore(workspace), Prune()
    known = store.entities(rule.runs)
    for pattern in rule.entities:
        if not any(matches(pattern, each) for each in known):
            raise UsageError(
                f"no reports are kept of {pattern!r}", hint="`packreg compliance` lists who has any"
            )
    for entity in known:
        if not rule.entities or any(matches(pattern, entity) for pattern in rule.entities):
            for run in rule.runs:
                _Chain(workspace, store, rule, entity, run, found).look()
    found.unreadable += store.unreadable
    return found


def prune(workspace: Workspace, reports: Sequence[OldReport]) -> Iterator[OldReport]:
    """Delete what `find_prunable` found; gives each report when it is gone.

    Raises:
        StoreRefused: this is a replica, or no registry, or it may not be deleted.
        OutcomeUnknown, StoreError: the store failed; the same command again goes on.
    """
    workspace.registry().home()
    chains: dict[str, list[OldReport]] = {}
    for report in reports:
        chains.setdefault(report.key.rpartition("/")[0], []).append(report)
    for chain in chains.values():
        unsaid = iter([each for each in chain if not each.said])
        while batch := tuple(islice(unsaid, _MOST)):
            first = batch[0]
            entry = RunEntry("pruned", first.run, first.entity.kind, first.entity.name, workspace.new_id())
            said = tuple(PrunedReport(each.number, each.digest, each.verdict) for each in batch)
            workspace.entries.append(replace(entry, by=workspace.by, pruned=said))
        for each in chain:
            workspace.store.delete(each.key)
            yield each


def prune_question(reports: Sequence[OldReport]) -> str:
    """What has to be confirmed before these are deleted."""
    chains = len({each.key.rpartition("/")[0] for each in reports})
    return (
        f"deleting {len(reports)} reports of {chains} chains for good, at which every packreg before "
        f"{FEATURES[PRUNED_REPORTS]} will stop,"
    )


def prune_json(found: Prune, *, deleted: bool) -> dict[str, Any]:
    """For `reports prune --json`."""
    return {
        "deleted": deleted,
        "reports": [
            {
                "entity": each.entity.name,
                "kind": each.entity.kind,
                "run": each.run,
                "number": each.number,
                "time": each.time,
                "key": each.key,
                "digest": each.digest,
                "verdict": each.verdict,
                "size": each.size,
            }
            for each in found.reports
        ],
        "kept": {reason: found.kept[reason] for reason in KEPT},
        "unreadable": found.unreadable,
    }


class _Chain:
    """The reports of one entity and kind of run, and the rule that they are held against."""

    def __init__(
        self,
        workspace: Workspace,
        store: ReportStore,
        rule: Retention,
        entity: Entity,
        run: Run,
        found: Prune,
    ) -> None:
        self._workspace, self._store, self._rule = workspace, store, rule
        self._entity, self._run, self._found = entity, run, found
        self._now = workspace.precisely_now()
        self._prunings = Prunings()

    def look(self) -> None:
        """Put what goes with what was found."""
        place = layout.reports_prefix(self._run, entity_segment(self._entity))
        sizes = {each.key: each.size for each in self._workspace.store.list_all(place)}
        try:
            old = list(self._old())
        except (IntegrityError, StoreRefused) as error:
            self._found.unreadable.append(str(error))
            return
        old = [each for each in old if each.entry.report in sizes or self._prunings.of(each) is None]
        for entered, report in zip(old, self._workspace.at_once(self._read, old), strict=True):
            entry, pruning = entered.entry, self._prunings.of(entered)
            if isinstance(report, PackregError):
                self._found.unreadable.append(str(report))
            elif pruning is not None and pruning.report.verdict != report.verdict:
                by = pruning.entered.number
                self._found.unreadable.append(f"entry {by} gives {entry.report} another verdict than its own")
            elif "waived" not in self._rule.also and self._is_waived(report):
                self._found.kept["waived"] += 1
            else:
                self._found.reports.append(
                    OldReport(
                        self._entity,
                        self._run,
                        entered.number,
                        entry.time,
                        entry.report,
                        entry.digest,
                        report.verdict,
                        sizes.get(entry.report, 0),
                        pruning is not None,
                    )
                )

    def _old(self) -> Iterator[Entered]:
        """The entries whose reports go by age and number, and on which nothing rests by its time."""
        before = ""
        if self._rule.days is not None:
            before = precise(moment(self._now) - timedelta(days=self._rule.days))
        audited = self._audited() if self._run == "update" else "~"
        seen, ahead = 0, "~"  # greater than every time
        for entered in self._workspace.entries.history(self._run, self._entity):
            if wrong := self._prunings.meet(entered):
                raise IntegrityError(f"entry {entered.number} of {entered.entry.entity_name}: {wrong}")
            if entered.entry.kind != "report":
                continue
            time, seen = entered.entry.time, seen + 1
            shown_by_prove = self._run != "preview" and ahead[:10] > time[:10]
            ahead = min(ahead, time)
            if seen <= max(self._rule.keep_last, LEAST_KEPT) or (before and time >= before):
                continue
            rests = {"last-of-day": shown_by_prove, "unaudited": time > audited}
            reasons = [each for each in rests if rests[each] and each not in self._rule.also]
            if reasons:
                self._found.kept[reasons[0]] += 1
            else:
                yield entered

    def _audited(self) -> str:
        """Until when the last audit saw the updates of the stack, "" if none did."""
        newest = self._store.newest(self._entity, "audit")
        history = newest[0].report.history if newest else None
        if history is None:
            return ""
        seen = moment("1970-01-01T00:00:00Z") + timedelta(seconds=history.newest / _SECOND - LONGEST_RUN)
        return precise(seen)

    def _read(self, entered: Entered) -> StoredReport | IntegrityError | NotFound | StoreRefused:
        try:
            return self._store.read(entered.entry.report, entered.entry.digest)
        except (IntegrityError, NotFound, StoreRefused) as error:
            return error

    def _is_waived(self, report: StoredReport) -> bool:
        governed = report.report.governed
        assert governed is not None
        return any(moment(waiver.expires) >= moment(self._now) for waiver in governed.waived.used)
