"""Tables of policies, and of changes to policies between two versions of a pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packreg.groups.policy_changes import PolicyChange
    from packreg.pack.metadata import PackInfo

_SIGNS = {"added": "+", "removed": "-"}


def policy_rows(metadata: PackInfo | None) -> list[tuple[str, str, str, str, str]]:
    """Name, level, type, severity and the description's first line of each policy, in the pack's order.

    The level is the policy's level without configuration; an unknown type is "".
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
