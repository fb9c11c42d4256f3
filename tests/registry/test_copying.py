"""A registry is copied so that its copy never shows a part missing, whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache

import pytest

from packreg.errors import IntegrityError, StoreRefused
from packreg.registry import layout
from packreg.registry.copying import Copying, compare
from packreg.store.bucket import Entry, Page
from packreg.store.chain import Chain
from packreg.store.memory import MemoryBucket
from packreg.store.store import MAX_OBJECT, Store
from tests.registry.buckets import Killed, Tapped, dies_after

SHA = "a" * 64
#: What a registry has, each with what has to be there before it.
OBJECTS: dict[str, tuple[str, ...]] = {
    f"artifacts/{SHA}": (),
    f"bundles/guard/1.0.0/{SHA}.tgz": (),
    "packs/guard/x/1.0.0": (),
    "packs/guard/y/1.0.0/000001-yanked": (),
    "packs/guard/v/1.0.0": (
        f"artifacts/{SHA}",
        f"bundles/guard/1.0.0/{SHA}.tgz",
        "packs/guard/x/1.0.0",
        "packs/guard/y/1.0.0/000001-yanked",
    ),
    "reports/audit/stack.a/1-id.json.gz": (),
    "stacks/stack.a/0123.json": (),
    "new-kind/what": (),
    "-odd/key": (),
    "top": (),
}
CHAINS = ("runs/audit/stack.a/", "environments/dev/r/", "environments/dev/t/", "transfers/", "governance/")


@cache
def contents() -> dict[str, bytes]:
    """An object of each kind, and chains of twelve revisions."""
    store = Store(MemoryBucket())
    for number, key in enumerate(OBJECTS):
        store.create(key, b"x" * number)
    store.create("registry.json", b"the source's own")
    store.create(".packreg/canary", b"the source's own")
    for prefix in CHAINS:
        for number in range(12):
            Chain(store, prefix).append(lambda _, n=number: str(n).encode(), attempt_id=f"a{number}")  # type: ignore[misc]
    return {entry.key: store.get(entry.key) for entry in store.list_all("")}


def filled() -> Store:
    """A store with `contents`."""
    store = Store(MemoryBucket())
    for key, data in contents().items():
        store.create(key, data)
    return store


def copy(source: Store, target: Store) -> Copying:
    """Copy all that is there."""
    copying = Copying(source, target)
    try:
        copying.copy()
    finally:
        copying.close()
    return copying


def keys(store: Store) -> set[str]:
    """All keys of a store."""
    return {entry.key for entry in store.list_all("")}


def torn(store: Store) -> list[str]:
    """What is there before something that it rests on."""
    there = keys(store)
    found = [key for key in there & OBJECTS.keys() if not there.issuperset(OBJECTS[key])]
    for prefix in CHAINS:
        chain = Chain(store, prefix)
        numbers = sum(key.startswith(prefix) for key in there)
        found += [prefix for number in range(1, numbers + 1) if chain.key(number) not in there]
    if any(key.startswith("runs/") for key in there) and not any(k.startswith("reports/") for k in there):
        found.append("runs/")
    tags = [key for key in there if key.startswith("environments/dev/t/")]
    if tags and len([key for key in there if key.startswith("environments/dev/r/")]) < 12:
        found.append("environments/dev/t/")
    return found


def test_a_copy_has_all_but_what_is_the_stores_own() -> None:
    """Also objects that this packreg does not know, whatever their keys; nothing is read twice over."""
    source, target = filled(), Store(MemoryBucket())
    copying = copy(source, target)
    assert keys(source) - keys(target) == {"registry.json", ".packreg/canary"}
    assert copying.objects == copying.copied == len(OBJECTS) + 12 * len(CHAINS)
    found = compare(source, target)
    lines = "".join(f"{key} {hashlib.sha256(source.get(key)).hexdigest()}\n" for key in sorted(keys(target)))
    assert found.digest == f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"
    assert (found.objects, found.size) == (copying.objects, copying.size)
    assert not found.missing.number + found.extra.number + found.different.number


def test_at_every_moment_the_copy_shows_nothing_without_what_it_rests_on() -> None:
    """Whoever reads it after any request finds no release without its parts, and no chain with a gap."""
    seen: list[str] = []
    inner = Store(MemoryBucket())

    def look(verb: str, key: str) -> None:
        if verb == "put_new":
            seen.extend(torn(inner))

    copy(filled(), Store(Tapped(inner.bucket, after=look)))
    assert seen == []
    assert torn(inner) == []


def test_a_copy_that_was_killed_after_any_request_goes_on() -> None:
    """What is there counts; the rest is copied; nothing in between is torn."""
    source = filled()
    for requests in range(0, 100, 5):
        inner = MemoryBucket()
        before, after = dies_after(requests)
        try:
            copy(source, Store(Tapped(inner, before=before, after=after)))
        except Killed:
            assert torn(Store(inner)) == []
        copying = copy(source, Store(inner))
        assert not compare(source, Store(inner)).missing.number
        assert copying.copied <= copying.objects


def test_a_release_that_is_published_meanwhile_comes_whole_or_not_at_all() -> None:
    """The source is listed from the commit points to what they rest on; so no record comes alone."""
    for moment in range(30):
        inner, left = MemoryBucket(), [moment]

        def publish(verb: str, key: str, *, left: list[int] = left, inner: MemoryBucket = inner) -> None:
            left[0] -= 1
            if left[0] == -1:
                Store(inner).create(f"bundles/new/1.0.0/{SHA}.tgz", b"bundle")
                Store(inner).create("packs/new/v/1.0.0", b"record")

        for key, data in contents().items():
            inner.put_new(key, data)
        target = Store(MemoryBucket())
        copy(Store(Tapped(inner, before=publish)), target)
        if "packs/new/v/1.0.0" in keys(target):
            assert f"bundles/new/1.0.0/{SHA}.tgz" in keys(target), moment
        assert left[0] < 0, "it was published"


def test_what_changed_is_counted_and_named() -> None:
    """By what each side has: missing, extra, different; the target's own records of copies do not count."""
    source, target = filled(), Store(MemoryBucket())
    copy(source, target)
    source.create("packs/late/v/1.0.0", b"12345")
    source.delete("top")
    target.delete("-odd/key")
    target.create("-odd/key", b"other...")
    Chain(target, layout.TRANSFERS).append(lambda _: b"copied", attempt_id="z")
    found = compare(source, target)
    assert (found.missing.keys, found.missing_size) == (["packs/late/v/1.0.0"], 5)
    assert found.extra.keys == ["top"]
    assert found.different.keys == ["-odd/key"]


