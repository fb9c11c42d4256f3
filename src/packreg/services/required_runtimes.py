"""Which runtimes a machine needs for the packs that policy groups require."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from packreg.errors import PackregError
from packreg.groups.model import Entity
from packreg.groups.required import Resolution, packs_of
from packreg.install.fitting import choose_interpreter
from packreg.services.decisions import listings_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.groups.model import Governance
    from packreg.pack.version import Version
    from packreg.registry.record import Record
    from packreg.services.workspace import Workspace


def required_releases(workspace: Workspace, governance: Governance) -> list[Record]:
    """The records of the releases that some group asks for, by name and version.

    Two requests for each pack and one for each release that this machine does not know. What is not
    available is left out; a decision says it.
    """
    registry = workspace.registry()

    def record(release: tuple[str, Version]) -> Record | None:
        try:
            return registry.record(*release)
        except PackregError:
            return None

    listings = listings_of(workspace, packs_of(governance.groups.values()))
    resolution, anybody = Resolution(governance, listings), Entity("stack", "")
    releases = {
        (each.pack, each.version)
        for group in governance.groups.values()
        for each in resolution.required(anybody, group.mode, [group.name]).packs
    }
    found = workspace.at_once(record, sorted(releases))
    return [each for each in found if each is not None]


def by_runtime(records: Iterable[Record]) -> dict[str, list[str]]:
    """The releases as `name@version`, in their order, by their runtime."""
    found = defaultdict(list)
    for record in records:
        found[record.runtime].append(record.reference)
    return dict(found)


def without_interpreter(workspace: Workspace, records: Iterable[Record]) -> list[PackregError]:
    """Why releases cannot run with any Python that there is for them: one error for each such release."""
    errors = []
    for record in records:
        if record.requires_python:
            try:
                choose_interpreter(
                    workspace.python(), workspace.tools, requires=record.requires_python, of=record.reference
                )
            except PackregError as error:
                errors.append(error)
    return errors
