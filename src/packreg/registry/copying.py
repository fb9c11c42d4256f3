"""Copy all objects of a registry to another store, and prove that both hold the same.

What is copied first is what others rest on: bundles before records, reports before their entries, the first
revision of a chain before the second. So a reader of the copy, at any moment, sees no release without its
bundle and no chain with a gap. The source is listed in the opposite order, and nothing is copied that came
later than its list: a release that is published meanwhile comes with its bundle, or not at all.

Nothing is overwritten, as objects are only created, so a copy that was killed goes on: what is there with the
same bytes counts as copied. The lists of keys wait in temporary files, and at most `READERS` small objects,
or one large one, are in memory, however large the registry is.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import IO, TYPE_CHECKING, NamedTuple, TypeVar

from packreg.errors import IntegrityError, NotFound, StoreRefused
from packreg.registry import layout
from packreg.store.bucket import RESERVED, behind
from packreg.store.store import MAX_OBJECT
from packreg.threads import at_once

if TYPE_CHECKING:
    from packreg.store.bucket import Entry
    from packreg.store.store import Store

A = TypeVar("A")
#: Below it a store keeps what packreg tests it with.
_OWN = RESERVED + "/"
#: How many small objects are read or written at the same time, and up to which size an object is small.
READERS, SMALL = 16, 4 * 2**20
#: How many objects, or chains, are dealt with before progress is told.
_BATCH = 64
#: Most keys that are kept of each kind of change, for messages; all are counted.
MOST_NAMED = 100


class _Stage(NamedTuple):
    """Objects that are copied together: those below `prefix` that `has`; `chained` ones by growing number."""

    prefix: str
    has: Callable[[str], bool] = lambda key: True
    chained: bool = False


def _is_record(key: str) -> bool:
    return key.split("/")[2:3] == ["v"]


def _is_revision(key: str) -> bool:
    return key.rpartition("/")[0].endswith("/r")


#: In the order in which they are copied. The first are objects that this packreg does not know.
STAGES = (
    _Stage("", chained=True),
    _Stage(layout.ARTIFACTS),
    _Stage(layout.BUNDLES),
    _Stage(layout.PACKS, lambda key: not _is_record(key)),
    _Stage(layout.PACKS, _is_record),
    _Stage(layout.STACKS),
    _Stage(layout.REPORTS),
    _Stage(layout.RUNS, chained=True),
    _Stage(layout.ENVIRONMENTS, _is_revision, chained=True),
    _Stage(layout.ENVIRONMENTS, lambda key: not _is_revision(key), chained=True),
    _Stage(layout.TRANSFERS, chained=True),
    _Stage(layout.GOVERNANCE, chained=True),
)


class Sized(NamedTuple):
    """An object of a listing: its key and its size in bytes."""

    key: str
    size: int


@dataclass
class Differences:
    """What two stores do not have in common: how many objects, and the first keys of them."""

    number: int = 0
    keys: list[str] = field(default_factory=list)

    def add(self, key: str) -> None:
        """Count one more."""
        self.number += 1
        if len(self.keys) < MOST_NAMED:
            self.keys.append(key)


@dataclass
class Comparison:
    """Two stores compared, object by object.

    `objects` with `size` bytes are in both and the same. `digest` is the sha256 of their lines, `KEY SHA256`
    and a line feed, in the order of keys; each side's own bytes were read for it. `missing` are in the source
    only, `extra` in the target only, and `different` in both with other bytes.
    """

    objects: int = 0
    size: int = 0
    digest: str = ""
    missing: Differences = field(default_factory=Differences)
    missing_size: int = 0
    extra: Differences = field(default_factory=Differences)
    different: Differences = field(default_factory=Differences)


def compare(source: Store, target: Store, done: Callable[[], None] = lambda: None) -> Comparison:
    """Compare two stores by the digests of their objects: each is listed once, each object read once.

    Left out are `registry.json`, which says what the store can do, the records of copies that only the target
    has, and what a store keeps for its own tests. `done` is called for every object in both.

    Raises:
        IntegrityError: an object is larger than any that packreg writes.
        StoreError: a store failed.
    """
    found, digest = Comparison(), hashlib.sha256()
    pairs = _merged(_objects(source), _objects(target))
    while batch := list(islice(pairs, _BATCH)):
        both = []
        for here, there in batch:
            if there is None:
                assert here is not None
                found.missing.add(here.key)
                found.missing_size += here.size
            elif here is None:
                if not there.key.startswith(layout.TRANSFERS):
                    found.extra.add(there.key)
            elif here.size != there.size:
                found.different.add(here.key)
            else:
                both.append(here)
        sides = _each(lambda each: (_digest(source, each), _digest(target, each)), both)
        for each, (here_digest, there_digest) in zip(both, sides, strict=True):
            if there_digest is None and here_digest is not None:
                found.missing.add(each.key)
            elif here_digest is None and there_digest is not None:
                found.extra.add(each.key)
            elif here_digest != there_digest:
                found.different.add(each.key)
            elif here_digest is not None:
                found.objects += 1
                found.size += each.size
                digest.update(f"{each.key} {here_digest}\n".encode())
            done()
    found.digest = f"sha256:{digest.hexdigest()}"
    return found


class Copying:
    """The objects of `source` that are copied to `target`, as they are when it is made.

    `objects` and `size` say how many the source has, and their bytes; `close` it.
    """

    def __init__(self, source: Store, target: Store) -> None:
        """List the source.

        Raises:
            IntegrityError: an object is larger than any that packreg writes.
            StoreError: the source failed.
        """
        self._source, self._target = source, target
        self._lists: dict[_Stage, IO[str]] = {}
        self.objects = self.size = self.copied = self.copied_size = 0
        for stage in reversed(STAGES):
            file = self._lists[stage] = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115
            for each in _of_stage(source, stage):
                file.write(f"{each.size} {each.key}\n")
                self.objects += 1
                self.size += each.size

    def copy(self, done: Callable[[], None] = lambda: None) -> None:
        """Create what the target lacks; `done` is called for every object.

        Raises:
            StoreRefused: the target has other bytes under a key; nothing was overwritten.
            IntegrityError: an object of the source has other bytes than when it was listed.
            OutcomeUnknown, StoreError: a store failed; the same call again goes on.
        """
        for stage, file in reversed(self._lists.items()):
            file.seek(0)
            listed = (
                Sized(key, int(size)) for size, _, key in (line.rstrip().partition(" ") for line in file)
            )
            lacking = self._lacking(listed, _of_stage(self._target, stage), done)
            chains: Iterator[list[Sized]] = (
                (
                    list(reversed(list(chain)))
                    for _, chain in groupby(lacking, lambda each: each.key.rpartition("/")[0])
                )
                if stage.chained
                else ([each] for each in lacking)
            )
            while batch := list(islice(chains, _BATCH)):
                small = [chain for chain in batch if max(each.size for each in chain) <= SMALL]
                copied = at_once(READERS, self._copy_chain, small)
                copied += [self._copy_chain(chain) for chain in batch if chain not in small]
                for each in (each for sizes in copied for each in sizes):
                    self.copied += 1
                    self.copied_size += each
                    done()

    def close(self) -> None:
        """Forget the lists."""
        for file in self._lists.values():
            file.close()

    @staticmethod
    def _lacking(
        listed: Iterator[Sized], there: Iterator[Sized], done: Callable[[], None]
    ) -> Iterator[Sized]:
        for here, found in _merged(listed, there):
            if here is not None and found is None:
                yield here
            elif here is not None:
                done()

    def _copy_chain(self, chain: Sequence[Sized]) -> list[int]:
        """Copy these one after the other; gives the sizes of those that were there."""
        sizes = []
        for each in chain:
            try:
                data = self._source.get(each.key, each.size)
            except NotFound:
                continue  # deleted since it was listed: the comparison tells
            if self._target.create(each.key, data, limit=each.size) is not None:
                raise other_bytes(self._target, [each.key])
            sizes.append(each.size)
        return sizes


def other_bytes(target: Store, keys: Sequence[str], number: int = 1) -> StoreRefused:
    """The error for objects of the target that have other bytes than those of the source."""
    more = f", and {number - 1} more" if number > 1 else ""
    return StoreRefused(
        f"{target.describe()} has other bytes under {keys[0]}{more}; nothing was overwritten",
        hint="choose an empty place, or find out what is there",
    )


def _of_stage(store: Store, stage: _Stage) -> Iterator[Sized]:
    """The objects of a stage, in the order of their keys."""
    entries = _unknown(store) if not stage.prefix else map(_sized, store.list_all(stage.prefix))
    return (each for each in entries if stage.has(each.key))


def _objects(store: Store) -> Iterator[Sized]:
    """Every object of a registry but `registry.json` and the store's own, in the order of keys."""
    for entry in store.list_all(""):
        if entry.key != layout.SETTINGS and not entry.key.startswith(_OWN):
            yield _sized(entry)


