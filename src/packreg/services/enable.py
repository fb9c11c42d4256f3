"""A pack's entry in a policy group: its version, and whether each version that it allows takes the
configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packreg.configuration.file import as_config
from packreg.configuration.reconcile import ConfigurablePack
from packreg.environments.opened import layer_of
from packreg.errors import NotFound, PackregError, Problem, UsageError
from packreg.groups.admission import configuration_warnings, wanted_versions
from packreg.groups.model import PackEntry
from packreg.groups.times import NEVER
from packreg.pack.reference import Reference
from packreg.registry.environment_reference import EnvironmentReference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.configuration.file import Layer
    from packreg.groups.model import Group
    from packreg.pack.metadata import PackInfo
    from packreg.pack.version import Version
    from packreg.registry.record import Record
    from packreg.services.environments import EnvironmentResolver
    from packreg.services.workspace import Workspace


def written_version(
    workspace: Workspace, group: Group, text: str, warnings: list[Problem], *, keep: bool = False
) -> PackEntry:
    """The entry of a pack in a group, with the version of a REF as it was written.

    A name alone means the newest version, pinned, and a warning says so; with `keep` the version that the
    pack has there already.

    Raises:
        NotFound: there is no such pack.
        UsageError: a digest, which a group cannot name.
    """
    reference = Reference.parse(text)
    there = group.packs.get(reference.name)
    if "@" in text:
        return with_version(there, reference)
    if there is not None and keep:
        return there
    newest = workspace.registry().versions(reference.name).latest().version
    message = f"{reference.name} is pinned to {newest}, the newest version"
    follow = f"`packreg enable {reference.name}@latest --group {group.name}` follows new ones"
    warnings.append(Problem("pinned", message, hint=follow))
    return with_version(there, Reference(reference.name, newest))


def with_version(there: PackEntry | None, reference: Reference) -> PackEntry:
    """The entry of a pack with another version.

    Raises:
        UsageError: a digest, which a group cannot name.
    """
    if isinstance(reference.wanted, str):
        hint = f"`packreg list` shows the versions; write {reference.name}@1.2.0"
        raise UsageError("a policy group names versions, not digests", hint=hint)
    version = "latest" if reference.wanted is None else str(reference.wanted)
    return replace(there, version=version) if there else PackEntry(reference.name, version, NEVER)


def with_layer(entry: PackEntry, layer: Layer | None) -> PackEntry:
    """The entry configured by this file, and with its environments if it names some."""
    entry = replace(entry, config=as_config(layer) if layer else {})
    return with_environments(entry, layer.environments) if layer and layer.environments else entry


def with_environments(entry: PackEntry, references: Iterable[str]) -> PackEntry:
    """The entry with these environments, each once. Raises UsageError: one cannot be read."""
    named = dict.fromkeys(str(EnvironmentReference.parse(reference)) for reference in references)
    return replace(entry, environments=tuple(named))


def check_entries(
    workspace: Workspace, entries: list[tuple[PackEntry, str]], opener: EnvironmentResolver | None = None
) -> list[Problem]:
    """Make sure that the packs of these entries exist and take their configuration; gives warnings.

    Each entry comes with where its configuration is from; `opener` opens environments, also planned ones. One
    listing for each pack, and one record for each version that an entry could mean, several at the same time;
    records are remembered.

    Raises:
        NotFound: there is no such pack, version or environment.
        InvalidConfiguration: with every problem of an entry, for every version that it could mean.
    """
    from packreg.services.environments import EnvironmentResolver

    found: list[Problem] = []
    wanted, records = _wanted(workspace, [entry for entry, _ in entries], found)
    packs = {
        pair: ConfigurablePack.of(record.metadata, record.runtime) if record.metadata is not None else None
        for pair, record in records.items()
    }
    if opener is None and any(entry.environments for entry, _ in entries):
        opener = EnvironmentResolver(workspace)
    for (entry, where), versions in zip(entries, wanted, strict=True):
        by_version = {version: packs[entry.pack, version] for version in versions}
        below = _opened(opener, entry, found)
        found += configuration_warnings(entry, by_version, where, below)
    return list(dict.fromkeys(found))


def _opened(opener: EnvironmentResolver | None, entry: PackEntry, warnings: list[Problem]) -> Layer | None:
    """What the environments of an entry give its pack; None and a warning where they cannot be opened.

    Raises:
        NotFound: there is no such environment.
    """
    if opener is None or not entry.environments:
        return None
    try:
        return layer_of(opener.open(entry.environments), entry.pack)
    except NotFound:
        raise
    except PackregError as error:
        warnings.append(
            Problem("environment-not-opened", str(error), f"environments of {entry.pack}", error.hint)
        )
        return None


def metadata_of(workspace: Workspace, entries: list[PackEntry]) -> dict[str, PackInfo | None]:
    """What each version that an entry could mean says of itself, by `name@version`. Raises: NotFound."""
    _, records = _wanted(workspace, entries, [])
    return {f"{name}@{version}": record.metadata for (name, version), record in records.items()}


def _wanted(
    workspace: Workspace, entries: list[PackEntry], warnings: list[Problem]
) -> tuple[list[list[Version]], dict[tuple[str, Version], Record]]:
    """The versions that each entry could mean, and the record of each of them."""
    registry = workspace.registry()
    names = sorted({entry.pack for entry in entries})
    listings = dict(zip(names, workspace.at_once(registry.versions, names), strict=True))
    wanted = []
    for entry in entries:
        versions, warned = wanted_versions(entry, listings[entry.pack])
        warnings += warned
        wanted.append(versions)
    pairs = sorted(
        {(e.pack, version) for e, versions in zip(entries, wanted, strict=True) for version in versions}
    )
    records = workspace.at_once(lambda pair: registry.record(*pair), pairs)
    return wanted, dict(zip(pairs, records, strict=True))