def test_equal_sizes_do_not_pass_for_equal_bytes() -> None:
    """Each side's bytes are read."""
    source, target = filled(), Store(MemoryBucket())
    copy(source, target)
    target.delete("top")
    target.create("top", b"z" * len(source.get("top")))
    assert compare(source, target).different.keys == ["top"]


def test_other_bytes_at_the_target_are_refused_and_stay() -> None:
    """Nothing is overwritten, also where somebody else writes between the listing and the copy."""
    inner = Store(MemoryBucket())

    def sneak(verb: str, key: str) -> None:
        if verb == "put_new" and key == "packs/guard/v/1.0.0":
            inner.create(key, b"else")

    with pytest.raises(StoreRefused, match=r"packs/guard/v/1\.0\.0"):
        copy(filled(), Store(Tapped(inner.bucket, before=sneak)))
    assert inner.get("packs/guard/v/1.0.0") == b"else"
    assert not any(key.startswith("governance/") for key in keys(inner))


class Boasting(Tapped):
    """A bucket that lists one object as larger than it is, or than anything may be."""

    def __init__(self, inner: MemoryBucket, key: str, size: int) -> None:
        super().__init__(inner)
        self._said = key, size

    def list(
        self, prefix: str, *, after: str = "", token: str = "", limit: int = 1000, delimiter: bool = False
    ) -> Page:
        """The listing with the other size."""
        page = super().list(prefix, after=after, token=token, limit=limit, delimiter=delimiter)
        key, size = self._said
        entries = tuple(Entry(key, size, each.modified) if each.key == key else each for each in page.entries)
        return page._replace(entries=entries)


@pytest.mark.parametrize("act", [Copying, compare])
def test_an_object_larger_than_any_is_refused_before_anything_is_written(
    act: Callable[[Store, Store], object],
) -> None:
    """It is named, and never read into memory."""
    inner = filled().bucket
    assert isinstance(inner, MemoryBucket)
    target = Store(MemoryBucket())
    with pytest.raises(IntegrityError, match=re.escape(f"top has {MAX_OBJECT + 1} bytes")):
        act(Store(Boasting(inner, "top", MAX_OBJECT + 1)), target)
    assert keys(target) == set()


def test_an_object_that_grew_since_it_was_listed_is_refused() -> None:
    """No more than the listed bytes are read."""
    inner = filled().bucket
    assert isinstance(inner, MemoryBucket)
    with pytest.raises(IntegrityError, match="top has more than the 1 bytes"):
        copy(Store(Boasting(inner, "top", 1)), Store(MemoryBucket()))
