"""Comparing two versions of a pack over the stacks of a group, one stack after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from packreg.analyzer.program import Stack
from packreg.errors import NotEvaluated, PackregError
from packreg.findings.impact import Effect, alone, beside_others, effects
from packreg.groups.entities import stack_entity
from packreg.groups.members import belongs
from packreg.services.backends import Backends
from packreg.services.clock import precisely_now
from packreg.services.decisions import Decisions
from packreg.services.enable import with_version
from packreg.services.judge import judged_report, stored_report
from packreg.services.prepare import RequiredPacks
from packreg.services.stacks import StackTask, read_stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.analyzer.pool import Pool
    from packreg.groups.model import Entity, Governance, Group, PackEntry
    from packreg.pack.reference import Reference
    from packreg.reports.report_keys import Run
    from packreg.reports.stored import StoredReport
    from packreg.services.workspace import Workspace
    from packreg.states.backend import StackEntry
    from packreg.states.places import Place
    from packreg.states.snapshot import Snapshot


@dataclass(frozen=True)
class Impact:
    """What changes for a stack.

    `before` is "" where there is nothing to compare with; `note` says what another group makes of it; `error`
    why the stack could not be read.
    """

    stack: str
    before: str = ""
    after: str = "not-evaluated"
    effects: tuple[Effect, ...] = ()
    note: str = ""
    error: str = ""

    @property
    def is_worse(self) -> bool:
        """Whether the new version denies, or finds not compliant, what the present one did not."""
        return self.after in ("denied", "not-compliant") and self.before != self.after


class Versions:
    """The entry that a group may get, and the one that it has: None without it, or where it cannot be had.

    Both name exact versions; all else in them is what the group has.
    """

    def __init__(
        self, workspace: Workspace, group: Group, reference: Reference, present: Reference | None
    ) -> None:
        """`present` goes before what the group has.

        Raises:
            NotFound: there is no such version.
        """
        from packreg.pack.reference import Reference

        there = group.packs.get(reference.name)
        self.problem = ""
        self.before: PackEntry | None = None

        def exactly(wanted: Reference) -> PackEntry:
            found = workspace.registry().resolve(wanted, warn=False).record
            return with_version(there, Reference(found.name, found.version))

        self.after = exactly(reference)
        if present is not None:
            self.before = exactly(present)
        elif there is not None:
            try:
                self.before = exactly(Reference.parse(f"{there.pack}@{there.version}"))
            except PackregError as error:
                self.problem = str(error)


class Comparison:
    """Runs both versions over stacks; for several threads. Use it as a context."""

    def __init__(
        self,
        workspace: Workspace,
        governance: Governance,
        group: Group,
        versions: Versions,
        pool: Pool,
        *,
        backend: str,
        offline: bool,
        shared: bool,
    ) -> None:
        """`backend` is the URL of the backend that stacks are in."""
        self._backend, self._backends = backend, Backends(workspace, many=True)
        self._workspace, self._governance, self._group = workspace, governance, group
        self._versions, self._pool = versions, pool
        self._offline, self._shared = offline, shared
        self._began = workspace.now()
        entries = (versions.after, versions.before)
        self._after, self._before = (self._runner(entry) if entry is not None else None for entry in entries)

    def _runner(self, entry: PackEntry) -> _Runner:
        decisions = Decisions(self._workspace, alone(self._governance, self._group, entry))
        packs = RequiredPacks(
            self._workspace,
            decisions,
            offline=self._offline,
            now=lambda: self._began,  # waivers expire: both runs are judged at one time
        )
        return _Runner(decisions, packs)

    def may_have(self, stack: StackEntry, tags: Mapping[str, str]) -> bool:
        """Whether it can be a member: by its tags or in the legacy layout that shows when it is read."""
        if not stack.project or (stack.has_tags and self._group.tags):
            return True
        try:
            entity = stack_entity(f"{stack.project}/{stack.name}", dict(tags))
            return belongs(self._group, self._backends.placed(entity, self._backend))
        except NotEvaluated:
            return True  # which is an error of its own

    def impact(
        self, stack: StackEntry, place: Place, tags: Mapping[str, str], phrase: str | None
    ) -> Impact | None:
        """What changes for a stack; None if it is no member. Nothing that goes wrong with it is raised."""
        try:
            entity, snapshot = read_stack(StackTask(stack), place, phrase)
            entity = replace(entity, tags={**entity.tags, **tags})
            entity = self._backends.placed(entity, self._backend)
            if not belongs(self._group, entity):
                return None
            after = self._judged(self._after, entity, snapshot)
            assert after is not None
            before = self._judged(self._before, entity, snapshot)
            was = before.verdict if before is not None else ""
            return Impact(entity.name, was, after.verdict, effects(after, before), self._note(entity))
        except PackregError as error:
            return Impact(f"organization/{stack.project or '?'}/{stack.name}", error=str(error))

    def _judged(self, runner: _Runner | None, entity: Entity, snapshot: Snapshot) -> StoredReport | None:
        """The report of one version on a stack, which nobody keeps."""
        if runner is None:
            return None
        organization, project, name = entity.in_its_backend.split("/")
        told = Stack(name, project, organization, tags=entity.tags)
        mode = self._group.mode
        required = runner.decisions.required(entity, mode)
        ready = runner.packs.ready(required, told, shared=self._shared)
        report = judged_report(snapshot, ready, where=snapshot.where, pool=self._pool)
        run: Run = "enforce" if mode == "preventative" else "audit"
        return stored_report(run, report, ready, snapshot.digest())

    def _note(self, entity: Entity) -> str:
        """What other groups make of it: a version that runs all the same, or a conflict."""
        required = self._everybody.required(entity, self._group.mode)
        for problem in required.problems:
            return str(problem)
        for pack in required.packs:
            if pack.winner.group != self._group.name:
                return f"{pack.pack} {pack.version} of the group {pack.winner.group} runs all the same"
        return ""

    @cached_property
    def _everybody(self) -> Decisions:
        entry = replace(self._versions.after, modified=precisely_now())
        return Decisions(self._workspace, beside_others(self._governance, self._group, entry))


@dataclass(frozen=True)
class _Runner:
    decisions: Decisions
    packs: RequiredPacks
