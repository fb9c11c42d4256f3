"""Waivers: violations that somebody answers for, until a day, are given, listed and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from packreg._version import __version__
from packreg.enforcement.waivers import SOON
from packreg.errors import NotFound, Problem, UsageError
from packreg.findings.past_guard import OWN_PACK, own_info
from packreg.groups import editing
from packreg.groups.document import waiver_json
from packreg.groups.editing import unwaive
from packreg.groups.model import PackEntry, Waiver
from packreg.groups.reach import waiver_reach
from packreg.groups.times import NEVER
from packreg.groups.waiving import expiry, state, unwaivable
from packreg.pack.version import pack_name
from packreg.services.enable import metadata_of
from packreg.services.governance import edit_governance, read_governance
from packreg.services.groups import GroupsEdit, change_for, known_entities
from packreg.text import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.groups.model import Governance
    from packreg.pack.metadata import PackInfo
    from packreg.services.workspace import Workspace


class ListedWaiver(NamedTuple):
    """A waiver, and whether it counts: `active`, `expiring` or `expired`."""

    waiver: Waiver
    state: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {"id": self.waiver.id, "state": self.state, "resource": "", **waiver_json(self.waiver)}


def add_waiver(
    workspace: Workspace,
    policy: str,
    *,
    entity: str = "",
    resource: str = "",
    expires: str,
    reason: str,
    owner: str,
    dry_run: bool = False,
    yes: bool = False,
) -> GroupsEdit:
    """Waive a policy, written `pack:policy`, for an entity or a resource; `owner` answers for it.

    Raises:
        UsageError: it is not one policy, for nobody, for too long, or for everyone and not confirmed.
        NotFound: no version that a group could mean has such a policy.
        PackregError: as `change_for`.
    """
    if not entity and not resource:
        raise UsageError("a waiver is for a stack, an account or a resource", hint="give one of them")
    pack, name = policy_to_waive(policy)
    waiver = new_waiver(
        workspace,
        pack=pack,
        policy=name,
        entity=entity or "*/*",
        owner=owner,
        reason=reason,
        expires=expires,
        resource=resource,
    )
    base = read_governance(workspace)
    forbidden, warnings = forbidden_policies(workspace, base, pack, name)
    return change_for(
        workspace,
        lambda governance: editing.waive(governance, waiver, forbidden),
        f"waive {pack}:{name} in {waiver.entity}",
        base,
        waiver_reach(waiver, known_entities(workspace)),
        warnings,
        dry_run=dry_run,
        yes=yes,
    )


def policy_to_waive(policy: str) -> tuple[str, str]:
    """The pack and the policy of `pack:policy`. Raises: UsageError: it is not one policy."""
    pack, colon, name = policy.partition(":")
    if not colon or not name:
        raise UsageError(f"{policy!r} is not PACK:POLICY", hint="write s3-rules:no-public")
    if any(sign in name for sign in "*?["):
        raise UsageError(
            f"{policy!r} has globs, but a waiver is for one policy",
            hint="write its name; --stack, --account and --resource may have globs",
        )
    return pack_name(pack), name


def new_waiver(workspace: Workspace, *, expires: str, **members: str) -> Waiver:
    """A waiver of the present time with a new id; `expires` as for `waiving.expiry`. Raises: UsageError."""
    created = workspace.now()
    id = f"w-{workspace.new_id()[:8]}"
    return Waiver(id=id, created=created, expires=expiry(expires, created), **members)


def list_waivers(workspace: Workspace) -> list[ListedWaiver]:
    """The waivers: the first to expire first, expired ones too."""
    present = workspace.now()
    waivers = sorted(read_governance(workspace).waivers.values(), key=lambda each: (each.expires, each.id))
    return [ListedWaiver(waiver, state(waiver, present, SOON)) for waiver in waivers]


def remove_waivers(workspace: Workspace, ids: Sequence[str]) -> GroupsEdit:
    """Take waivers back: what they waived denies again. Raises: NotFound: there is none of them."""

    def edit(governance: Governance) -> Governance:
        for id in dict.fromkeys(ids):
            governance = unwaive(governance, id)
        return governance

    return GroupsEdit(edit_governance(workspace, edit, f"take back {', '.join(ids)}"))


def check_waivers(workspace: Workspace, base: Governance, planned: Governance) -> list[Problem]:
    """Make sure that the waivers that are in `planned` alone are for policies that may be waived.

    Raises:
        UsageError: the pack forbids it.
        NotFound: no version that a group could mean has such a policy.
    """
    found: list[Problem] = []
    for id, waiver in sorted(planned.waivers.items()):
        if base.waivers.get(id) != waiver:
            forbidden, warnings = forbidden_policies(workspace, planned, waiver.pack, waiver.policy)
            editing.waive(planned, waiver, forbidden)  # raises where it is forbidden
            found += warnings
    return found


def _versions(workspace: Workspace, governance: Governance, pack: str) -> dict[str, PackInfo | None]:
    """What each version that a group could mean says of itself, by `name@version`; else the latest.

    What audits find themselves is found by no pack that is published.

    Raises:
        NotFound: there is no such pack.
    """
    if pack == OWN_PACK:
        return {pack: own_info(__version__)}
    entries = [group.packs[pack] for group in governance.groups.values() if pack in group.packs]
    return metadata_of(workspace, entries or [PackEntry(pack, "latest", NEVER)])


def forbidden_policies(
    workspace: Workspace, governance: Governance, pack: str, policy: str
) -> tuple[frozenset[str], list[Problem]]:
    """The pack's policies that forbid waivers in a version that a group could mean; what should be known.

    Raises:
        NotFound: there is no such pack, or no version has such a policy; where one has no metadata, that
            cannot be said.
    """
    versions = _versions(workspace, governance, pack)
    known = [info for info in versions.values() if info is not None]
    forbidden = frozenset[str]().union(*(unwaivable(info) for info in known))
    warnings = []
    names = {each.name for info in known for each in info.policies}
    if len(known) == len(versions) and policy not in names:
        close = nearest(policy, names)
        hint = f"did you mean {pack}:{close}?" if close else f"its policies: {', '.join(sorted(names)[:20])}"
        raise NotFound(f"{pack} has no policy {policy[:100]!r}", hint=hint)
    if len(known) < len(versions):
        message = f"a version of {pack} has no metadata, so its policies are not known"
        warnings.append(Problem("no-metadata", message))
    return forbidden, warnings
