"""A waiver is asked for: what an owner of the policy groups would run for it, checked, and who that is.

Nothing is written. Whoever was stopped may not edit governance; whoever may is sent the commands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packreg.errors import Problem, UsageError
from packreg.groups import editing
from packreg.groups.decision import GroupMembership
from packreg.reports.next_steps import command
from packreg.services.decisions import Decisions
from packreg.services.explain import MODES
from packreg.services.reports import unseen
from packreg.services.stack_tags import with_tags
from packreg.services.waivers import forbidden_policies, new_waiver, policy_to_waive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.groups.model import Entity, Waiver
    from packreg.services.workspace import Workspace


@dataclass(frozen=True)
class WaiverRequest:
    """The waivers that are asked for, alike in all but the resource.

    `expires` is as it was written or set, so that it counts from when the waiver is added; `groups` require
    the pack of the stack, and their owners decide.
    """

    waivers: Sequence[Waiver]
    expires: str
    groups: Sequence[GroupMembership]
    warnings: Sequence[Problem] = ()

    @property
    def commands(self) -> list[str]:
        """What an owner runs, as it is typed in a shell; one for each resource."""
        return [
            command(
                *("packreg", "waiver", "add", f"{each.pack}:{each.policy}", "--stack", each.entity),
                *(("--resource", each.resource) if each.resource else ()),
                *("--expires", self.expires, "--reason", each.reason, "--owner", each.owner),
            )
            for each in self.waivers
        ]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        first = self.waivers[0]
        return {
            "pack": first.pack,
            "policy": first.policy,
            "stack": first.entity,
            "resources": [each.resource for each in self.waivers if each.resource],
            "expires": self.expires,
            "reason": first.reason,
            "owner": first.owner,
            "groups": [each.as_json() for each in self.groups],
            "commands": self.commands,
            "warnings": [each._asdict() for each in self.warnings],
        }


def request_waiver(
    workspace: Workspace,
    policy: str,
    stack: Entity,
    *,
    resources: Sequence[str] = (),
    reason: str,
    owner: str,
    expires: str = "",
    backend: str | None = None,
) -> WaiverRequest:
    """Ask for a policy, written `pack:policy`, to be waived in a stack: for these URNs, or for all of it.

    `owner` will answer for it; `expires` is the setting `waivers.expires` unless it is given. Where the stack
    may be a member of groups by tags, these are read as for `explain_required`.

    Raises:
        UsageError: it is not one policy, it may not be waived, or a text is not one a waiver can have.
        NotFound: no version that a group could mean has such a policy.
        PackregError: what `Decisions.read` and `with_tags` raise.
    """
    pack, name = policy_to_waive(policy)
    decisions = Decisions.read(workspace)
    forbidden, warnings = forbidden_policies(workspace, decisions.governance, pack, name)
    entity = with_tags(workspace, stack, decisions.governance, MODES, backend)
    expires = expires or workspace.settings.waivers_expire
    waivers = [
        new_waiver(
            workspace,
            pack=pack,
            policy=name,
            entity=entity.name,
            owner=owner,
            reason=reason,
            expires=expires,
            resource=resource,
        )
        for resource in dict.fromkeys(resources or ("",))
    ]
    for waiver in waivers:
        editing.waive(decisions.governance, waiver, forbidden)
    required = [decisions.required(entity, mode) for mode in MODES]
    groups = [
        each
        for found in required
        for each in found.memberships
        if pack in decisions.governance.groups[each.group].packs
    ]
    if not groups:
        message = f"no group of {entity} requires {pack}, so it denies nothing there"
        warnings.append(Problem("not-required", message, hint=command("packreg", "why", entity.name)))
    if said := unseen(workspace, entity):
        warnings.append(Problem("unseen", said))
    request = WaiverRequest(waivers, expires, groups, tuple(warnings))
    if not all(request.commands):
        raise UsageError("the command for it would be too long", hint="write a shorter reason")
    return request
