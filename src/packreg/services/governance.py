"""Reading and editing governance: its policy groups, waivers and settings, one document in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import IntegrityError
from packreg.groups.differences import Difference, differences
from packreg.groups.document import Document, decode, encode, nothing_written
from packreg.groups.merging import next_revision
from packreg.registry.clocks import Dated
from packreg.registry.formats import FEATURES
from packreg.services.continuity import governance_head, made_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from packreg.groups.model import Governance
    from packreg.services.workspace import Workspace
    from packreg.store.chain import Chain, Revision


class Edited(NamedTuple):
    """How an edit ended: the newest governance, the number of its revision, and what the edit changed.

    `written` tells whether it made a revision; where everything was so already, it made none.
    """

    governance: Governance
    revision: int
    changes: list[Difference]
    written: bool


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
    return read_revision(workspace.registry().governance, governance_head(workspace)).governance


def governance_to_edit(workspace: Workspace) -> Governance:
    """Governance as it is now, for an edit; the user's own registry is made if need be.

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


def read_revision(chain: Chain, revision: Revision | None) -> Document:
    """A revision of the chain, read; None is the state before the first. Raises: as `read_governance`."""
    if revision is None:
        return nothing_written()
    try:
        return decode(revision.value, revision.number, chain.key(revision.number))
    except IntegrityError as error:
        raise IntegrityError(str(error), hint=chain.way_on(revision.number)) from None


def dated(document: Document, revision: Revision | None) -> Dated | None:
    """The time of a revision of governance, with the store's if it was listed; None where there is none."""
    if document.change is None:
        return None
    stored = revision.modified if revision is not None else 0.0
    return Dated(f"revision {document.governance.revision} of governance", document.change.at, stored)


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
    know, they are named, and only `yes` or a yes on a terminal goes on.

    Raises:
        UsageError: older clients would stop, and nobody said yes.
        ChangedMeanwhile: they changed the same group, waiver or setting; both changes are shown.
        StoreRefused: this is a replica, or no registry, or the clock of this machine is wrong.
        OutcomeUnknown: the revision may be there; the same command again is safe.
        PackregError: what `edit` raises, and all that reading does.
    """
    from packreg.services.clock import new_id

    workspace.registry().home()
    before = read_governance(workspace) if base is None else base
    edited = edit(before)
    for feature in sorted(edited.needs - before.needs):
        workspace.confirmed(
            f"letting every packreg before {FEATURES[feature]} stop instead of deciding, as governance will "
            f"need {feature!r},",
            yes,
        )
    chain = workspace.registry().governance
    writing = _Writing(workspace, chain, before, edited, what)
    try:
        chain.append(writing.value, attempt_id=new_id())
    except _NothingToWriteError:
        return Edited(writing.newest.governance, writing.newest.governance.revision, [], written=False)
    after = writing.made.governance
    return Edited(after, after.revision, differences(writing.newest.governance, after), written=True)


def create_governance(workspace: Workspace) -> Governance:
    """Write the default groups down where nobody wrote any governance yet; gives what governs then.

    Three requests at most where it is written already.

    Raises:
        OutcomeUnknown: the revision may be there; the same command again is safe.
    """
    from packreg.groups.document import Change
    from packreg.services.clock import new_id, precisely_now

    chain = workspace.registry().governance
    change = Change(_author(workspace), precisely_now(), "create the default groups")

    def first(revision: Revision | None) -> bytes:
        if revision is not None:
            raise _NothingToWriteError
        workspace.registry().times.check_writer(change.at)
        return encode(nothing_written().governance, change)

    try:
        revision = chain.append(first, attempt_id=new_id())
    except _NothingToWriteError:
        return read_governance(workspace)
    return read_revision(chain, revision).governance


class _NothingToWriteError(Exception):
    """Everything is already as the edit would have it."""


class _Writing:
    """One edit on its way into the chain, which asks for its value again for every revision it meets."""

    def __init__(
        self, workspace: Workspace, chain: Chain, base: Governance, edited: Governance, what: str
    ) -> None:
        from packreg.text import one_line

        self._chain, self._base, self._edited = chain, base, edited
        self._by, self._what = _author(workspace), one_line(what)[:500]
        self._times = workspace.registry().times
        self.newest = self.made = nothing_written()

    def value(self, revision: Revision | None) -> bytes:
        from packreg.services.clock import precisely_now

        self.newest = read_revision(self._chain, revision)
        made = next_revision(
            self.newest, self._base, self._edited, now=precisely_now(), by=self._by, what=self._what
        )
        if made is None or made.change is None:
            raise _NothingToWriteError
        self._times.check_writer(precisely_now(), dated(self.newest, revision))
        self.made = made
        return encode(made.governance, made.change)


def _author(workspace: Workspace) -> str:
    from packreg.text import one_line

    return one_line(workspace.by)[:200]
