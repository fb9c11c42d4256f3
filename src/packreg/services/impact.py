"""What another version of a pack would change for the stacks of a group: both judge what is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from packreg.analyzer.program import Stack
from packreg.errors import NotEvaluated, PackregError, UsageError
from packreg.findings.impact import CHANGES, alone, beside_others, effects
from packreg.groups.editing import found_group
from packreg.groups.entities import stack_entity
from packreg.groups.members import belongs
from packreg.pack.reference import Reference
from packreg.services.audit import MOST_WARM
from packreg.services.backends import Backends
from packreg.services.decisions import Decisions
from packreg.services.enable import with_version
from packreg.services.findings import finding_json
from packreg.services.governance import read_governance
from packreg.services.judge import judged_report, stored_report
from packreg.services.passphrases import state_passphrase, unwrapping
from packreg.services.prepare import RequiredPacks
from packreg.services.resources import backend_url
from packreg.services.stacks import StackTask, read_stack, work_through
from packreg.states.backend import list_stacks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.analyzer.pool import Pool
    from packreg.findings.impact import Change, Effect
    from packreg.groups.model import Entity, Governance, Group, PackEntry
    from packreg.reports.report_keys import Run
    from packreg.reports.stored import StoredReport
    from packreg.services.workspace import Workspace
    from packreg.states.backend import StackEntry
    from packreg.states.places import Place
    from packreg.states.snapshot import Snapshot

#: What a changed finding does not say of itself: its stack, and the run that nobody keeps.
_NOT_FINDINGS = ("status", "entity", "entity_kind", "mode", "run", "time", "pack", "version")


@dataclass(frozen=True)
class StackImpact:
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


@dataclass(frozen=True)
class Impact:
    """What changes for the stacks of a group, by name.

    `before` is the version that the group runs now, "" without one; `problem` says why that is not available
    where it has one. Then all is new.
    """

    pack: str
    group: Group
    before: str
    after: str
    problem: str
    stacks: tuple[StackImpact, ...]

    @property
    def counts(self) -> Mapping[Change, int]:
        """How many findings change in each way."""
        found = Counter(effect.change for each in self.stacks for effect in each.effects)
        return {change: found[change] for change in CHANGES}

    @property
    def worse(self) -> int:
        """How many stacks would be newly denied, or newly not compliant."""
        return sum(each.is_worse for each in self.stacks)

    @property
    def lost(self) -> int:
        """How many stacks the new version could not judge."""
        return sum(each.after == "not-evaluated" for each in self.stacks)


def compare_versions(
    workspace: Workspace,
    reference: Reference,
    group: str,
    *,
    present: Reference | None = None,
    backend: str | None = None,
    tags: Mapping[str, str] | None = None,
    shared: bool = False,
    offline: bool = False,
    jobs: int | None = None,
) -> Impact:
    """Let the version of the reference, and the one that the group runs now, judge the group's stacks.

    `present` is compared with instead of what the group runs; `backend` is a URL or an operator's name of
    one; every stack counts as if it had the `tags`, too. With `shared` a pack's process judges many stacks.

    Raises:
        UsageError: the group takes no stacks, or both references are not of one pack.
        NotFound: there is no such group, or no such version.
        PackregError: the backend cannot be listed, or governance not be read.
    """
    from packreg.analyzer.pool import Pool

    if present is not None and present.name != reference.name:
        raise UsageError(
            f"{present} is not a version of {reference.name}", hint="compare versions of one pack"
        )
    where = backend_url(workspace, backend)
    place, known = workspace.place_at(where), dict(tags or {})
    phrase = state_passphrase(workspace.environ, workspace.cwd)
    workspace.name_default_registry()
    governance = read_governance(workspace)
    there = found_group(governance, group)
    if "stack" not in there.kinds:
        raise UsageError(f"the group {group} takes no stacks", hint="name a group that takes stacks")
    versions = Versions(workspace, there, reference, present)
    with Pool(keep=MOST_WARM) as pool:
        both = BothVersions(
            workspace, governance, there, versions, pool, backend=where, offline=offline, shared=shared
        )
        stacks = [each for each in list_stacks(place) if both.may_have(each, known)]
        work = partial(both.impact, place=place, tags=known, phrase=phrase)
        results = work_through(workspace, "comparing", work, stacks, pool, jobs=jobs)
    found = sorted((each for each in results if each is not None), key=lambda each: each.stack)
    after, before = versions.after, versions.before
    was = before.version if before is not None else ""
    return Impact(after.pack, there, was, after.version, versions.problem, tuple(found))


def impact_json(impact: Impact) -> dict[str, Any]:
    """For `impact --json`."""
    summary = {"stacks": len(impact.stacks), "worse": impact.worse, "not_evaluated": impact.lost}
    return {
        "pack": impact.pack,
        "group": impact.group.name,
        "mode": impact.group.mode,
        "from": impact.before,
        "to": impact.after,
        "summary": summary | dict(impact.counts),
        "stacks": [
            {
                "stack": each.stack,
                "before": each.before,
                "after": each.after,
                "note": each.note,
                "error": each.error,
                "changes": [_effect_json(effect) for effect in each.effects],
            }
            for each in impact.stacks
        ],
    }


def _effect_json(effect: Effect) -> dict[str, Any]:
    found = finding_json(effect.finding)
    kept = {name: value for name, value in found.items() if name not in _NOT_FINDINGS}
    return {"change": effect.change, "was": effect.was, **kept}


class Versions:
    """The entry that a group may get, and the one that it has: None without it, or where it is not available.

    Both name exact versions; all else in them is what the group has.
    """

    def __init__(
        self, workspace: Workspace, group: Group, reference: Reference, present: Reference | None
    ) -> None:
        """`present` goes before what the group has.

        Raises:
            NotFound: there is no such version.
        """
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


class BothVersions:
    """Runs both versions over stacks, from several threads. A context manager, which stops the packs."""

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
    ) -> StackImpact | None:
        """What changes for a stack; None if it is no member. Nothing that goes wrong with it is raised."""
        try:
            entity, snapshot = read_stack(StackTask(stack), place, phrase, unwrapping(self._workspace))
            entity = replace(entity, tags={**entity.tags, **tags})
            entity = self._backends.placed(entity, self._backend)
            if not belongs(self._group, entity):
                return None
            after = self._judged(self._after, entity, snapshot)
            assert after is not None
            before = self._judged(self._before, entity, snapshot)
            was = before.verdict if before is not None else ""
            return StackImpact(entity.name, was, after.verdict, effects(after, before), self._note(entity))
        except PackregError as error:
            return StackImpact(f"organization/{stack.project or '?'}/{stack.name}", error=str(error))

    def _judged(self, runner: _Runner | None, entity: Entity, snapshot: Snapshot) -> StoredReport | None:
        """The report of one version on a stack, which is not kept."""
        if runner is None:
            return None
        organization, project, name = entity.in_its_backend.split("/")
        told = Stack(name, project, organization, tags=entity.tags)
        mode = self._group.mode
        required = runner.decisions.required(entity, mode)
        ready = runner.packs.ready(required, told, shared=self._shared)
        report = judged_report(snapshot, ready, where=snapshot.where, pool=self._pool)
        run: Run = "enforce" if mode == "preventative" else "audit"
        return stored_report(self._workspace, run, report, ready, snapshot.digest())

    def _note(self, entity: Entity) -> str:
        """What other groups make of it: a version that runs all the same, or a conflict."""
        required = self._everybody.required(entity, self._group.mode)
        for problem in required.problems:
            return str(problem)
        for pack in required.packs:
            if pack.winner.group != self._group.name:
                return f"{pack.pack} {pack.version} of the group {pack.winner.group} still runs"
        return ""

    @cached_property
    def _everybody(self) -> Decisions:
        entry = replace(self._versions.after, modified=self._workspace.precisely_now())
        return Decisions(self._workspace, beside_others(self._governance, self._group, entry))


@dataclass(frozen=True)
class _Runner:
    decisions: Decisions
    packs: RequiredPacks
