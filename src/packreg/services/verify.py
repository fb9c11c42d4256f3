"""Prove a registry: its objects (`registry.verification`), reports by their chains, the order of times."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from packreg.errors import IntegrityError, NotFound, StoreRefused
from packreg.registry import layout
from packreg.registry.clocks import Dated, doubts
from packreg.registry.pruned_reports import Prunings
from packreg.registry.verification import Finding, chains
from packreg.reports.report_keys import RUNS, entity_segment, report_prefix
from packreg.services.reports import ReportStore, unentered
from packreg.store.chain import Chain

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from packreg.groups.model import Entity
    from packreg.pack.reference import Reference
    from packreg.registry.run_entries import Entered
    from packreg.reports.report_keys import Run
    from packreg.reports.stored import StoredReport
    from packreg.services.workspace import Workspace
    from packreg.store.chain import Revision

#: What `verify_evidence` walks beside `registry.verification`.
WALKED = frozenset({layout.RUNS, layout.REPORTS})


def verify(workspace: Workspace, reference: Reference | None = None) -> Iterator[Finding]:
    """Read everything again and prove it, the whole registry or only the versions that are referred to.

    Raises:
        NotFound: there is no such version.
        IntegrityError: the revisions that say when all was copied are damaged.
        StoreError: the store failed.
    """
    yield from workspace.registry().verify(reference)
    if reference is None:
        yield from verify_evidence(workspace)


def verify_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """For `verify --json`."""
    found = list(findings)
    return {
        "ok": all(each.level != "error" for each in found),
        "findings": [each._asdict() for each in found],
    }


def verify_evidence(workspace: Workspace) -> Iterator[Finding]:
    """Every report by its chain, and the times of reports, governance and environments.

    Raises:
        IntegrityError: the revisions that say when all was copied are damaged.
        StoreError: the store failed.
    """
    yield from _verify_times(workspace)
    kept = ReportStore(workspace)
    for run in RUNS:
        for entity in kept.entities((run,)):
            found = list(verify_chain(workspace, kept, entity, run))
            subject = layout.runs_prefix(run, entity_segment(entity)).removesuffix("/")
            yield from found or [Finding(subject, "ok")]
    for wrong in kept.unreadable:
        yield Finding(layout.REPORTS, "error", "bad-report", wrong)
    for top in (layout.REPORTS, layout.RUNS):
        for prefix in workspace.store.prefixes(top):
            if prefix.removeprefix(top)[:-1] not in RUNS:
                yield Finding(
                    prefix, "note", "unknown-key", "this version of packreg does not know this kind of run"
                )


def verify_chain(
    workspace: Workspace, kept: ReportStore, entity: Entity, run: Run, *, contents: bool = True
) -> Iterator[Finding]:
    """What is wrong with the reports of an entity and kind of run, and with the chain that they hang on.

    Without `contents` reports are only listed, not read.
    """
    return _RunChain(workspace, kept, entity, run, contents=contents).findings()


class _RunChain:
    """The reports of one entity and kind of run, and their chain."""

    def __init__(
        self, workspace: Workspace, kept: ReportStore, entity: Entity, run: Run, *, contents: bool
    ) -> None:
        self._entries, self._kept, self._contents = workspace.entries, kept, contents
        self._entity, self._run = entity, run
        self._subject = layout.runs_prefix(run, entity_segment(entity)).removesuffix("/")
        self._there: set[str] = set()
        self._named: set[str] = set()
        self._prunings = Prunings()

    def findings(self) -> Iterator[Finding]:
        """All that is wrong."""
        # Before the entries are read: what is entered meanwhile is no stranger then.
        there = self._there = set(self._entries.reports(self._run, self._entity))
        for key in self._entries.strangers(self._run, self._entity):
            yield Finding(key, "error", "unknown-key", "no entry has such a key; it is ignored")
        newer: Entered | None = None
        try:
            for entered in self._entries.history(self._run, self._entity):
                if newer is not None:
                    yield from self._entry(newer, entered)
                newer = entered
        except (IntegrityError, StoreRefused) as error:
            yield Finding(self._subject, "error", "bad-entry", str(error))
            return
        if newer is not None:
            yield from self._entry(newer, None)
            listed = self._listed(newer)
            for key in sorted(there - self._named - listed):
                yield Finding(key, "error", "unentered-report", unentered(key))
            for key in sorted(listed - there - self._named):
                yield Finding(key, "error", "missing-report", "it was there before the chain, but is gone")
        elif there:
            said = "reports from before there were chains: nothing shows that they are unchanged"
            yield Finding(self._subject, "note", "before-the-chain", f"{len(there)} {said}")
            for key in sorted(there) if self._contents else ():
                yield from self._report(key, "")

    def _entry(self, entered: Entered, before: Entered | None) -> Iterator[Finding]:
        """What is wrong with an entry, given the one before it, and with its report."""
        entry = entered.entry
        where = f"{self._subject}#{entered.number}"
        report = None
        if wrong := self._prunings.meet(entered):
            yield Finding(where, "error", "bad-pruning", wrong)
        if entry.kind == "report":
            if entry.report in self._named:
                yield Finding(where, "error", "entered-twice", f"{entry.report} was entered again later")
            self._named.add(entry.report)
            pruning, there = self._prunings.of(entered), entry.report in self._there
            if pruning is not None and there:
                said = "its deletion was cut short, or whoever said so may not delete"
                said = f"entry {pruning.entered.number} says that it is pruned, but it is there: {said}"
                yield Finding(entry.report, "note", "unfinished-pruning", said)
            if (there and self._contents) or (not there and pruning is None):
                report = yield from self._report(entry.report, entry.digest, pruned=pruning is not None)
        elif entry.kind == "before" and before is not None:
            yield Finding(
                where,
                "error",
                "bad-entry",
                "it lists reports from before the chain, but is not the first entry",
            )
        for doubt in self._kept.doubts(entered, before, report):
            yield Finding(where, "error", "wrong-time", doubt)

    def _report(
        self, key: str, digest: str, *, pruned: bool = False
    ) -> Generator[Finding, None, StoredReport | None]:
        try:
            return self._kept.read(key, digest)
        except NotFound as error:
            if not pruned:  # else it went since it was listed
                yield Finding(key, "error", "missing-report", str(error))
        except (IntegrityError, StoreRefused) as error:
            yield Finding(key, "error", "bad-report", str(error))
        return None

    def _listed(self, first: Entered) -> set[str]:
        """The keys of the reports that the first entry lists."""
        return {report_prefix(self._run, self._entity) + name for name in first.entry.names}


def _verify_times(workspace: Workspace) -> Iterator[Finding]:
    """The times in the revisions of what people edit."""
    for prefix, what in chains(workspace.store):
        newer: Dated | None = None
        try:
            for revision in Chain(workspace.store, prefix).history():
                here = _dated(workspace, what, revision)
                if newer is not None:
                    yield from _wrong_times(workspace, prefix, newer, here)
                newer = here
        except IntegrityError:
            continue  # the chain itself is proved with the packs
        if newer is not None:
            yield from _wrong_times(workspace, prefix, newer, None)


def _wrong_times(workspace: Workspace, prefix: str, this: Dated, before: Dated | None) -> Iterator[Finding]:
    for doubt in doubts(this, before, now=workspace.precisely_now()):
        yield Finding(prefix.removesuffix("/"), "error", "wrong-time", doubt)


def _dated(workspace: Workspace, what: str, revision: Revision) -> Dated:
    """A revision with the time that it says it was made at: governance has it inside `changed`."""
    try:
        value = json.loads(revision.value)
        time = str(value["changed"]["at"] if "changed" in value else value["at"])
    except (ValueError, KeyError, TypeError, RecursionError):
        time = "none"
    stored = workspace.registry().times.of(revision.modified)
    return Dated(f"revision {revision.number} of {what}", time, stored)
