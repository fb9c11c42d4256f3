"""Required packs become programs: unpacked, and with the configuration, variables and files they get.

Nothing here lets a pack be passed over: whatever keeps one from being run joins what is unavailable, by the
pack's name, and is an evaluation error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from packreg.analyzer.evaluation import PackToRun
from packreg.analyzer.findings import Evaluation
from packreg.analyzer.program import PASSED_ON
from packreg.enforcement.waivers import Waived, apply_waivers
from packreg.errors import PackFailed, PackregError, Problem, error_code
from packreg.groups.decision import Unavailable
from packreg.groups.layers import layers_of
from packreg.groups.members import groups_by_tags
from packreg.pack.reference import Reference
from packreg.reports.stored import RanPack, configuration_digest
from packreg.services.pack_programs import Ready, configured, program_of, ready_releases
from packreg.services.prepared import PreparedPacks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.analyzer.program import Program, Stack
    from packreg.environments.opened import Opened
    from packreg.groups.decision import Required, Requirement
    from packreg.groups.model import Entity
    from packreg.services.decisions import Decisions
    from packreg.services.workspace import Workspace


class RequiredPacks:
    """Makes packs ready, for any number of entities and from several threads; what two share is made once."""

    def __init__(
        self,
        workspace: Workspace,
        decisions: Decisions,
        *,
        offline: bool = False,
        now: Callable[[], str] | None = None,
    ) -> None:
        """`now` is the time at which waivers have to count (default: when they are asked for)."""
        self._workspace, self._decisions, self._offline = workspace, decisions, offline
        self._now = now or workspace.now
        self._releases: dict[tuple[str, str], Ready | PackregError] = {}
        self._opened: dict[tuple[str, ...], Opened | PackregError] = {}
        self._lock = threading.Lock()

    def install(self, requirements: Iterable[Requirement], *, show: bool = True) -> None:
        """Unpack what is missing of these, several at the same time; failures are kept for `ready`.

        Without `show` no progress is drawn.
        """
        with self._lock:
            wanted = {(each.pack, each.version.key): each for each in requirements}
            missing = {key: each for key, each in wanted.items() if key not in self._releases}
            references = [Reference(each.pack, each.version) for each in missing.values()]
            found = ready_releases(self._workspace, references, offline=self._offline, show=show)
            self._releases.update(zip(missing, found, strict=True))

    def ready(self, required: Required, stack: Stack | None, *, shared: bool = False) -> PreparedPacks:
        """The packs of a decision, to be told this stack.

        With `shared`, programs for different stacks are equal, so that a pool's processes serve them all: a
        pack is then told a stack's tags and not its name, which SDKs only read from the environment that a
        process starts with. Our own OPA analyzer never asks for it, and is always shared.
        """
        self.install(required.packs, show=False)
        packs: list[PackToRun] = []
        ran: list[RanPack] = []
        unavailable = list(required.unavailable)
        secrets: set[str] = set()
        warnings: list[Problem] = []
        for requirement in required.packs:
            entry, group = requirement.winner.entry, requirement.winner.group
            version = requirement.version.text
            release = self._releases[requirement.pack, requirement.version.key]
            digest, dependencies, revisions = "", "", entry.environments
            try:
                if isinstance(release, PackregError):
                    raise release
                digest, dependencies = release.digest, release.dependencies
                opened = self._environments(entry.environments)
                revisions = opened.revisions if opened is not None else ()
                layers = layers_of(requirement.winner, opened)
                for_all = shared or self._asks_for_no_stack(release)
                program = program_of(self._workspace, release, None if for_all else stack)
                program = _with_environment(replace(program, stack=stack), opened)
            except PackregError as error:
                unavailable.append(Unavailable(requirement.pack, version, _problem(error, group)))
            else:
                secrets |= opened.secrets if opened is not None else frozenset()
                packs.append(PackToRun(program, configured(layers, warnings), version, requirement.pack))
            configuration = configuration_digest(entry.config, revisions)
            environments = tuple(revisions)
            ran.append(
                RanPack(requirement.pack, version, digest, group, configuration, environments, dependencies)
            )
        required = replace(required, unavailable=tuple(unavailable))
        by_tags = () if required.entity.tags else groups_by_tags(self._decisions.governance, required.mode)
        return PreparedPacks(
            required,
            tuple(packs),
            tuple(ran),
            frozenset(secrets),
            warnings,
            partial(self._waived, required.entity),
            tuple(name for name in by_tags if name not in required.groups),
            self._workspace.new_id(),
        )

    def _waived(self, entity: Entity, evaluation: Evaluation) -> Waived:
        governance = self._decisions.governance
        waivers, rules = governance.waivers.values(), governance.rules
        return apply_waivers(evaluation, entity, waivers, rules, now=self._now())

    def _asks_for_no_stack(self, release: Ready) -> bool:
        return release.manifest.runtime == "opa" and not self._workspace.settings.opa_analyzer

    def _environments(self, references: tuple[str, ...]) -> Opened | None:
        """What these environments give."""
        if not references:
            return None
        with self._lock:
            if references not in self._opened:
                try:
                    self._opened[references] = self._decisions.opener.open(references)
                except PackregError as error:
                    self._opened[references] = error
            found = self._opened[references]
        if isinstance(found, PackregError):
            raise found
        return found


def _with_environment(program: Program, opened: Opened | None) -> Program:
    """The program with an environment's variables and files; what packreg sets itself stays as it is."""
    if opened is None:
        return program
    own = dict(program.environment)
    kept = {name: value for name, value in own.items() if name not in PASSED_ON}
    files = tuple(sorted((name, data) for name, data in opened.files.items() if name not in kept))
    environment = tuple(sorted({**own, **opened.variables, **kept}.items()))
    return replace(program, environment=environment, files=files)


def _problem(error: PackregError, group: str) -> Problem:
    code = error.code if isinstance(error, PackFailed) else error_code(error)
    return Problem(code, str(error), f"group {group}", error.hint)
