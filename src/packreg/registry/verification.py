"""Verify a registry's objects, and find and delete garbage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from packreg.errors import IntegrityError, NotFound, StoreRefused
from packreg.pack.files import Limits
from packreg.pack.reference import Reference
from packreg.pack.version import Version, VersionRange
from packreg.registry import layout
from packreg.registry.artifacts import Artifacts
from packreg.registry.digests import find
from packreg.registry.environment_reference import is_name
from packreg.registry.holders import read_holder
from packreg.registry.listing import PackListing, UsedVersion
from packreg.registry.names import pack_names
from packreg.registry.notices import Notice
from packreg.registry.objects import Objects
from packreg.registry.proof import prove_files
from packreg.registry.record import Record
from packreg.store.bucket import RESERVED, Entry
from packreg.store.chain import Chain
from packreg.store.probe import PROBES
from packreg.store.store import Store

DAY = 86400.0
#: Seconds that a bundle without a record is kept: its publisher may still be at work.
UNDECIDED = 30 * DAY


class Finding(NamedTuple):
    """The result of `verify` for one release or object.

    `level` is `ok`, `note` (untidy, but nothing is lost) or `error` (missing or damaged). `subject` is
    `name@version` or a key, `code` a stable word in kebab case, "" for `ok`.
    """

    subject: str
    level: Literal["ok", "note", "error"]
    code: str = ""
    message: str = ""


class Garbage(NamedTuple):
    """An object that can be deleted: its key, its size in bytes, its age in seconds, and why."""

    key: str
    size: int
    age: float
    reason: str


#: The prefixes that `verify_registry` and `needed_artifacts` check. Entries of runs and reports are checked
#: by code that can read reports.
WALKED = frozenset(layout.PREFIXES) - {layout.RUNS, layout.REPORTS}


def verify_registry(objects: Objects, limits: Limits) -> Iterator[Finding]:
    """Everything in the registry that is in `WALKED`, pack by pack. See `Registry.verify`."""
    yield from _verify_top(objects)
    artifacts = Artifacts(objects.store)
    names = {*pack_names(objects.store), *pack_names(objects.store, layout.BUNDLES)}
    for top in (layout.PACKS, layout.BUNDLES):
        for prefix in objects.store.prefixes(top):
            if layout.read_name(prefix, top) is None:
                yield Finding(prefix, "error", "unknown-key", "this is not the name of a pack")
    for name in sorted(names):
        yield from verify_pack(objects, name, limits, artifacts=artifacts)
    known = dict(chains(objects.store))
    for prefix in known:
        yield from _verify_chain(objects, prefix)
    for entry in objects.store.list_all(layout.ENVIRONMENTS):
        if f"{entry.key.rpartition('/')[0]}/" not in known:
            yield Finding(entry.key, "error", "unknown-key", "packreg writes no such key")
    yield from _verify_stacks(objects)


def chains(store: Store) -> Iterator[tuple[str, str]]:
    """The chains of objects that people edit: each one's prefix, and its name in messages."""
    yield layout.GOVERNANCE, "governance"
    yield layout.TRANSFERS, "the transfers"
    for prefix in store.prefixes(layout.ENVIRONMENTS):
        name = prefix.removeprefix(layout.ENVIRONMENTS).removesuffix("/")
        if is_name(name):
            yield layout.environment_prefix(name), f"the environment {name}"
            yield layout.environment_tags_prefix(name), f"the tags of {name}"


def _verify_top(objects: Objects) -> Iterator[Finding]:
    """Check the registry's settings, and report objects at the top that packreg did not write."""
    try:
        objects.settings(fresh=True)
    except (IntegrityError, StoreRefused) as error:
        yield Finding(layout.SETTINGS, "error", "bad-settings", str(error))
    for prefix in objects.store.prefixes(""):
        if prefix not in layout.PREFIXES and not prefix.startswith(RESERVED):
            yield Finding(prefix, "note", "unknown-key", "this version of packreg does not know such objects")


def _verify_stacks(objects: Objects) -> Iterator[Finding]:
    for entry in objects.store.list_all(layout.STACKS):
        key = layout.read_stack_key(entry.key)
        if key is None:
            yield Finding(entry.key, "error", "unknown-key", "packreg writes no such key")
            continue
        try:
            stack = read_holder(objects.store, entry.key).stack
        except (IntegrityError, StoreRefused) as error:
            yield Finding(entry.key, "error", "bad-stack", str(error))
            continue
        if layout.entity_segment("stack", stack) != key.segment:
            yield Finding(entry.key, "error", "bad-stack", f"it is about another stack, {stack[:200]!r}")


