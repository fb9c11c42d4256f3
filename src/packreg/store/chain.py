"""A document that changes: a chain of numbered revisions, each created once.

A writer reads the newest revision n, applies its change, and creates n+1. If two writers try the same number,
one wins; the other reads the winner's revision, applies its change to that, and creates n+2. So no update is
lost, the history is kept, and compare-and-swap, which several stores get wrong that create exactly once, is
not needed.

The numbers in keys count down, so the newest revision is the first in a listing: finding it takes one small
request, however long the chain is. A stale listing does no harm: the next number that it suggests is taken.
Revisions are never deleted: a free number below the newest would let a delayed writer create it again.

Every revision has the sha256 of the one before it, and the id of the attempt that made it. So no two
revisions have the same bytes, and a writer recognises its own revision when the reply was lost.

Other objects may be put under the prefix. An object whose key is not that of a revision is skipped;
`strangers` lists such keys. An object that has the key of a revision, but is none or does not continue the
revision before it, stops readers and writers with an error that names it and says what to do. It cannot be
skipped: it may be the newest revision, damaged, and what that forbids would be allowed again.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from packreg.errors import ChangedMeanwhile, IntegrityError, NotFound, UsageError
from packreg.store.bucket import check_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packreg.store.bucket import Entry
    from packreg.store.store import Store

#: Most bytes of a revision, far above any document that people edit.
MAX_REVISION = 4 * 2**20
#: Most objects that are skipped, because they are no revisions, to find the newest revision.
MAX_STRANGERS = 1000
#: How often `append` starts over because another writer was first.
MAX_LOST = 1000

_TOP = 10**12 - 1
_KEY = re.compile(r"([0-9]{12})\.json", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ATTEMPT = re.compile(r"[A-Za-z0-9._:-]{1,100}", re.ASCII)
_FIELDS = ["attempt", "number", "previous", "value"]


class Revision(NamedTuple):
    """One state of the document.

    `number` counts from 1. `value` is the document, UTF-8. `attempt` is the id of the attempt that made it.
    `digest` is the sha256 of the revision's object, in hex; `previous` is that of the revision before, "" for
    the first. `modified` is the store's time of the object, in seconds since the epoch, or 0 if the revision
    was not found by a listing.
    """

    number: int
    value: bytes
    attempt: str
    previous: str
    digest: str
    modified: float = 0.0


class Chain:
    """The chain of revisions under a prefix of a store; nothing else should be under that prefix."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix.rstrip("/") + "/"
        check_key(self.key(1))

    def key(self, number: int) -> str:
        """The key of a revision: its last part is twelve digits that count down, and `.json`."""
        if not 1 <= number <= _TOP:
            raise UsageError(f"revisions are numbered from 1 to {_TOP}; there is no {number}")
        return f"{self._prefix}{_TOP - number:012d}.json"

    def head(self, *, linked: bool = True) -> Revision | None:
        """The newest revision, or None when there is none: three requests, two if it is the first.

        With `linked`, the revision before it is read too, to check that the newest one continues it. Without,
        this check and its request are saved, for readers to whom a forged revision does no harm.

        Raises:
            IntegrityError: the object is not a revision, or does not continue the one before.
            StoreError: the store failed.
        """
        entry = self._store.first(self._prefix)
        if entry is not None and not self._number(entry.key):
            entry = self._behind_strangers(entry.key)
        if entry is None:
            return None
        revision = self._read(self._number(entry.key), entry.modified)
        if linked and revision.number > 1:
            try:
                before = self._store.get(self.key(revision.number - 1), MAX_REVISION)
            except NotFound:
                raise IntegrityError(
                    f"{self.key(revision.number)} says that it is revision {revision.number} of "
                    f"{self._prefix[:-1]}, but there is no revision {revision.number - 1}",
                    hint=f"{self.way_on(revision.number)}. In a replica the other may not have arrived yet",
                ) from None
            self._check_link(revision, hashlib.sha256(before).hexdigest())
        return revision

    def strangers(self) -> Iterator[str]:
        """The keys under the prefix that are not those of revisions. Raises: StoreError."""
        return (entry.key for entry in self._store.list_all(self._prefix) if not self._number(entry.key))

    def _behind_strangers(self, first: str) -> Entry | None:
        for passed, entry in enumerate(self._store.list_all(self._prefix)):
            if self._number(entry.key):
                return entry
            if passed == MAX_STRANGERS:
                raise IntegrityError(
                    f"more than {MAX_STRANGERS} objects that are not revisions come before "
                    f"{self._prefix[:-1]}, the first is {first}",
                    hint=f"find out who can write there, then delete them; {self._store.deletion(first)}",
                )
        return None

    def at(self, number: int) -> Revision:
        """A revision by its number.

        Raises:
            NotFound: it does not exist.
            IntegrityError: the object is not a revision.
            StoreError: the store failed.
        """
        return self._decode(self._store.get(self.key(number), MAX_REVISION), number)

    def append(self, edit: Callable[[Revision | None], bytes], *, attempt_id: str) -> Revision:
        """Add a revision and return it.

        `edit` gets the newest revision and returns the new document. If another writer was first, it is
        called again with that writer's revision; it may raise if the change makes no sense any more.
        `attempt_id` is one that no other call ever used, such as a UUID.

        Raises:
            OutcomeUnknown: the deadline passed after a write without an answer; the revision may exist.
            ChangedMeanwhile: other writers were first `MAX_LOST` times.
            IntegrityError: a revision is damaged, or does not continue the one before.
            StoreError: the store failed.
        """
        if not _ATTEMPT.fullmatch(attempt_id):
            raise UsageError(f"{attempt_id!r} cannot be the id of an attempt")
        newest = self.head()
        for _ in range(MAX_LOST):
            number = newest.number + 1 if newest else 1
            previous = newest.digest if newest else ""
            data = _encode(number, previous, attempt_id, edit(newest))
            if len(data) > MAX_REVISION:
                raise UsageError(
                    f"the new revision of {self._prefix[:-1]} has {len(data)} bytes, "
                    f"more than the {MAX_REVISION} that it may have"
                )
            there = self._store.create(self.key(number), data, limit=MAX_REVISION)
            if there is None:
                return self._decode(data, number)
            newest = self._decode(there, number)
            self._check_link(newest, previous)
        raise ChangedMeanwhile(
            f"{self._prefix[:-1]} was changed by others {MAX_LOST} times while this change was being made",
            hint="run the same command again",
        )

    def history(self) -> Iterator[Revision]:
        """Every revision, the newest first. Each is checked to be the one that its successor continues.

        Objects whose keys are not those of revisions are skipped.

        Raises:
            IntegrityError: a revision is missing, damaged, or was replaced by another.
            StoreError: the store failed.
        """
        after: Revision | None = None
        for entry in self._store.list_all(self._prefix):
            number = self._number(entry.key)
            if not number:
                continue
            if after and number != after.number - 1:
                raise IntegrityError(f"revision {after.number - 1} of {self._prefix[:-1]} is missing")
            revision = self._read(number, entry.modified)
            if after:
                self._check_link(after, revision.digest)
            yield revision
            after = revision
        if after and after.number != 1:
            raise IntegrityError(f"revision {after.number - 1} of {self._prefix[:-1]} is missing")

    def _read(self, number: int, modified: float) -> Revision:
        try:
            return self.at(number)._replace(modified=modified)
        except NotFound as failed:
            raise IntegrityError(f"{self.key(number)} is listed, but cannot be read") from failed

    def _number(self, key: str) -> int:
        """The number of the revision at a key; 0 for the key of another object."""
        match = _KEY.fullmatch(key[len(self._prefix) :])
        return _TOP - int(match[1]) if match else 0

    def _check_link(self, revision: Revision, previous: str) -> None:
        if revision.previous != previous:
            raise IntegrityError(
                f"{self.key(revision.number)}: revision {revision.number} of {self._prefix[:-1]} was not "
                f"made from revision {revision.number - 1} as it is now",
                hint=f"{self.way_on(revision.number)}. Otherwise revision {revision.number - 1} was "
                "exchanged: put it back from a replica or a backup",
            )

    def way_on(self, number: int) -> str:
        """A hint what to do when a revision cannot be trusted."""
        return (
            "find out who can write there. If this is a revision that nobody made, delete it with the "
            f"rights of a keeper: {self._store.deletion(self.key(number))}"
        )

    def _decode(self, data: bytes, number: int) -> Revision:
        """Parse a revision, which must be exactly what `_encode` writes. Raises IntegrityError."""
        where = self.key(number)
        try:
            fields = json.loads(data)
            if not isinstance(fields, dict) or sorted(fields) != _FIELDS:
                raise ValueError("its fields are not those of a revision")
            attempt, previous, value = fields["attempt"], fields["previous"], fields["value"]
            if type(fields["number"]) is not int or fields["number"] != number:
                raise ValueError("it has another number")
            if not (isinstance(attempt, str) and _ATTEMPT.fullmatch(attempt)):
                raise ValueError("its attempt has no valid id")
            if not (
                isinstance(previous, str) and (_DIGEST.fullmatch(previous) if number > 1 else not previous)
            ):
                raise ValueError("it does not name the revision before")
            if not isinstance(value, str) or data != _encode(number, previous, attempt, value.encode()):
                raise ValueError("it was not written by packreg")
        except (ValueError, RecursionError) as failed:  # among them JSON and Unicode errors
            raise IntegrityError(f"{where} is not a revision: {failed}", hint=self.way_on(number)) from None
        return Revision(number, value.encode(), attempt, previous, hashlib.sha256(data).hexdigest())


def _encode(number: int, previous: str, attempt: str, value: bytes) -> bytes:
    try:
        text = value.decode()
    except UnicodeDecodeError as failed:
        raise UsageError(f"a revision must be UTF-8 text: {failed}") from None
    fields = {"number": number, "previous": previous, "attempt": attempt, "value": text}
    return json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n"
