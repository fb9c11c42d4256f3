"""Which packs entities must run: one state of governance, and the versions of each pack, read once."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from packreg.configuration.reconcile import ConfigurablePack
from packreg.errors import PackregError
from packreg.groups.decision import GroupMembership
from packreg.groups.layers import layers_of
from packreg.groups.members import Memberships
from packreg.groups.required import Resolution, packs_of
from packreg.groups.strictness import contested, levels_of, with_strictness
from packreg.pack.reference import Reference
from packreg.services.environments import EnvironmentResolver
from packreg.services.governance import read_governance
from packreg.services.waiting import while_it_answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.environments.opened import Opened
    from packreg.groups.decision import GroupRequest, Required
    from packreg.groups.model import Entity, Governance, Mode
    from packreg.groups.strictness import Levels
    from packreg.pack.version import Version
    from packreg.registry.listing import PackListing
    from packreg.registry.record import Record
    from packreg.services.workspace import Workspace


def listings_of(workspace: Workspace, packs: Sequence[str]) -> dict[str, PackListing | PackregError]:
    """The versions of these packs, or why they could not be read. A listing of each."""
    registry = workspace.registry()

    def listed(name: str) -> PackListing | PackregError:
        try:
            return registry.versions(name)
        except PackregError as error:
            return error

    return dict(zip(packs, workspace.at_once(listed, packs), strict=True))


class Decisions:
    """Decisions about any number of entities by governance as it was read once. Several threads may ask.

    `strict` refuses where a losing entry was stricter, whatever the settings say; `opener` opens the
    environments of all of them, so that each is read once.
    """

    def __init__(self, workspace: Workspace, governance: Governance, *, strict: bool = False) -> None:
        self.governance = governance
        self.opener = EnvironmentResolver(workspace)
        self._workspace = workspace
        self._strict = strict or governance.rules.strict_conflicts
        self._memberships = Memberships(governance)
        self._listings: dict[str, PackListing | PackregError] = {}
        self._resolution = Resolution(governance, self._listings)
        self._decided: dict[tuple[str, ...], Required] = {}
        self._lock = threading.Lock()

    @classmethod
    def read(cls, workspace: Workspace, *, strict: bool = False) -> Decisions:
        """By governance as it is now: four requests.

        Raises:
            NotFound, IntegrityError, StoreError: as `read_governance` says.
        """
        workspace.name_default_registry()
        return cls(workspace, while_it_answers(workspace, lambda: read_governance(workspace)), strict=strict)

    def required(self, entity: Entity, mode: Mode) -> Required:
        """What the entity must run in a mode.

        One listing for each pack that nobody listed before; where groups disagree, also the records of the
        versions that they want. Never raises for a pack: what is not available is in the result.

        Raises:
            StoreUnavailable: the registry is silent for too long; see `waiting`.
        """
        names = self._memberships.groups_of(entity, mode)
        with self._lock:
            if names not in self._decided:
                decide = partial(self._decide, entity, mode, names)
                self._decided[names] = while_it_answers(self._workspace, decide)
            decided = self._decided[names]
        groups = self.governance.groups
        memberships = (
            GroupMembership(name, self._memberships.rule(name, entity), groups[name].about) for name in names
        )
        return replace(decided, entity=entity, memberships=tuple(memberships))

    def _decide(self, entity: Entity, mode: Mode, names: tuple[str, ...]) -> Required:
        self._list(packs_of(self.governance.groups[name] for name in names))
        required = self._compared(self._resolution.required(entity, mode, names))
        for each in required.packs:
            group, entry = each.winner.group, each.winner.entry
            self._workspace.notify.detail(
                f"{each.pack}@{each.version} is required of {entity.name}: {group} asks for {entry.version}",
                event="required",
                entity=entity.name,
                mode=mode,
                pack=each.pack,
                version=each.version.text,
                group=group,
                asked=entry.version,
                revision=required.revision,
            )
        return required

    def record(self, pack: str, version: Version) -> Record:
        """The record of a version, at most one request. Raises what `Registry.resolve` raises."""
        return self._workspace.registry().resolve(Reference(pack, version), warn=False).record

    def opened(self, asked: GroupRequest) -> Opened | None:
        """The environments of an entry, None where it has none. Raises what opening them raises."""
        return self.opener.open(asked.entry.environments) if asked.entry.environments else None

    def _list(self, packs: Sequence[str]) -> None:
        missing = [name for name in packs if name not in self._listings]
        self._listings.update(listings_of(self._workspace, missing))

    def _compared(self, required: Required) -> Required:
        """With what is to be said of entries that lost and were stricter."""
        asked = contested(required)
        if not asked:
            return required
        found = zip(asked, self._workspace.at_once(self._levels, asked), strict=True)
        levels = {(each.group, each.entry.pack): known for each, known in found if known is not None}
        return with_strictness(required, levels, refuse=self._strict)

    def _levels(self, asked: GroupRequest) -> Levels | None:
        """The levels of the policies under an entry; None where they cannot be determined."""
        try:
            metadata = self.record(asked.entry.pack, asked.version).metadata
            if metadata is None:
                return None
            return levels_of(ConfigurablePack.of(metadata), layers_of(asked, self.opened(asked)))
        except PackregError:
            return None
