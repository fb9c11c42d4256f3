"""Check a group's entry: which versions it allows, and whether its configuration suits each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packreg.configuration.file import Layer, as_layer, refused
from packreg.configuration.reconcile import ConfigurablePack, reconcile
from packreg.errors import InvalidConfiguration, Problem, UsageError
from packreg.groups.model import PackEntry
from packreg.pack.reference import Reference
from packreg.pack.version import Version, VersionRange
from packreg.registry.listing import PackListing

#: The number of versions in a range, the newest first, for which the configuration is checked.
MAX_VERSIONS = 200


def wanted_versions(entry: PackEntry, listing: PackListing) -> tuple[list[Version], list[Problem]]:
    """The versions that an entry could mean, the one that it means now first, and warnings.

    An exact version means itself, `latest` the newest. A range could mean any published version in it, since
    yanks and releases change which is the highest.

    Raises:
        NotFound, Removed: no version fits the entry.
    """
    wanted = Reference.parse(f"{entry.pack}@{entry.version}").wanted
    if isinstance(wanted, str):
        raise UsageError(f"a group names versions of {entry.pack}, not digests")
    choice = listing.choose(wanted)
    warnings = [Problem("pre-release", choice.note)] if choice.note else []
    if isinstance(wanted, Version) and listing.by_version[choice.version].state == "yanked":
        message = f"{entry.pack}@{choice.version} was yanked; it still runs, because it is pinned"
        warnings.append(Problem("yanked", message, hint=f"`packreg versions {entry.pack}` lists the others"))
    if not isinstance(wanted, VersionRange):
        return [choice.version], warnings
    inside = [version for version in reversed(listing.versions("published")) if version in wanted]
    if len(inside) > MAX_VERSIONS:
        message = f"{len(inside)} versions of {entry.pack} are in {entry.version}"
        hint = f"the configuration was checked for the newest {MAX_VERSIONS}"
        warnings.append(Problem("many-versions", message, hint=hint))
    return inside[:MAX_VERSIONS], warnings


def configuration_warnings(
    entry: PackEntry, packs: Mapping[Version, ConfigurablePack | None], where: str, below: Layer | None = None
) -> list[Problem]:
    """Check the configuration of an entry against each of these versions; returns warnings.

    A version's pack is None if it was published without metadata. `where` says where the configuration is
    from; `below` is the configuration from its environments. If the entry has environments but `below` is
    None, they may add what is missing when they are opened, so problems are then warnings.

    Raises:
        InvalidConfiguration: with every problem of every version.
    """
    layer = as_layer(entry.config, where)
    layers = [each for each in (below, layer) if each is not None and each.settings]
    wrong: dict[Problem, list[Version]] = {}
    warned: dict[Problem, list[Version]] = {}
    for version, pack in packs.items():
        if pack is None:
            message = "it was published without metadata, so its configuration is checked only when it runs"
            warned.setdefault(Problem("no-metadata", message), []).append(version)
            continue
        try:
            found = reconcile(pack, layers)
        except InvalidConfiguration as error:
            for problem in error.problems:
                wrong.setdefault(problem, []).append(version)
        else:
            for problem in found.warnings:
                warned.setdefault(problem, []).append(version)
    if wrong and not (entry.environments and below is None):
        raise refused(f"the configuration of {entry.pack} is refused", _named(entry.pack, wrong))
    hint = "an environment may correct it; `packreg validate-config` shows whether it does"
    mended = [problem._replace(hint=problem.hint or hint) for problem in _named(entry.pack, wrong)]
    return [*_named(entry.pack, warned), *mended]


def _named(pack: str, problems: Mapping[Problem, Iterable[Version]]) -> list[Problem]:
    """The problems, each with the versions that have it."""
    named = []
    for problem, versions in problems.items():
        first, *more = versions
        others = f" and {len(more)} older versions" if len(more) > 1 else f" and {more[0]}" if more else ""
        named.append(problem._replace(message=f"{pack}@{first}{others}: {problem.message}"))
    return named
