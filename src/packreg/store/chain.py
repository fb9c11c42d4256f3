"""A document that changes: a chain of numbered revisions, each created once.

Whoever changes it reads the newest revision n, applies the change, and creates n+1. Two at once meet at the
same number: one wins, the other sees the winner's revision, applies its change to that, and goes for n+2. So
no update is lost, history comes free, and nothing needs compare-and-swap, which several stores that create
exactly once get wrong.

Keys count down, so the newest revision is the first in a listing: finding it is one small request however
long the chain. A listing that is behind does no harm, since the number it leads to is taken. Revisions are
never deleted: a free number below the newest would let a delayed writer slip back in.

Every revision names the sha256 of the one before it, and carries the id of the attempt that made it, so that
no two have the same bytes and an own revision whose reply was lost is known again.

What others put among the revisions: an object whose key is no revision's cannot be one, hides none, and is
passed over; `strangers` names it. An object with a revision's key that is none, or that does not continue the
revision before it, stops readers and writers with its name and how to go on. To pass over it would be wrong:
it may be the newest revision, damaged, and then what it forbids would be allowed again.
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

#: A revision is a document that people edit; this is far above any of those.
MAX_REVISION = 4 * 2**20
#: So many objects that are no revisions are passed over on the way to the newest.
MAX_STRANGERS = 1000
#: How often `append` starts over because somebody else was first.
MAX_LOST = 1000

_TOP = 10**12 - 1
_KEY = re.compile(r"([0-9]{12})\.json", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ATTEMPT = re.compile(r"[A-Za-z0-9._:-]{1,100}", re.ASCII)
_FIELDS = ["attempt", "number", "previous", "value"]


class Revision(NamedTuple):
    """One state of the document.

    `number` counts from 1. `value` is the document, UTF-8. `attempt` is the id of the attempt that made it.
    `digest` is the sha256 of the revision's object, in hex, `previous` that of the revision before, empty for
    the first. `modified` is the store's time of that object, in seconds since the epoch, where it was listed,
    else 0.
    """

    number: int
    value: bytes
    attempt: str
    previous: str
    digest: str
    modified: float = 0.0


class Chain:
    """The chain of revisions under a prefix of a store; nothing else should live there."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store = store
        self._prefix = prefix.rstrip("/") + "/"
        check_key(self.key(1))

    def key(self, number: int) -> str:
        """The key of a revision: twelve digits that count down."""
        if not 1 <= number <= _TOP:
            raise UsageError(f"revisions are numbered from 1 to {_TOP}; there is no {number}")
        return f"{self._prefix}{_TOP - number:012d}.json"

    def head(self, *, linked: bool = True) -> Revision | None:
        """The newest revision, or None when there is none: three requests, two if it is the first.

        It counts only if it was made from the one before, which is looked at, too. Without `linked` it is
        believed, for two requests: for readers to whom a forged one is not worth a third.

        Raises:
            IntegrityError: what stands there is no revision, or does not continue the one before.
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
        """The keys of objects that stand here and are no revisions'. Raises: StoreError."""
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
            IntegrityError: what stands there is no revision.
            StoreError: the store failed.
        """
        return self._decode(self._store.get(self.key(number), MAX_REVISION), number)

    def append(self, edit: Callable[[Revision | None], bytes], *, attempt_id: str) -> Revision:
        """Add a revision and return it.

        `edit` gets the newest revision and gives the new document; when somebody else was faster it is called
        again with theirs, and may raise if the change makes no sense any more. `attempt_id` is one that no
        other call ever used, such as a UUID.

        Raises:
            OutcomeUnknown: the deadline passed after a write without an answer; the revision may be there.
            ChangedMeanwhile: others kept being faster.
            IntegrityError: a revision is not what it should be.
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
        """Every revision, the newest first, each proved to be the one that its successor was made from.

        Objects that are none are passed over, as `head` does.

        Raises:
            IntegrityError: a revision is missing, is none, or was exchanged.
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
        """The number of the revision at a key; 0 for a key that is no revision's."""
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
        """How to go on where a revision cannot be trusted, for hints."""
        return (
            "find out who can write there. If this is a revision that nobody made, delete it with the "
            f"rights of a keeper: {self._store.deletion(self.key(number))}"
        )

    def _decode(self, data: bytes, number: int) -> Revision:
        """Read a revision, which must be exactly what `_encode` writes."""
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
