"""Reading and editing governance: its policy groups, waivers and settings, one document in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packreg.groups.document import Document, decode, nothing_written

if TYPE_CHECKING:
    from packreg.cli.session import Session
    from packreg.groups.model import Governance
    from packreg.store.chain import Chain, Revision


def read_governance(session: Session) -> Governance:
    """Governance as it is now, one consistent state: two requests, one where nobody wrote any.

    Raises:
        IntegrityError, StoreRefused: it cannot be trusted, or was written by a newer packreg.
        StoreError: the store failed.
    """
    chain = session.registry().governance
    return read_revision(chain, chain.head()).governance


def read_revision(chain: Chain, revision: Revision | None) -> Document:
    """A revision of the chain, read; None is the state before the first. Raises: as `read_governance`."""
    if revision is None:
        return nothing_written()
    return decode(revision.value, revision.number, chain.key(revision.number))