def _verify_chain(objects: Objects, prefix: str) -> Iterator[Finding]:
    """Check that every revision of a chain exists and has the digest that the next one names."""
    subject = prefix.removesuffix("/")
    chain = Chain(objects.store, prefix)
    for key in chain.strangers():
        yield Finding(key, "error", "unknown-key", "no revision has such a key; it is ignored")
    try:
        revisions = sum(1 for _ in chain.history())
    except IntegrityError as error:
        yield Finding(
            subject, "error", "bad-revision", f"{error}; {error.hint}" if error.hint else str(error)
        )
    else:
        if revisions:
            yield Finding(subject, "ok")


def verify_meant(
    objects: Objects, reference: Reference, listing: Callable[[str], PackListing], limits: Limits
) -> Iterator[Finding]:
    """Verify the releases that a reference means, for a bare name all; `listing` returns a pack's listing.

    Raises:
        NotFound: there is no such release.
    """
    name, wanted = reference.name, reference.wanted
    accepts: Callable[[Version], bool] | None = None
    if isinstance(wanted, VersionRange):
        accepts = wanted.__contains__
    elif isinstance(wanted, str):
        accepts = find(objects, listing(name), wanted).version.__eq__
    elif isinstance(wanted, Version):
        accepts = wanted.__eq__
    found = False
    for finding in verify_pack(objects, name, limits, accepts):
        found = True
        yield finding
    if not found:
        listing(name).choose(wanted if isinstance(wanted, Version | VersionRange) else None)


def verify_pack(
    objects: Objects,
    name: str,
    limits: Limits,
    wanted: Callable[[Version], bool] | None = None,
    *,
    artifacts: Artifacts | None = None,
) -> Iterator[Finding]:
    """Verify the releases of a pack that `wanted` accepts; without it all releases and all other objects.

    `artifacts` remembers which artifacts were verified, as several packs share them.
    """
    artifacts = artifacts or Artifacts(objects.store)
    bundles = list(objects.store.list_all(layout.bundles_prefix(name)))
    keys = [entry.key for entry in objects.store.list_all(layout.pack_prefix(name))]
    listing = PackListing.from_keys(name, keys)
    named = set()
    for release in listing.releases:
        if wanted is None or wanted(release.version):
            finding, record = verify_release(objects, name, release, bundles, artifacts, limits)
            named.add(record.bundle_key if record is not None else "")
            yield finding
            yield from _verify_notices(objects, name, release, set(keys))
    if wanted is None:
        for key in listing.unknown:
            yield Finding(key, "error", "unknown-key", "packreg writes no such key")
        for key in keys:
            meaning = layout.read_pack_key(name, key)
            if meaning is not None and meaning.version not in listing.by_version:
                yield Finding(key, "error", "no-record", "it is about a version that has no record")
        yield from _verify_bundles(name, listing, bundles, named)


def verify_release(
    objects: Objects,
    name: str,
    release: UsedVersion,
    bundles: list[Entry],
    artifacts: Artifacts,
    limits: Limits,
) -> tuple[Finding, Record | None]:
    """Read a release's record, bundle, seals and artifacts again, and check them."""
    version = release.version
    subject = f"{name}@{version}"
    try:
        record = objects.record(name, version)
    except (IntegrityError, StoreRefused) as error:
        return Finding(subject, "error", "bad-record", str(error)), None
    if record is None:
        return Finding(subject, "error", "no-record", "it has a tombstone, but no record"), None
    if release.state == "removed":
        if any(entry.key == record.bundle_key for entry in bundles):
            return Finding(subject, "note", "removal-unfinished", "its bundle is still there"), record
        return Finding(subject, "ok"), record
    try:
        data = objects.store.get(record.bundle_key, limit=record.bundle_size)
        prove_files(record, data, limits)
    except NotFound:
        if objects.tombstone(name, version) is None:
            return Finding(
                subject, "error", "no-bundle", f"{record.bundle_key} is missing: it counts as removed"
            ), record
    except IntegrityError as error:
        return Finding(subject, "error", "bad-bundle", str(error)), record
    return _verify_kept(objects, record, release.seals, artifacts), record


def _verify_kept(objects: Objects, record: Record, seals: int, artifacts: Artifacts) -> Finding:
    """Check all artifacts that the record and the seals of a release name."""
    found = []
    for number in range(1, seals + 1):
        try:
            seal = objects.seal(record.name, record.version, number)
        except (IntegrityError, StoreRefused) as error:
            return Finding(record.reference, "error", "bad-seal", str(error))
        if seal is None:
            key = layout.seal_key(record.name, record.version, number)
            return Finding(record.reference, "error", "no-seal", f"{key} is missing, a later one is there")
        found.append(seal)
    for artifact in record.sealed.together(found).artifacts:
        problem = artifacts.problem(artifact)
        if problem:
            return Finding(record.reference, "error", "bad-artifact", problem)
    return Finding(record.reference, "ok")


