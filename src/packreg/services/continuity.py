"""Whether governance continues what this home has seen of it, and what the operator's file says of it.

The rules are in `packreg.install.known`. Where the registry is a replica, its governance may be behind for a
time that a setting says. Without a memory, on a runner that starts anew each time, the operator's file can
hold the registry's id and a lowest revision.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from packreg.errors import InstallError, IntegrityError, NotFound, PackregError
from packreg.install.known import Known, KnownRegistry
from packreg.registry.clocks import seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from packreg.registry.settings import RegistrySettings
    from packreg.services.workspace import Workspace
    from packreg.store.chain import Revision

#: The word that accepts whatever is made at a place.
NEW = "new"
#: Digits of a digest that tell which revision is meant.
SHORT = 16


def governance_head(workspace: Workspace) -> Revision:
    """The newest revision of governance, which continues what is known. Four requests, in three rounds.

    One more when the known revision is neither this one nor the one before.

    Raises:
        NotFound: there is no registry, or nobody wrote its first revision.
        IntegrityError: it is another registry, an older state or another history than was seen here before,
            or than the operator's file says.
        StoreError: the store failed.
    """
    memory = memory_of(workspace)
    known = _recalled(
        workspace, memory
    )  # first: what another run remembers meanwhile may be newer than `head`
    settings, head = _look(workspace)
    if settings is None:
        raise _no_registry(workspace, known)
    seen = Known(settings.id, *((head.number, head.digest) if head else (0, "")), seconds(workspace.now()))
    _check_operators(workspace, seen)
    if known is not None and not _is_behind(workspace, settings, seen, known):
        _check_known(workspace, head, seen, known)
    if head is None:
        raise _no_governance(workspace, settings)
    if known is None or (known.registry, known.revision) != (seen.registry, seen.revision):
        _keep(workspace, memory, seen)
    workspace.notify.detail(
        f"governance is at revision {head.number}, digest {head.digest[:SHORT]}",
        event="governance",
        revision=head.number,
        digest=head.digest,
    )
    return head


def accept(workspace: Workspace, digest: str) -> Known:
    """Believe the registry as it is now, if the digest of its newest revision begins so.

    Raises:
        NotFound: there is no registry, or no governance.
        IntegrityError: it is another state than the one that is accepted.
        InstallError: this home cannot remember it.
    """
    settings, head = _look(workspace)
    if settings is None:
        raise _no_registry(workspace, None)
    if head is None:
        raise _no_governance(workspace, settings)
    if len(digest) < SHORT or not head.digest.startswith(digest):
        raise IntegrityError(
            f"governance of {workspace.place} is at revision {head.number} with the digest {head.digest}, "
            f"which does not begin with {digest}",
            hint="look at it again: `packreg group history`",
        )
    seen = Known(settings.id, head.number, head.digest, seconds(workspace.now()))
    _check_operators(workspace, seen)
    memory_of(workspace).keep(seen, accepted=True)
    return seen


def made_here(workspace: Workspace) -> None:
    """Remember a registry that this command made, whatever was known of another one."""
    settings, head = _look(workspace)
    memory = memory_of(workspace)
    if settings is None or head is None:
        memory.forget()
    else:
        _keep(
            workspace,
            memory,
            Known(settings.id, head.number, head.digest, seconds(workspace.now())),
            accepted=True,
        )


def check_nothing_known(workspace: Workspace) -> None:
    """Make sure that a registry may be made where there is none.

    Raises:
        IntegrityError: this home knows one there.
    """
    known = _recalled(workspace, memory_of(workspace))
    if known is not None:
        raise IntegrityError(
            f"there is no registry at {workspace.place}, but this machine remembers one, at revision "
            f"{known.revision} of its governance: a mount or a bucket may be gone",
            hint=f"to create a new one in its place: `{_command(workspace)} --accept {NEW}`",
        )


def memory_of(workspace: Workspace) -> KnownRegistry:
    """What this home knows of the workspace's registry."""
    return KnownRegistry(workspace.home, workspace.location.id, workspace.location.url)


