"""Test whether a store creates objects exactly once, in the actual bucket: the product's name cannot tell.

Ceph RGW 16 creates exactly once in a bucket without versioning, and ignores the condition in a bucket with
it. Several stores refuse a second writer but let two simultaneous writers succeed. So `probe` tests in this
bucket what a registry relies on: creating, refusing, races, listings. That is evidence, not proof. So before
every publish `canary` sends one request that must be refused. It notices when versioning was switched on, a
gateway was replaced, or a proxy drops the condition.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import IntegrityError, NotFound, OutcomeUnknown, StoreError, StoreUnavailable, StoreUnsafe
from packreg.store.bucket import Exists, Unsure
from packreg.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packreg.store.bucket import Bucket

#: The key of an object that exists in every registry, so that creating it again must be refused.
CANARY_KEY = ".packreg/canary"
CANARY = b"Creating this object must be refused: it exists. packreg tries before every publish.\n"
PROBES = ".packreg/probe/"
_PAGES = "a registry needs a store whose listings go on where a page ended; use another store or bucket"
_HINT = "a registry needs a store that honours `If-None-Match: *` on PUT; use another store or bucket"


class ProbeResult(NamedTuple):
    """Whether a store can hold a registry; if not, `reason` is a sentence that says why.

    `facts` are those of `Bucket.inspect`: for a bucket `versioning` and `checksums` (with `ignored`,
    written objects must be read back), for a directory `file_system`.
    """

    ok: bool
    reason: str
    facts: Mapping[str, str]


def probe(bucket: Bucket, *, rounds: int = 8, writers: int = 16, name: str = "") -> ProbeResult:
    """Test a store with objects under `.packreg/probe/`, and delete them if that is allowed.

    It runs `rounds` races of `writers` threads each, with the defaults about 200 requests. `name` is the part
    of the keys for this run's objects, by default a random one.

    Raises:
        StoreUnavailable: the store did not answer, so nothing is known.
        StoreRefused: writing, reading or listing is not permitted.
    """
    store = Store(bucket)
    name = name or os.urandom(8).hex()
    place = f"{PROBES}{name}"
    facts: dict[str, str] = {}
    try:
        facts.update(bucket.inspect(place))
        _check_create(store, place)
        for number in range(rounds):
            _check_race(store, f"{place}/race-{number}", writers)
        _check_listing(store, place)
    except (StoreUnsafe, IntegrityError) as failed:
        return ProbeResult(False, str(failed), facts)
    finally:
        _clean(store, place + "/")
    return ProbeResult(True, "", facts)


def plant_canary(store: Store) -> None:
    """Create the canary object, when a registry is created. Raises: StoreError, OutcomeUnknown."""
    store.create(CANARY_KEY, CANARY)


def canary(store: Store) -> None:
    """Check, with one request, that the store still refuses to create an object that exists.

    Raises:
        StoreUnsafe: it did not refuse; nothing may be published.
        StoreUnavailable: it did not answer.
    """
    if not store.is_taken(CANARY_KEY, CANARY):
        raise StoreUnsafe(
            f"{store.describe()} let an object be created that should exist already ({CANARY_KEY}): either "
            "it was deleted, or the store no longer creates objects exactly once",
            hint="run `packreg doctor` to find out; nothing was published",
        )


def _check_create(store: Store, place: str) -> None:
    key = f"{place}/one"
    if store.create(key, b"first") is not None:
        raise StoreUnsafe(f"a new object, {key}, held other bytes than were written", hint=_HINT)
    if store.get(key) != b"first":
        raise StoreUnsafe(f"{key} did not give back the bytes that were written", hint=_HINT)
    if not store.is_taken(key, b"second"):
        raise StoreUnsafe("the condition is IGNORED: an object that existed was written over", hint=_HINT)
    if store.get(key) != b"first":
        raise StoreUnsafe("an object changed although writing over it was refused", hint=_HINT)
    try:
        store.get(f"{place}/nothing")
    except NotFound:
        return
    raise StoreUnsafe("an object that was never written can be read", hint=_HINT)


def _check_race(store: Store, key: str, writers: int) -> None:
    """Let all writers create one object at once.

    Exactly one must be told that it did, and its bytes must be stored. Raises StoreUnsafe otherwise.
    """
    barrier = threading.Barrier(writers)
    won: list[bytes] = []
    maybe: list[bytes] = []
    unsent: list[StoreUnavailable] = []
    failures: list[Exception] = []

    sent = [b"writer %d" % number for number in range(writers)]

    def write(data: bytes) -> None:
        barrier.wait()
        try:
            store.bucket.put_new(key, data)
            won.append(data)
        except Exists:
            pass
        except Unsure:
            maybe.append(data)
        except StoreUnavailable as failed:
            unsent.append(failed)
        except Exception as failed:  # noqa: BLE001 - raised again below, in the caller's thread
            failures.append(failed)

    threads = [threading.Thread(target=write, args=(data,)) for data in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    if len(won) > 1:
        raise StoreUnsafe(
            f"the condition is not atomic: {len(won)} of {writers} who created one object at once were told "
            "that they did",
            hint=_HINT,
        )
    if len(unsent) == writers:
        raise unsent[0]
    there = store.create(key, b"late")
    if there is None and maybe and not won:
        return  # no attempt took effect, but some had no answer: this proves nothing
    if there is None and not won:
        raise StoreUnsafe(
            f"of {writers} who created one object at once none was told that it did", hint=_HINT
        )
    # Without a winner, the answer to the stored attempt was lost, or a repeated request got "taken".
    if there is None or there not in (won or sent):
        raise StoreUnsafe("the object that was raced for does not hold its creator's bytes", hint=_HINT)


def _check_listing(store: Store, place: str) -> None:
    """Check that listings are in byte order and that no page leaves out keys. Raises StoreUnsafe."""
    names = ["b", "a/2", "a-1", "a.x", "a/1", "c"]
    for name in names:
        store.create(f"{place}/list/{name}", b"")
    expected = sorted(f"{place}/list/{name}" for name in names)
    first = store.first(f"{place}/list/")
    if first is None or first.key != expected[0]:
        raise StoreUnsafe("a listing of one object does not give the first in the order of bytes", hint=_HINT)
    for seen in range(len(expected)):
        rest = [entry.key for entry in store.list_all(f"{place}/list/", after=expected[seen])]
        if rest != expected[seen + 1 :]:
            raise StoreUnsafe(f"a listing that starts after {expected[seen]} gives {rest}", hint=_HINT)
    for limit in (1, 2, 3):
        entries, _ = _walk(store, f"{place}/list/", limit, delimiter=False)
        if entries != expected:
            raise StoreUnsafe(f"a listing in pages of {limit} gives {entries}, not {expected}", hint=_PAGES)
    flat = [key for key in expected if "/a/" not in key.removeprefix(f"{place}/list")]
    for limit in (1, 4):
        found = _walk(store, f"{place}/list/", limit, delimiter=True)
        if found != (flat, [f"{place}/list/a/"]):
            raise StoreUnsafe(f"a listing by directories, in pages of {limit}, gives {found}", hint=_PAGES)


def _walk(store: Store, prefix: str, limit: int, *, delimiter: bool) -> tuple[list[str], list[str]]:
    """The keys and the grouped prefixes of all pages of at most `limit`. Raises StoreUnsafe."""
    keys: list[str] = []
    prefixes: list[str] = []
    token = ""
    for _ in range(20):  # far more than there are pages
        page = store.page(prefix, token=token, limit=limit, delimiter=delimiter)
        if len(page.entries) + len(page.prefixes) > limit:
            raise StoreUnsafe(f"a page of a listing holds more than the {limit} that it may", hint=_PAGES)
        keys += [entry.key for entry in page.entries]
        prefixes += page.prefixes
        if page.full and _holds_more(store, prefix, page.more, limit, delimiter=delimiter):
            raise StoreUnsafe(f"a page of {limit} is called the last one, and more follow", hint=_PAGES)
        if not page.more:
            return keys, prefixes
        token = page.more
    raise StoreUnsafe("the pages of a listing go in circles", hint=_PAGES)


def _holds_more(store: Store, prefix: str, token: str, limit: int, *, delimiter: bool) -> bool:
    page = store.page(prefix, token=token, limit=limit, delimiter=delimiter)
    return bool(page.entries or page.prefixes)


def _clean(store: Store, place: str) -> None:
    try:
        for entry in list(store.list_all(place)):
            store.delete(entry.key)
    except (StoreError, OutcomeUnknown):
        return  # publishers need not have the permission to delete; some small objects stay
