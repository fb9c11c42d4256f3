"""`enable` and `disable`: the policy packs of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from packreg.cli.base import NAME, WRITTEN, command
from packreg.cli.governing import governance_to_edit, read_governance
from packreg.cli.reaching import change_for, dry_run_option, known_entities, yes_option
from packreg.errors import UsageError
from packreg.groups.model import DEFAULT_PREVENTATIVE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packreg.cli.opening import Opener
    from packreg.cli.session import Session
    from packreg.errors import Problem
    from packreg.groups.config_file import Layer
    from packreg.groups.model import Group, PackEntry
    from packreg.pack.metadata import PackInfo
    from packreg.pack.reference import Reference
    from packreg.pack.version import Version
    from packreg.registry.record import Record

#: Records read at the same time.
READERS = 16

group_option = click.option(
    "--group",
    "--policy-group",
    "group",
    metavar="GROUP",
    default=DEFAULT_PREVENTATIVE,
    show_default=True,
    help="The policy group.",
)


@command(
    "enable",
    examples=(
        "packreg enable guard@latest --dry-run",
        "packreg enable guard@latest --yes",
        "packreg enable 'guard@^1.2' --group prod --config guard.json --environment prod",
    ),
)
@click.argument("text", metavar="REF", type=WRITTEN)
@group_option
@click.option("--config", metavar="FILE", help="The pack's configuration, in the place of what it has.")
@click.option(
    "--environment",
    "-e",
    metavar="ENVIRONMENT",
    multiple=True,
    help="An environment, in the place of those it has. Later ones are stronger.",
)
@click.option("--no-config", is_flag=True, help="Take its configuration away.")
@click.option("--no-environment", is_flag=True, help="Take its environments away.")
@dry_run_option
@yes_option
@click.pass_obj
def enable_command(
    session: Session,
    text: str,
    group: str,
    config: str | None,
    environment: tuple[str, ...],
    no_config: bool,
    no_environment: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Enable a pack in a policy group.

    Or change the version and the configuration that it has there: what is not given stays as it is. A name
    alone pins the newest version. A range or 'latest' is looked up whenever a stack is judged, so the
    configuration is checked for every version that REF could mean.

    It says how many of the stacks and accounts with reports it touches; where it is for all there are, as in
    a default group, only a yes or --yes goes on.
    """
    from packreg.groups import editing
    from packreg.groups.reach import group_reach

    if (config and no_config) or (environment and no_environment):
        raise UsageError("one option gives what another takes away", hint="leave one of them out")
    base = read_governance(session) if dry_run else governance_to_edit(session)
    target = editing.found_group(base, group)
    warnings: list[Problem] = []
    others = bool(config or no_config or environment or no_environment)
    entry = written_version(session, target, text, warnings, keep=others)
    if config or no_config:
        layer = _layer(session, config) if config else None
        entry = with_layer(entry, layer)
        warnings += layer.warnings if layer else ()
    if environment or no_environment:
        entry = with_environments(entry, environment)
    warnings += check_entries(session, [(entry, config or f"the group {group}")])
    change_for(
        session,
        lambda governance: editing.enable(governance, group, entry),
        f"enable {entry.pack}@{entry.version} in {group}",
        base,
        group_reach(base, target, known_entities(session)),
        warnings,
        dry_run=dry_run,
        yes=yes,
    )


@command("disable", examples=("packreg disable guard --group prod", "packreg disable guard --dry-run"))
@click.argument("pack", metavar="NAME", type=NAME)
@group_option
@dry_run_option
@yes_option
@click.pass_obj
def disable_command(session: Session, pack: str, group: str, dry_run: bool, yes: bool) -> None:
    """Take a pack out of a policy group.

    Its configuration there goes with it. As `enable`, it says whom that touches, and asks where it is all.
    """
    from packreg.groups.editing import disable, found_group
    from packreg.groups.reach import group_reach

    base = read_governance(session)
    target = found_group(base, group)
    change_for(
        session,
        lambda governance: disable(governance, group, pack),
        f"disable {pack} in {group}",
        base,
        group_reach(base, target, known_entities(session)),
        dry_run=dry_run,
        yes=yes,
    )


def written_version(
    session: Session, group: Group, text: str, warnings: list[Problem], *, keep: bool = False
) -> PackEntry:
    """The entry of a pack in a group, with the version of a REF as it was written.

    A name alone means the newest version, pinned, and a warning says so; with `keep` the version that the
    pack has there already.

    Raises:
        NotFound: there is no such pack.
        UsageError: a digest, which a group cannot name.
    """
    from packreg.errors import Problem
    from packreg.pack.reference import Reference

    reference = Reference.parse(text)
    there = group.packs.get(reference.name)
    if "@" in text:
        return with_version(there, reference)
    if there is not None and keep:
        return there
    newest = session.registry().versions(reference.name).latest().version
    message = f"{reference.name} is pinned to {newest}, the newest version"
    follow = f"`packreg enable {reference.name}@latest --group {group.name}` follows new ones"
    warnings.append(Problem("pinned", message, hint=follow))
    return with_version(there, Reference(reference.name, newest))


