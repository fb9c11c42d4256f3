"""Reading and editing governance: its policy groups, waivers and settings, one document in the registry."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.groups.differences import Difference, differences
from packreg.groups.stored import Edited, StoredGovernance
from packreg.registry.formats import FEATURES
from packreg.services.continuity import governance_head, made_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packreg.groups.document import Change
    from packreg.groups.model import Governance
    from packreg.services.workspace import Workspace


def stored_governance(workspace: Workspace) -> StoredGovernance:
    """The governance of the workspace's registry; nothing is read yet."""
    return StoredGovernance(workspace.registry(), now=workspace.precisely_now, new_id=workspace.new_id)


def read_governance(workspace: Workspace) -> Governance:
    """Governance as it is now, one consistent state, and the one that continues what is known.

    Four requests, three where it is the first revision; see `continuity.governance_head`.

    Where no revision is, nothing is known, least of all that nothing is required: a listing may be empty
    because of a fault, a mount may be gone.

    Raises:
        NotFound: there is no registry, or nobody wrote its first revision.
        IntegrityError, StoreRefused: it cannot be trusted, does not continue what this home has seen, or was
            written by a newer packreg.
        StoreError: the store failed.
    """
    found = stored_governance(workspace).read(governance_head(workspace)).governance
    workspace.seen.governance(found)
    return found


def governance_to_edit(workspace: Workspace) -> Governance:
    """Governance as it is now, for an edit; the user's own registry is made if needed.

    Raises:
        StoreRefused: this is a replica, or no registry.
        PackregError: as `read_governance`.
    """
    found_default(workspace)
    workspace.registry().home()
    return read_governance(workspace)


def found_default(workspace: Workspace) -> None:
    """Make the user's own registry, whole, where nobody named another one and it is not there yet.

    A place that somebody named is never made a registry but by `init`: it may be a mount that is gone.
    """
    if workspace.settings.registry_is_default and workspace.registry().settings() is None:
        workspace.registry().init()
        create_governance(workspace)
        made_here(workspace)


def edit_governance(
    workspace: Workspace,
    edit: Callable[[Governance], Governance],
    what: str,
    base: Governance | None = None,
    *,
    yes: bool = False,
) -> Edited:
    """Edit governance; `what` says so in a few words, in its history.

    The edit is made once, on `base` (default: governance as it is now). What others changed since in other
    groups, waivers and settings stays. Where it is the first to need a feature that older clients do not
    know, those clients are named, and the edit has to be confirmed, by `yes` or on a terminal.

    Raises:
        UsageError: older clients would stop, and it was not confirmed.
        ChangedMeanwhile: they changed the same group, waiver or setting; both changes are shown.
        StoreRefused: this is a replica, or no registry, or the clock of this machine is wrong.
        OutcomeUnknown: the revision may be there; the same command again is safe.
        PackregError: what `edit` raises, and all that reading does.
    """
    workspace.registry().home()
    before = read_governance(workspace) if base is None else base
    edited = edit(before)
    for feature in sorted(edited.needs - before.needs):
        workspace.confirmed(
            f"letting every packreg before {FEATURES[feature]} stop instead of deciding, as governance will "
            f"need {feature!r},",
            yes,
        )
    made = stored_governance(workspace).edit(before, edited, what, workspace.by)
    workspace.seen.governance(made.governance)
    return made


def create_governance(workspace: Workspace) -> Governance:
    """Write the default groups down where nobody wrote any governance yet; gives what governs then.

    Three requests at most where it is written already.

    Raises:
        OutcomeUnknown: the revision may be there; the same command again is safe.
    """
    made = stored_governance(workspace).create(workspace.by)
    return read_governance(workspace) if made is None else made.governance


class PastChange(NamedTuple):
    """A revision of governance: who made it, and what it changed."""

    revision: int
    change: Change
    changes: list[Difference]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "revision": self.revision,
            "by": self.change.by,
            "at": self.change.at,
            "what": self.change.what,
            "changes": [each._asdict() for each in self.changes],
        }


def past_changes(workspace: Workspace, group: str | None = None) -> Iterator[PastChange]:
    """The changes of governance, the newest first, or those of one group.

    Each revision is one request, and is proved to be the one that the next was made from.
    """
    governance = stored_governance(workspace)
    for document, before in pairwise(chain(governance.history(), [governance.at(0)])):
        changes = differences(before.governance, document.governance)
        if group is not None:
            changes = [change for change in changes if change.thing == f"group {group}"]
        if document.change is not None and (group is None or changes):
            yield PastChange(document.governance.revision, document.change, changes)
