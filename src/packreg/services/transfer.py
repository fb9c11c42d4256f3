"""Move a registry to another store: copy all of it, prove that nothing differs, then let it be a registry.

`registry.json` is created last, when both sides are the same: until then the target is no registry, and
nobody publishes there. It has the id of the source, so the operator's `registry_id` and `lowest_revision`
hold for it too, and what the probe found out about the target's store. The chain `transfers/` of the target
gets one more revision, since its store's times are those of the copy. The source is only read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from packreg.errors import ChangedMeanwhile, NotFound, StoreRefused, StoreUnsafe, UsageError
from packreg.registry import layout
from packreg.registry.clocks import StoreTimes
from packreg.registry.copying import Comparison, Copying, compare, other_bytes
from packreg.registry.objects import Forgetful, Objects
from packreg.registry.settings import RegistrySettings
from packreg.store.chain import Chain
from packreg.store.location import DirectoryLocation
from packreg.store.probe import plant_canary, probe

if TYPE_CHECKING:
    from packreg.services.workspace import Workspace
    from packreg.store.location import StoreLocation
    from packreg.store.store import Store

#: The options of a URL that say on which server a bucket is.
_SERVER = frozenset({"endpoint_url", "storage_account", "domain"})


@dataclass
class Transferring:
    """What a transfer did.

    `source` and `target` are URLs. Of `objects` with `size` bytes at the source, `copied` with `copied_size`
    were copied by this run (with `dry_run`: would be). `proof` is None for a dry run; `revision` and `digest`
    are those of the newest governance. `problem` says why the target is not a registry yet, "" if it is.
    """

    source: str
    target: str
    id: str
    dry_run: bool
    objects: int = 0
    size: int = 0
    copied: int = 0
    copied_size: int = 0
    revision: int = 0
    digest: str = ""
    proof: Comparison | None = None
    problem: ChangedMeanwhile | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def transfer(workspace: Workspace, source: str, target: str, *, dry_run: bool = False) -> Transferring:
    """Copy the registry at the URL `source` to `target`, and prove it. With `dry_run` nothing is written.

    Raises:
        UsageError: a URL cannot be read, or one place lies in the other.
        NotFound: there is no registry at the source.
        StoreRefused: the source is a replica, or the target has something that the source has not.
        StoreUnsafe: the target's store cannot hold a registry.
        IntegrityError: an object cannot be what packreg wrote.
        OutcomeUnknown, StoreError: a store failed; the same call again goes on.
    """
    here, there = workspace.location_at(source), workspace.location_at(target)
    _check_apart(here, there)
    old, new = workspace.store_at(here), workspace.store_at(there)
    settings = _checked_source(old)
    kept = Objects(new, Forgetful()).settings(fresh=True)
    if kept is not None and (kept.id != settings.id or kept.role != "home"):
        raise StoreRefused(
            f"there is another registry at {there.shown}: a {kept.role} with the id {kept.id}",
            hint="choose an empty place",
        )
    with workspace.notify.working(None, "comparing") as work:
        before = compare(old, new, work.done)
    _check_target(new, before)
    head = Chain(old, layout.GOVERNANCE).head()
    made = Transferring(
        here.shown,
        there.shown,
        settings.id,
        dry_run,
        objects=before.objects + before.missing.number,
        size=before.size + before.missing_size,
        copied=before.missing.number,
        copied_size=before.missing_size,
        revision=head.number if head is not None else 0,
        digest=head.digest if head is not None else "",
    )
    if dry_run:
        return made
    made.facts = dict(kept.facts) if kept is not None else _probed(new)
    _copy(workspace, old, new, made)
    with workspace.notify.working(made.objects, "proving") as work:
        made.proof = compare(old, new, work.done)
    if made.proof.different.number:
        raise other_bytes(new, made.proof.different.keys, made.proof.different.number)
    if made.proof.missing.number or made.proof.extra.number:
        made.problem = _changed(made)
        return made
    _finish(workspace, old, new, made, settings, fresh=kept is None)
    return made


def transfer_json(made: Transferring) -> dict[str, Any]:
    """For `transfer --json`."""
    proof = made.proof
    return {
        "source": made.source,
        "target": made.target,
        "id": made.id,
        "dry_run": made.dry_run,
        "objects": made.objects,
        "size": made.size,
        "copied": made.copied,
        "copied_size": made.copied_size,
        "governance": {"revision": made.revision, "digest": made.digest},
        "proof": None
        if proof is None
        else {"objects": proof.objects, "size": proof.size, "digest": proof.digest},
        "arrived": {"number": proof.missing.number, "keys": proof.missing.keys}
        if proof is not None
        else None,
        "gone": {"number": proof.extra.number, "keys": proof.extra.keys} if proof is not None else None,
        "done": proof is not None and made.problem is None,
    }


def _check_apart(here: StoreLocation, there: StoreLocation) -> None:
    """Refuse a source and a target of which one lies in the other: the copy would copy itself."""
    (one, server), (other, theirs) = map(_place, (here, there))
    if server == theirs and (one.startswith(other) or other.startswith(one)):
        raise UsageError(
            f"{here.shown} and {there.shown} lie in one another", hint="choose a place beside the registry"
        )


def _place(location: StoreLocation) -> tuple[str, dict[str, list[str]]]:
    """The URL of a bucket and prefix, or a path without links, and which server it is on."""
    if isinstance(location, DirectoryLocation):
        return f"{Path(location.path).resolve()}/", {}
    place, _, options = location.url.partition("?")
    server = {name: values for name, values in parse_qs(options).items() if name in _SERVER}
    return f"{place}/", server


def _checked_source(store: Store) -> RegistrySettings:
    settings = Objects(store, Forgetful()).settings(fresh=True)
    if settings is None:
        raise NotFound(
            f"there is no registry at {store.describe()}", hint="name the registry that is to move"
        )
    if settings.role != "home":
        raise StoreRefused(
            f"{store.describe()} is a {settings.role}, which has an id of its own and may be behind",
            hint="name the home registry, or promote the replica first",
        )
    return settings


def _check_target(store: Store, before: Comparison) -> None:
    """Refuse a target with something that is not the source's, before anything is written."""
    if before.different.number:
        raise other_bytes(store, before.different.keys, before.different.number)
    if before.extra.number:
        first = before.extra.keys[0]
        more = f", and {before.extra.number - 1} more" if before.extra.number > 1 else ""
        raise StoreRefused(
            f"{store.describe()} has {first}{more}, which the source has not; nothing was copied",
            hint="choose an empty place. If the source deleted it since an earlier run of this command: "
            + store.deletion(first),
        )


