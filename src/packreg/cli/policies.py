"""Policies as commands show them, and what changed among them from one version of a pack to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packreg.errors import InvalidPack, Problem

if TYPE_CHECKING:
    from packreg.cli.context import CommandContext
    from packreg.groups.policy_changes import PolicyChange
    from packreg.pack.check import Pack
    from packreg.pack.metadata import PackInfo
    from packreg.pack.version import Version
    from packreg.registry.record import Record

_SIGNS = {"added": "+", "removed": "-"}


def policy_rows(metadata: PackInfo | None) -> list[tuple[str, str, str, str, str]]:
    """Name, level, type, severity and the description's first line of each policy, in the pack's order.

    The level is the one that it has when nobody configures it; a type that is not known is empty.
    """
    if metadata is None:
        return []
    return [
        (
            policy.name,
            metadata.level_of(policy.name),
            "" if policy.type == "unknown" else policy.type,
            policy.severity,
            (policy.description.strip() or policy.display_name).partition("\n")[0].strip(),
        )
        for policy in metadata.policies
    ]


def change_lines(changes: tuple[PolicyChange, ...]) -> list[str]:
    """A line for each change, in the form of `diff`."""
    return [f"policy       {_SIGNS.get(change.kind, '~')} {change}" for change in changes]


def warn_of_changes(context: CommandContext, pack: Pack, metadata: PackInfo, *, strict: bool) -> None:
    """Say what a patch version may not change: stricter or missing policies, stricter configuration.

    It is compared with the newest version below it that can be installed, if that is of the same major and
    minor number and has its policies in its record.

    Raises:
        InvalidPack: there is such a change, and `strict` was asked for.
    """
    from packreg.groups.policy_changes import policy_changes

    before = _version_before(context, pack)
    if before is None:
        return
    if before.metadata is None:
        context.out.say(f"{before.reference} has no policies in its record, so nothing is compared with them")
        return
    major, minor, _ = pack.version.release
    problems = tuple(
        Problem("patch-changes-policies", str(change))
        for change in policy_changes(before.metadata, metadata)
        if change.breaking
    )
    if not problems:
        return
    message = f"{pack.version} is a patch of {before.reference} and changes what its policies let pass"
    hint = f"publish it as {major}.{minor + 1}.0"
    if strict:
        raise InvalidPack(message, problems, hint=hint)
    context.out.warn("\n".join([message, *map(str, problems)]), hint)


def _version_before(context: CommandContext, pack: Pack) -> Record | None:
    """The release that this one is a patch of: the newest below it, if major and minor number agree.

    A pre-release is compared with by pre-releases only, and never by those of the same number.
    """
    registry = context.registry()

    def counts(version: Version) -> bool:
        if version.is_prerelease and not pack.version.is_prerelease:
            return False
        return version < pack.version and version.release != pack.version.release

    lower = [version for version in registry.versions(pack.name).versions("published") if counts(version)]
    if not lower or lower[-1].release[:2] != pack.version.release[:2]:
        return None
    return registry.record(pack.name, lower[-1])