def with_version(there: PackEntry | None, reference: Reference) -> PackEntry:
    """The entry of a pack with another version.

    Raises:
        UsageError: a digest, which a group cannot name.
    """
    from dataclasses import replace

    from packreg.groups.model import PackEntry
    from packreg.groups.times import NEVER

    if isinstance(reference.wanted, str):
        hint = f"`packreg list` shows the versions; write {reference.name}@1.2.0"
        raise UsageError("a policy group names versions, not digests", hint=hint)
    version = "latest" if reference.wanted is None else str(reference.wanted)
    return replace(there, version=version) if there else PackEntry(reference.name, version, NEVER)


def with_layer(entry: PackEntry, layer: Layer | None) -> PackEntry:
    """The entry configured by this file, and with its environments if it names some."""
    from dataclasses import replace

    from packreg.groups.config_file import as_config

    entry = replace(entry, config=as_config(layer) if layer else {})
    return with_environments(entry, layer.environments) if layer and layer.environments else entry


def with_environments(entry: PackEntry, references: Iterable[str]) -> PackEntry:
    """The entry with these environments, each once. Raises UsageError: one cannot be read."""
    from dataclasses import replace

    from packreg.registry.environment_reference import EnvironmentReference

    named = dict.fromkeys(str(EnvironmentReference.parse(reference)) for reference in references)
    return replace(entry, environments=tuple(named))


def check_entries(session: Session, entries: list[tuple[PackEntry, str]]) -> list[Problem]:
    """Make sure that what groups say of packs can be had and configured so; gives what should be known.

    Each entry comes with where its configuration is from. One listing for each pack, and one record for each
    version that an entry could mean, several at the same time; records are remembered.

    Raises:
        NotFound: there is no such pack, version or environment.
        InvalidConfiguration: with every problem of an entry, for every version that it could mean.
    """
    from packreg.cli.opening import Opener
    from packreg.groups.admission import configuration_warnings
    from packreg.groups.configuration import ConfigurablePack

    found: list[Problem] = []
    wanted, records = _wanted(session, [entry for entry, _ in entries], found)
    packs = {
        pair: ConfigurablePack.of(record.metadata, record.runtime) if record.metadata is not None else None
        for pair, record in records.items()
    }
    opener = Opener(session) if any(entry.environments for entry, _ in entries) else None
    for (entry, where), versions in zip(entries, wanted, strict=True):
        by_version = {version: packs[entry.pack, version] for version in versions}
        below = _opened(opener, entry, found)
        found += configuration_warnings(entry, by_version, where, below)
    return list(dict.fromkeys(found))


def _opened(opener: Opener | None, entry: PackEntry, warnings: list[Problem]) -> Layer | None:
    """What the environments of an entry give its pack; None and a warning where they cannot be opened.

    Raises:
        NotFound: there is no such environment.
    """
    from packreg.errors import NotFound, PackregError, Problem
    from packreg.groups.environments.opened import layer_of

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


def metadata_of(session: Session, entries: list[PackEntry]) -> dict[str, PackInfo | None]:
    """What each version that an entry could mean says of itself, by `name@version`. Raises: NotFound."""
    _, records = _wanted(session, entries, [])
    return {f"{name}@{version}": record.metadata for (name, version), record in records.items()}


def _wanted(
    session: Session, entries: list[PackEntry], warnings: list[Problem]
) -> tuple[list[list[Version]], dict[tuple[str, Version], Record]]:
    """The versions that each entry could mean, and the record of each of them."""
    from packreg.groups.admission import wanted_versions

    registry = session.registry()
    names = sorted({entry.pack for entry in entries})
    listings = dict(zip(names, session.at_once(READERS, registry.versions, names), strict=True))
    wanted = []
    for entry in entries:
        versions, warned = wanted_versions(entry, listings[entry.pack])
        warnings += warned
        wanted.append(versions)
    pairs = sorted(
        {(e.pack, version) for e, versions in zip(entries, wanted, strict=True) for version in versions}
    )
    records = session.at_once(READERS, lambda pair: registry.record(*pair), pairs)
    return wanted, dict(zip(pairs, records, strict=True))


def _layer(session: Session, path: str) -> Layer:
    from packreg.groups.config_file import MAX_FILE, read_layer

    return read_layer(read_file(session, path, MAX_FILE), path)


def read_file(session: Session, path: str, most: int) -> bytes:
    """The bytes of a file, and one more than `most` at most. Raises UsageError: it cannot be read."""
    from pathlib import Path

    try:
        with Path(session.cwd, path).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
