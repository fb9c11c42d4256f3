"""Governance as the registry keeps it: one document in a chain of numbered revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import IntegrityError
from packreg.groups.differences import Difference, differences
from packreg.groups.document import Change, Document, decode, encode, nothing_written
from packreg.groups.merging import next_revision
from packreg.text import one_line

if TYPE_CHECKING:
    from packreg.groups.model import Governance
    from packreg.registry.registry import Registry
    from packreg.store.chain import Revision


class Edited(NamedTuple):
    """How an edit ended: the newest governance, the number of its revision, and what the edit changed.

    `written` tells whether it made a revision; where everything is already set, it made none.
    """

    governance: Governance
    revision: int
    changes: list[Difference]
    written: bool


class StoredGovernance:
    """The governance of a registry; nothing is read yet.

    `now` gives the present time as RFC 3339 in UTC with microseconds, `new_id` a new random id. Every method
    raises `StoreError` when the store fails, `IntegrityError` when what it holds is not what packreg writes,
    and `StoreRefused` where that needs a newer packreg.
    """

    def __init__(self, registry: Registry, *, now: Callable[[], str], new_id: Callable[[], str]) -> None:
        self._registry, self._chain = registry, registry.governance
        self._now, self._new_id = now, new_id

    def read(self, revision: Revision | None) -> Document:
        """The document of a revision that was read from the chain; None is the state before the first."""
        if revision is None:
            return nothing_written()
        try:
            found = decode(revision.value, revision.number, self._chain.key(revision.number))
        except IntegrityError as error:
            raise IntegrityError(str(error), hint=self._chain.way_on(revision.number)) from None
        return replace(found, stored=revision.modified)

    def newest(self) -> Document:
        """The newest revision, whatever is known of it: three requests, two if it is the first."""
        return self.read(self._chain.head())

    def at(self, number: int) -> Document:
        """A revision by its number, 0 the state before the first: one request. Raises: NotFound."""
        return self.read(self._chain.at(number) if number else None)

    def history(self) -> Iterator[Document]:
        """Every revision, the newest first, each proved to be the one that the next was made from."""
        return map(self.read, self._chain.history())

    def create(self, by: str) -> Document | None:
        """Write the default groups down; None where somebody wrote some governance already.

        Raises:
            StoreRefused: the clock of this machine is wrong.
            OutcomeUnknown: the revision may be there; the same call again is safe.
        """
        change = Change(_by(by), self._now(), "create the default groups")

        def first(revision: Revision | None) -> bytes:
            if revision is not None:
                raise _NothingToWriteError
            self._registry.times.check_writer(change.at)
            return encode(nothing_written().governance, change)

        try:
            return self.read(self._chain.append(first, attempt_id=self._new_id()))
        except _NothingToWriteError:
            return None

    def edit(self, base: Governance, edited: Governance, what: str, by: str) -> Edited:
        """Add a revision with what was changed from `base` to `edited`; `what` says so in a few words.

        What others changed since in other groups, waivers and settings stays.

        Raises:
            ChangedMeanwhile: they changed the same group, waiver or setting; both changes are shown.
            StoreRefused: this is a replica, or no registry, or the clock of this machine is wrong.
            OutcomeUnknown: the revision may be there; the same call again is safe.
        """
        self._registry.home()
        by, what = _by(by), one_line(what)[:500]
        newest = made = nothing_written()

        def value(revision: Revision | None) -> bytes:
            nonlocal newest, made
            newest = self.read(revision)
            following = next_revision(newest, base, edited, now=self._now(), by=by, what=what)
            if following is None or following.change is None:
                raise _NothingToWriteError
            self._registry.times.check_writer(self._now(), newest.dated)
            made = following
            return encode(made.governance, following.change)

        try:
            self._chain.append(value, attempt_id=self._new_id())
        except _NothingToWriteError:
            return Edited(newest.governance, newest.governance.revision, [], written=False)
        after = made.governance
        return Edited(after, after.revision, differences(newest.governance, after), written=True)


class _NothingToWriteError(Exception):
    """Everything is already as the edit would have it."""


def _by(name: str) -> str:
    return one_line(name)[:200]