def _unknown(store: Store) -> Iterator[Sized]:
    """The objects below none of the prefixes of this packreg: its listings skip those that are."""
    after: str | None = ""
    while after is not None:
        begun, after = after, None
        for entry in store.list_all("", after=begun):
            known = next((top for top in (*layout.PREFIXES, _OWN) if entry.key.startswith(top)), None)
            if known is not None:
                after = behind(known)
                break
            if entry.key != layout.SETTINGS:
                yield _sized(entry)


def _sized(entry: Entry) -> Sized:
    if entry.size > MAX_OBJECT:
        raise IntegrityError(
            f"the object {entry.key} has {entry.size} bytes, more than the {MAX_OBJECT} that one may have",
            hint="packreg did not write it; find out who did",
        )
    return Sized(entry.key, entry.size)


def _merged(left: Iterator[Sized], right: Iterator[Sized]) -> Iterator[tuple[Sized | None, Sized | None]]:
    """Two listings side by side: each key once, with None where one of them lacks it."""
    here, there = next(left, None), next(right, None)
    while here is not None or there is not None:
        if there is None or (here is not None and here.key < there.key):
            yield here, None
            here = next(left, None)
        elif here is None or there.key < here.key:
            yield None, there
            there = next(right, None)
        else:
            yield here, there
            here, there = next(left, None), next(right, None)


def _digest(store: Store, each: Sized) -> str | None:
    """The sha256 of an object; None if it is gone since it was listed."""
    try:
        return hashlib.sha256(store.get(each.key, each.size)).hexdigest()
    except NotFound:
        return None


def _each(work: Callable[[Sized], A], things: Iterable[Sized]) -> list[A]:
    """Work on all, small ones at the same time and large ones one after the other; results in order."""
    things = list(things)
    small = [each for each in things if each.size <= SMALL]
    results = dict(zip(small, at_once(READERS, work, small), strict=True))
    return [results[each] if each in results else work(each) for each in things]