def _look(workspace: Workspace) -> tuple[RegistrySettings | None, Revision | None]:
    registry = workspace.registry()
    asks: list[Callable[[], Any]] = [registry.settings, registry.governance.head]
    settings, head = workspace.at_once(lambda ask: ask(), asks)
    return settings, head


def _recalled(workspace: Workspace, memory: KnownRegistry) -> Known | None:
    try:
        return memory.get()
    except InstallError as error:
        workspace.notify.warn(f"what this machine remembers of the registry cannot be read: {error}")
        return None


def _keep(workspace: Workspace, memory: KnownRegistry, seen: Known, *, accepted: bool = False) -> None:
    try:
        memory.keep(seen, accepted=accepted)
    except InstallError as error:
        workspace.notify.warn(f"this machine cannot remember what it saw of the registry: {error}")


def _check_operators(workspace: Workspace, seen: Known) -> None:
    values, file = workspace.settings.values, workspace.settings.operators
    id, lowest = values.get("registry.registry_id"), values.get("registry.lowest_revision", 0)
    wrong = ""
    if id is not None and seen.registry != id:
        wrong = f"the id of {workspace.place} is {seen.registry}, and {file} says {id}"
    elif seen.revision < int(lowest):
        wrong = f"governance of {workspace.place} is at revision {seen.revision}, and {file} says {lowest}"
    if wrong:
        raise IntegrityError(wrong, hint="ask a keeper of the registry which is right")


def _is_behind(workspace: Workspace, settings: RegistrySettings, seen: Known, known: Known) -> bool:
    """Whether this is a replica that is older than what it was, and may be for a while."""
    lag = workspace.settings.replica_lag_seconds
    return (
        settings.role == "replica"
        and seen.registry == known.registry
        and seen.revision < known.revision
        and abs(seen.seen - known.seen) <= lag
    )


def _check_known(workspace: Workspace, head: Revision | None, seen: Known, known: Known) -> None:
    if seen.registry != known.registry:
        wrong = f"{workspace.place} is another registry: its id is {seen.registry}, and was {known.registry}"
    elif seen.revision < known.revision:
        wrong = (
            f"governance of {workspace.place} is at revision {seen.revision}, but this machine has seen "
            f"revision {known.revision}"
        )
    else:
        digest = _digest_at(workspace, known.revision, head)
        if digest == known.digest:
            return
        wrong = (
            f"revision {known.revision} of governance of {workspace.place} is not the one that this machine "
            f"has seen: its digest is {digest or 'none'}, and was {known.digest}"
        )
    if head is None:
        hint = "find out what happened; a keeper who knows it can write a first revision with `packreg init`"
    else:
        hint = f"if you know why, accept it: `{_command(workspace)} --accept {head.digest[:SHORT]}`"
    raise IntegrityError(wrong, hint=hint)


def _digest_at(workspace: Workspace, number: int, head: Revision | None) -> str:
    """The digest of a revision as it is now; empty where there is none."""
    if head is None:
        return ""
    if number == head.number:
        return head.digest
    if number == head.number - 1:
        return head.previous
    try:
        return workspace.registry().governance.at(number).digest
    except NotFound:
        return ""


def _command(workspace: Workspace) -> str:
    option = workspace.registry_option
    return f"packreg init --registry {shlex.quote(option)}" if option else "packreg init"


def _no_registry(workspace: Workspace, known: Known | None) -> PackregError:
    if known is not None:
        hint = f"this machine has seen one there, at revision {known.revision}: is a mount or a bucket gone?"
    else:
        hint = "name the registry of your organization in PACKREG_REGISTRY, or create it with `packreg init`"
    return NotFound(f"there is no registry at {workspace.place}", hint=hint)


def _no_governance(workspace: Workspace, settings: RegistrySettings) -> PackregError:
    return NotFound(
        f"{workspace.place} has no revision of governance, so it is not known what must run",
        hint="wait until replication has brought it"
        if settings.role == "replica"
        else "if there was none yet, a keeper of the registry writes it with `packreg init`",
    )
