"""Which runtimes a machine needs for the packs that policy groups require."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from packreg.errors import PackregError
from packreg.groups.model import Entity
from packreg.groups.required import Resolution, packs_of
from packreg.services.decisions import listings_of

if TYPE_CHECKING:
    from packreg.groups.model import Governance
    from packreg.pack.version import Version
    from packreg.services.workspace import Workspace


def required_runtimes(workspace: Workspace, governance: Governance) -> dict[str, list[str]]:
    """The releases that some group asks for, as `name@version`, sorted, by their runtime.

    Two requests for each pack and one for each release that this machine does not know. What is not
    available is left out; a decision says it.
    """
    registry = workspace.registry()

    def runtime(release: tuple[str, Version]) -> str:
        try:
            return registry.record(*release).runtime
        except PackregError:
            return ""

    listings = listings_of(workspace, packs_of(governance.groups.values()))
    resolution, anybody = Resolution(governance, listings), Entity("stack", "")
    releases = {
        (each.pack, each.version)
        for group in governance.groups.values()
        for each in resolution.required(anybody, group.mode, [group.name]).packs
    }
    wanted = sorted(releases)
    found = defaultdict(list)
    for (name, version), of in zip(wanted, workspace.at_once(runtime, wanted), strict=True):
        found[of].append(f"{name}@{version}")
    return found
