"""Whether governance continues what this home has seen of it, and what the operator's file says of it.

The rules are in `packreg.install.known`. Where the registry is a replica, its governance may be behind for a
time that a setting says. Without a memory, on a runner that starts anew each time, the operator's file can
hold the registry's id and a lowest revision.
"""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, Any

from packreg.errors import InstallError, IntegrityError, NotFound, PackregError
from packreg.install.known import Known, KnownRegistry

if TYPE_CHECKING:
    from collections.abc import Callable

    from packreg.cli.session import Session
    from packreg.registry.settings import Settings
    from packreg.store.chain import Revision

#: The word that accepts whatever is made at a place.
NEW = "new"
#: Digits of a digest that tell which revision is meant.
SHORT = 16


def governance_head(session: Session) -> Revision:
    """The newest revision of governance, which continues what is known. Four requests, in three rounds.

    One more when the known revision is neither this one nor the one before.

    Raises:
        NotFound: there is no registry, or nobody wrote its first revision.
        IntegrityError: it is another registry, an older state or another history than was seen here before,
            or than the operator's file says.
        StoreError: the store failed.
    """
    memory = memory_of(session)
    known = _recalled(session, memory)  # first: what another run remembers meanwhile may be newer than `head`
    settings, head = _look(session)
    if settings is None:
        raise _no_registry(session, known)
    seen = Known(settings.id, *((head.number, head.digest) if head else (0, "")), time.time())
    _check_operators(session, seen)
    if known is not None and not _is_behind(session, settings, seen, known):
        _check_known(session, head, seen, known)
    if head is None:
        raise _no_governance(session, settings)
    if known is None or (known.registry, known.revision) != (seen.registry, seen.revision):
        _keep(session, memory, seen)
    return head


def accept(session: Session, digest: str) -> Known:
    """Believe the registry as it is now, if the digest of its newest revision begins so.

    Raises:
        NotFound: there is no registry, or no governance.
        IntegrityError: it is another state than the one that is accepted.
        InstallError: this home cannot remember it.
    """
    settings, head = _look(session)
    if settings is None:
        raise _no_registry(session, None)
    if head is None:
        raise _no_governance(session, settings)
    if len(digest) < SHORT or not head.digest.startswith(digest):
        raise IntegrityError(
            f"governance of {session.place} is at revision {head.number} with the digest {head.digest}, "
            f"which does not begin with {digest}",
            hint="look at it again: `packreg group history`",
        )
    seen = Known(settings.id, head.number, head.digest, time.time())
    _check_operators(session, seen)
    memory_of(session).keep(seen, accepted=True)
    return seen


def made_here(session: Session) -> None:
    """Remember a registry that this command made, whatever was known of another one."""
    settings, head = _look(session)
    memory = memory_of(session)
    if settings is None or head is None:
        memory.forget()
    else:
        _keep(session, memory, Known(settings.id, head.number, head.digest, time.time()), accepted=True)


def check_nothing_known(session: Session) -> None:
    """Make sure that a registry may be made where there is none.

    Raises:
        IntegrityError: this home knows one there.
    """
    known = _recalled(session, memory_of(session))
    if known is not None:
        raise IntegrityError(
            f"there is no registry at {session.place}, and this home knows one there, at revision "
            f"{known.revision} of its governance: a mount or a bucket may be gone",
            hint=f"to make a new one in its place: `{_command(session)} --accept {NEW}`",
        )


def memory_of(session: Session) -> KnownRegistry:
    """What this home knows of the session's registry."""
    return KnownRegistry(session.home, session.location.id, session.location.url)


def _look(session: Session) -> tuple[Settings | None, Revision | None]:
    registry = session.registry()
    asks: list[Callable[[], Any]] = [registry.settings, registry.governance.head]
    settings, head = session.at_once(len(asks), lambda ask: ask(), asks)
    return settings, head


def _recalled(session: Session, memory: KnownRegistry) -> Known | None:
    try:
        return memory.get()
    except InstallError as error:
        session.remark(f"what this home knows of the registry cannot be read: {error}")
        return None


def _keep(session: Session, memory: KnownRegistry, seen: Known, *, accepted: bool = False) -> None:
    try:
        memory.keep(seen, accepted=accepted)
    except InstallError as error:
        session.remark(f"this home does not remember what it has seen of the registry: {error}")


def _check_operators(session: Session, seen: Known) -> None:
    values, file = session.settings.values, session.settings.operators
    id, lowest = values.get("registry.registry_id"), values.get("registry.lowest_revision", 0)
    wrong = ""
    if id is not None and seen.registry != id:
        wrong = f"the id of {session.place} is {seen.registry}, and {file} says {id}"
    elif seen.revision < int(lowest):
        wrong = f"governance of {session.place} is at revision {seen.revision}, and {file} says {lowest}"
    if wrong:
        raise IntegrityError(wrong, hint="whoever keeps the registry knows which is right")


def _is_behind(session: Session, settings: Settings, seen: Known, known: Known) -> bool:
    """Whether this is a replica that is older than what it was, and may be for a while."""
    lag = session.settings.replica_lag_seconds
    return (
        settings.role == "replica"
        and seen.registry == known.registry
        and seen.revision < known.revision
        and abs(seen.seen - known.seen) <= lag
    )


def _check_known(session: Session, head: Revision | None, seen: Known, known: Known) -> None:
    if seen.registry != known.registry:
        wrong = f"{session.place} is another registry: its id is {seen.registry}, and was {known.registry}"
    elif seen.revision < known.revision:
        wrong = (
            f"governance of {session.place} is at revision {seen.revision}, and this home has seen revision "
            f"{known.revision}"
        )
    else:
        digest = _digest_at(session, known.revision, head)
        if digest == known.digest:
            return
        wrong = (
            f"revision {known.revision} of governance of {session.place} is another one than this home has "
            f"seen: its digest is {digest or 'none'}, and was {known.digest}"
        )
    if head is None:
        hint = "find out what happened; a keeper who knows it can write a first revision with `packreg init`"
    else:
        hint = f"if it is known why: `{_command(session)} --accept {head.digest[:SHORT]}`"
    raise IntegrityError(wrong, hint=hint)


def _digest_at(session: Session, number: int, head: Revision | None) -> str:
    """The digest of a revision as it is now; empty where there is none."""
    if head is None:
        return ""
    if number == head.number:
        return head.digest
    if number == head.number - 1:
        return head.previous
    try:
        return session.registry().governance.at(number).digest
    except NotFound:
        return ""


def _command(session: Session) -> str:
    option = session.registry_option
    return f"packreg init --registry {shlex.quote(option)}" if option else "packreg init"


def _no_registry(session: Session, known: Known | None) -> PackregError:
    if known is not None:
        hint = f"this home has seen one there, at revision {known.revision}: is a mount or a bucket gone?"
    else:
        hint = "name the registry of your organization in PACKREG_REGISTRY, or create it with `packreg init`"
    return NotFound(f"there is no registry at {session.place}", hint=hint)


def _no_governance(session: Session, settings: Settings) -> PackregError:
    return NotFound(
        f"{session.place} has no revision of governance, so nobody knows what must run",
        hint="wait until the replication has brought it"
        if settings.role == "replica"
        else "if nobody wrote one yet, a keeper of the registry does so with `packreg init`",
    )
