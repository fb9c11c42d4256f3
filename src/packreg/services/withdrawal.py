"""A release is withdrawn: yanked, which can be undone, or removed for good; and what groups lose by that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from packreg.errors import IntegrityError, NotFound, StoreRefused, UsageError
from packreg.groups.losses import losses
from packreg.pack.version import Version
from packreg.services.governance import read_governance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packreg.groups.losses import Loss
    from packreg.pack.reference import Reference
    from packreg.registry.maintenance import Changed
    from packreg.services.workspace import Workspace


class Withdrawal(NamedTuple):
    """The state that a release is in now, and what groups lose by it."""

    changed: Changed
    losses: tuple[Loss, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        changed = self.changed
        return {
            "name": changed.name,
            "version": str(changed.version),
            "state": changed.state,
            "already": changed.already,
            "reason": changed.notice.reason,
            "by": changed.notice.by,
            "at": changed.notice.at,
            "groups": [loss._asdict() for loss in self.losses],
        }


def yank(workspace: Workspace, reference: Reference, reason: str, *, yes: bool = False) -> Withdrawal:
    """Hide a version from `latest` and ranges; whoever names it still gets it.

    Raises:
        UsageError: no version or no reason is named; or a group would be left without any version of the
            pack, and it was not confirmed. Nothing was done.
        PackregError: what reading governance and `Registry.yank` raise.
    """
    version = _exact(reference)
    if not reason.strip():
        raise UsageError("a yank needs a reason", hint="say what is wrong: --reason 'blocks every bucket'")
    found = _losses(workspace, reference.name, version, yes=yes)
    empty = [loss for loss in found if loss.effect == "nothing-left"]
    if empty:
        workspace.confirmed(f"yanking {reference.name}@{version}, though {_words(empty)},", yes)
    return Withdrawal(workspace.registry().yank(reference.name, version, reason, workspace.by), found)


def restore(workspace: Workspace, reference: Reference, reason: str = "") -> Withdrawal:
    """Take a yank back. Raises: UsageError: no version is named; else what `Registry.restore` raises."""
    version = _exact(reference)
    return Withdrawal(workspace.registry().restore(reference.name, version, reason, workspace.by))


def remove(workspace: Workspace, reference: Reference, reason: str, *, yes: bool = False) -> Withdrawal:
    """Delete a release for good; its version stays used.

    Raises:
        UsageError: no version or no reason is named, or it was not confirmed. Nothing was done.
        PackregError: what reading governance and `Registry.remove` raise.
    """
    version = _exact(reference)
    if not reason.strip():
        raise UsageError("a removal needs a reason", hint="say why: --reason 'nobody uses it'")
    found = _losses(workspace, reference.name, version, yes=yes)
    meant = f", though {_words(found)}," if found else ""
    workspace.confirmed(f"deleting {reference.name}@{version} from {workspace.place} for good{meant}", yes)
    return Withdrawal(workspace.registry().remove(reference.name, version, reason, workspace.by), found)


def _exact(reference: Reference) -> Version:
    """The version of a reference that must name one, because what follows is for no range.

    Raises:
        UsageError: it names none.
    """
    if not isinstance(reference.wanted, Version):
        raise UsageError(f"{reference} does not name one version", hint=f"write {reference.name}@1.2.0")
    return reference.wanted


def _losses(workspace: Workspace, name: str, version: Version, *, yes: bool) -> tuple[Loss, ...]:
    """What groups lose without a version; with `yes` nothing if that is not known: it may be urgent."""
    try:
        return tuple(losses(read_governance(workspace), workspace.registry().versions(name), version))
    except (IntegrityError, NotFound, StoreRefused) as error:
        if not yes:
            raise
        workspace.notify.warn(f"which policy groups use it is not known: {error}", error.hint)
        return ()


def _words(found: Sequence[Loss]) -> str:
    shown = "; ".join(map(str, found[:10]))
    return shown + (f"; and {len(found) - 10} more groups" if len(found) > 10 else "")