def _probed(store: Store) -> dict[str, Any]:
    plant_canary(store)
    verdict = probe(store.bucket)
    if not verdict.ok:
        raise StoreUnsafe(
            f"{store.describe()} cannot hold a registry: {verdict.reason}",
            hint="use another store or bucket: a registry rests on creating an object exactly once",
        )
    return dict(verdict.facts)


def _copy(workspace: Workspace, old: Store, new: Store, made: Transferring) -> None:
    copying = Copying(old, new)
    try:
        made.objects, made.size = copying.objects, copying.size
        with workspace.notify.working(copying.objects, "copying") as work:
            copying.copy(work.done)
        made.copied, made.copied_size = copying.copied, copying.copied_size
    finally:
        copying.close()


def _changed(made: Transferring) -> ChangedMeanwhile:
    proof = made.proof
    assert proof is not None
    found = []
    if proof.missing.number:
        found.append(f"{proof.missing.number} objects arrived, the first is {proof.missing.keys[0]}")
    if proof.extra.number:
        found.append(f"{proof.extra.number} are gone, the first is {proof.extra.keys[0]}")
    return ChangedMeanwhile(
        f"{made.source} changed while it was copied: {'; '.join(found)}. {made.target} is no registry yet",
        hint="take the rights to write from everybody at the source, then run the same command again",
    )


def _finish(
    workspace: Workspace,
    old: Store,
    new: Store,
    made: Transferring,
    settings: RegistrySettings,
    *,
    fresh: bool,
) -> None:
    """Record the copy, and make the target a registry."""
    before, after = (Chain(store, layout.TRANSFERS).head(linked=False) for store in (old, new))
    recorded = after is not None and after.number > (before.number if before is not None else 0)
    if made.copied or not recorded:
        StoreTimes(new).transferred(
            by=workspace.by,
            reason=f"transferred from {made.source}",
            now=workspace.precisely_now,
            attempt_id=workspace.new_id(),
        )
    if fresh:
        kept = RegistrySettings(settings.id, settings.role, settings.created, made.facts)
        if new.create(layout.SETTINGS, kept.encode()) is not None:
            raise StoreRefused(
                f"somebody else made a registry at {made.target} meanwhile", hint="run the same command again"
            )