def _verify_notices(objects: Objects, name: str, release: UsedVersion, keys: set[str]) -> Iterator[Finding]:
    """Check that every yank, restore and tombstone of a release exists and can be read."""
    version = release.version
    wanted = [layout.revision_key(name, version, number) for number in range(1, release.revision + 1)]
    tombstone = layout.tombstone_key(name, version)
    if tombstone in keys:
        wanted.append(tombstone)
    for key in wanted:
        if key not in keys:
            yield Finding(key, "error", "no-revision", "a later revision is there, this one is missing")
            continue
        try:
            Notice.decode(objects.store.get(key, limit=1 << 16), key, name, version)
        except (IntegrityError, StoreRefused) as error:
            yield Finding(key, "error", "bad-notice", str(error))


def _verify_bundles(
    name: str, listing: PackListing, bundles: list[Entry], named: set[str]
) -> Iterator[Finding]:
    for entry in bundles:
        meaning = layout.read_bundle_key(name, entry.key)
        if meaning is None:
            yield Finding(entry.key, "error", "unknown-key", "packreg writes no such key")
        elif entry.key not in named:
            decided = meaning.version in listing.by_version
            why = "its version has another bundle" if decided else "its version was never published"
            yield Finding(entry.key, "note", "orphan", f"{why}; `packreg gc` removes it in time")


def find_garbage(objects: Objects, now: float) -> Iterator[Garbage]:
    """Everything that can be deleted. See `Registry.gc`.

    Bundles are listed before records. A version that has a record in the second listing keeps it, so a bundle
    of the first listing that this record does not name will never be named.
    """
    for entry in objects.store.list_all(PROBES):
        if now - entry.modified > DAY:
            yield Garbage(entry.key, entry.size, now - entry.modified, "left by a probe of the store")
    for name in pack_names(objects.store, layout.BUNDLES):
        by_version: dict[Version, list[tuple[Entry, str]]] = {}
        for entry in objects.store.list_all(layout.bundles_prefix(name)):
            meaning = layout.read_bundle_key(name, entry.key)
            if meaning is not None:
                by_version.setdefault(meaning.version, []).append((entry, meaning.sha256))
        listing = objects.listing(name)
        for version, bundles in by_version.items():
            yield from _garbage_of_version(
                objects, name, listing.by_version.get(version), version, bundles, now
            )


def _garbage_of_version(
    objects: Objects,
    name: str,
    release: UsedVersion | None,
    version: Version,
    bundles: list[tuple[Entry, str]],
    now: float,
) -> Iterator[Garbage]:
    keep = ""
    reason = "its release was removed"
    if release is None:
        reason = "its version was never published"
        bundles = [bundle for bundle in bundles if now - bundle[0].modified > UNDECIDED]
    elif release.state != "removed":
        if len(bundles) == 1:
            return  # the record names it, or its own bundle is missing and nothing else may be deleted now
        reason = "its version was published with another bundle"
        record = objects.record(name, version)
        if record is None:
            return
        keep = record.bundle_sha256
    for entry, sha256 in bundles:
        if sha256 != keep:
            yield Garbage(entry.key, entry.size, now - entry.modified, reason)


def delete_garbage(objects: Objects, garbage: Garbage) -> bool:
    """Delete one object; False if it is needed by now. See `Registry.collect`.

    A bundle without a record can be published at any moment. So this looks for its record before and after
    the deletion, and keeps the bytes to put it back. A publisher that found the bundle in the store checks
    for it after its commit. Whichever of the two comes second sees what the other did.
    """
    if not garbage.key.startswith(layout.BUNDLES):
        objects.store.delete(garbage.key)
        return True
    standing = _standing(objects, garbage.key)
    if standing == "needed":
        return False
    if standing == "garbage":
        objects.store.delete(garbage.key)
        return True
    try:
        data = objects.store.get(garbage.key, limit=garbage.size)
    except NotFound:
        return False  # somebody else has deleted it
    objects.store.delete(garbage.key)
    if _standing(objects, garbage.key) == "needed":
        objects.store.create(garbage.key, data)
        return False
    return True


def _standing(objects: Objects, key: str) -> Literal["undecided", "needed", "garbage"]:
    """Whether a bundle is needed by its version, garbage, or undecided (its version has no record)."""
    _, name, version_text, _ = key.split("/")
    version = Version(version_text)
    record = objects.record(name, version)
    if record is None:
        return "undecided"
    if record.bundle_key != key or objects.tombstone(name, version) is not None:
        return "garbage"
    return "needed"
