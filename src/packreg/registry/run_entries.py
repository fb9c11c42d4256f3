"""The chains that order reports: for each entity and kind of run, one small entry after the other.

    runs/<run>/<entity>/<countdown>.json

An entry names its run, its entity and, if it is for a report, that report's key and sha256. The chain adds a
number and the digest of the entry before. So the chain, not a clock, decides which report is the newest and
which came before it; and the entries reveal a report that was rewritten, deleted or added by others. A report
is written before its entry: a report without an entry does not count.

Several kinds of entries share a chain. `report` is for a report. `begun` says that a run has begun; its
report, if there is one, is entered later under the same id. `before` is the first entry if there were reports
of older packregs without chains, and lists them: a report that is not in it was added later. Readers skip
kinds and members that they do not know; the chain's digests cover them too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from packreg.errors import IntegrityError, StoreRefused
from packreg.registry import layout
from packreg.registry.formats import PRUNED_REPORTS, beginning
from packreg.registry.members import Members
from packreg.store.chain import MAX_REVISION, Chain, Revision

if TYPE_CHECKING:
    from packreg.errors import PackregError
    from packreg.store.store import Store

_ID = re.compile(r"[0-9a-z-]{1,64}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z", re.ASCII)


class RunSubject(Protocol):
    """What a run is about: a stack or an account, by name."""

    @property
    def kind(self) -> Literal["stack", "account"]:
        """Whether it is a stack or an account."""

    @property
    def name(self) -> str:
        """The full name."""


class PrunedReport(NamedTuple):
    """A report that a `pruned` entry names: the number of its entry, its digest, and the verdict in it."""

    number: int
    digest: str
    verdict: str

    @classmethod
    def read(cls, found: Members) -> PrunedReport:
        """Read an item of the list. Raises IntegrityError."""
        return cls(found.number("number"), found.matching("digest", _DIGEST.fullmatch), found.text("verdict"))


@dataclass(frozen=True, slots=True)
class RunEntry:
    """An entry. `kind` is `report`, `begun`, `before`, `pruned` or a kind of a newer packreg.

    `id` is that of the run: the `begun` and the `report` of a run have the same. `time` is when the entry was
    written (RFC 3339 in UTC, microseconds), "" before. `report` is the report's key and `digest` the sha256
    of its object, both "" for other kinds. `names` is the list of a `before`: last segments of keys. `pruned`
    is that of a `pruned`, and `by` who made it.
    """

    kind: str
    run: str
    entity_kind: str
    entity_name: str
    id: str
    time: str = ""
    report: str = ""
    digest: str = ""
    names: tuple[str, ...] = ()
    by: str = ""
    pruned: tuple[PrunedReport, ...] = ()

    def encode(self) -> bytes:
        """The value of a revision of the chain."""
        members: dict[str, object] = {
            **beginning((PRUNED_REPORTS,) if self.kind == "pruned" else ()),
            "kind": self.kind,
            "run": self.run,
            "entity": {"kind": self.entity_kind, "name": self.entity_name},
            "id": self.id,
            "time": self.time,
        }
        if self.report:
            members |= {"report": self.report, "digest": self.digest}
        if self.names:
            members["names"] = list(self.names)
        if self.kind == "pruned":
            members |= {"by": self.by, "pruned": [each._asdict() for each in self.pruned]}
        return json.dumps(members, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, data: bytes, where: str) -> RunEntry:
        """Read the value of a revision; `where` is its key, for messages.

        Raises:
            IntegrityError: `data` is no entry, or one of another chain.
            StoreRefused: it has a newer format.
        """
        found = Members.read(data, where, MAX_REVISION)
        entity = found.members("entity")
        entry = cls(
            found.matching("kind", _ID.fullmatch),
            found.matching("run", _ID.fullmatch),
            entity.matching("kind", ("stack", "account").__contains__),
            entity.raw("name", str),
            found.matching("id", _ID.fullmatch),
            found.matching("time", _is_time),
        )
        segment = layout.entity_segment(entry.entity_kind, entry.entity_name)
        if not where.startswith(layout.runs_prefix(entry.run, segment)):
            raise found.wrong("entity", f"it is an entry of {layout.runs_prefix(entry.run, segment)}")
        if entry.kind == "report":
            reports = layout.reports_prefix(entry.run, segment)
            report = found.matching("report", lambda key: key.startswith(reports))
            entry = replace(entry, report=report, digest=found.matching("digest", _DIGEST.fullmatch))
        elif entry.kind == "before":
            entry = replace(entry, names=found.texts("names"))
        elif entry.kind == "pruned":
            entry = replace(
                entry, by=found.text("by"), pruned=tuple(map(PrunedReport.read, found.list_of("pruned")))
            )
        return entry


class Entered(NamedTuple):
    """An entry in its chain: its `number`, from 1, and the store's time of it in seconds, 0 if unknown."""

    number: int
    entry: RunEntry
    stored: float = 0.0


class RunEntries:
    """The chains of a registry's store; nothing is read yet. Several threads may use it.

    `now` gives the present time as RFC 3339 in UTC with microseconds, `new_id` a new random id. Every method
    raises `StoreError` when the store fails, and `IntegrityError` when a chain is not what packreg writes.
    """

    def __init__(self, store: Store, *, now: Callable[[], str], new_id: Callable[[], str]) -> None:
        self._store, self._now, self._new_id = store, now, new_id

    def append(self, entry: RunEntry) -> Entered:
        """Add an entry with the present time, unless the newest entry has the same kind and id.

        If the chain is empty but there are reports, an entry that lists them is added first.

        Raises:
            OutcomeUnknown: the entry may have been written; appending it again is safe.
            ChangedMeanwhile: other writers were faster at every attempt.
        """
        segment = layout.entity_segment(entry.entity_kind, entry.entity_name)
        chain = Chain(self._store, layout.runs_prefix(entry.run, segment))
        while True:
            writing = _EntryWriting(self, chain, replace(entry, time=""), segment)
            try:
                revision = chain.append(writing.value, attempt_id=self._new_id())
            except _ThereAlreadyError as there:
                return there.entered
            if writing.made.kind == entry.kind:
                return Entered(revision.number, writing.made)

    def newest(self, run: str, entity: RunSubject) -> Entered | None:
        """The newest entry, or None: two requests, however many entries there are."""
        chain = self._chain(run, entity)
        return _read(chain, chain.head(linked=False))

    def at(self, run: str, entity: RunSubject, number: int) -> Entered:
        """An entry by its number: one request. Raises NotFound if it does not exist."""
        chain = self._chain(run, entity)
        found = _read(chain, chain.at(number))
        assert found is not None
        return found

    def history(self, run: str, entity: RunSubject) -> Iterator[Entered]:
        """Every entry, the newest first, each checked against the digest in the next one.

        Raises:
            IntegrityError: an entry is missing, invalid, or was replaced.
        """
        chain = self._chain(run, entity)
        for revision in chain.history():
            found = _read(chain, revision)
            assert found is not None
            yield found

    def entities(
        self, run: str, damaged: Callable[[PackregError], None]
    ) -> Iterator[tuple[Literal["stack", "account"], str]]:
        """Kind and name of every entity with entries of a kind of run: a request for each 1,000.

        A name that is too long for a key is read from the newest entry; `damaged` is called with the error if
        that cannot be read.
        """
        top = layout.runs_prefix(run)
        for prefix in self._store.prefixes(top):
            found = layout.read_entity_segment(prefix.removeprefix(top).rstrip("/"))
            if found is not None:
                yield found
                continue
            chain = Chain(self._store, prefix)
            try:
                newest = _read(chain, chain.head(linked=False))
            except (IntegrityError, StoreRefused) as error:
                damaged(error)
                continue
            if newest is not None:
                kind = newest.entry.entity_kind
                yield "stack" if kind == "stack" else "account", newest.entry.entity_name

    def reports(self, run: str, entity: RunSubject) -> list[str]:
        """The keys of all stored reports, with or without an entry: a request for each 1,000."""
        segment = layout.entity_segment(entity.kind, entity.name)
        return [each.key for each in self._store.list_all(layout.reports_prefix(run, segment))]

    def strangers(self, run: str, entity: RunSubject) -> Iterator[str]:
        """The keys of objects among the entries that are no entries; readers skip them."""
        return self._chain(run, entity).strangers()

    def _chain(self, run: str, entity: RunSubject) -> Chain:
        return Chain(self._store, layout.runs_prefix(run, layout.entity_segment(entity.kind, entity.name)))


def _is_time(text: str) -> bool:
    try:
        return bool(_TIME.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False


def _read(chain: Chain, revision: Revision | None) -> Entered | None:
    if revision is None:
        return None
    where = chain.key(revision.number)
    return Entered(revision.number, RunEntry.decode(revision.value, where), revision.modified)


class _ThereAlreadyError(Exception):
    """The entry is the newest already."""

    def __init__(self, entered: Entered) -> None:
        super().__init__()
        self.entered = entered


class _EntryWriting:
    """An entry that is being appended. The chain calls `value` again if another writer was faster."""

    def __init__(self, entries: RunEntries, chain: Chain, entry: RunEntry, segment: str) -> None:
        self._entries, self._chain, self._entry, self._segment = entries, chain, entry, segment
        self.made = entry

    def value(self, newest: Revision | None) -> bytes:
        there = _read(self._chain, newest)
        entry = self._entry
        if there is not None and (there.entry.kind, there.entry.id) == (entry.kind, entry.id):
            raise _ThereAlreadyError(there)
        if there is None and (names := self._names_before()):
            entry = replace(entry, kind="before", report="", digest="", names=names)
        self.made = replace(entry, time=self._entries._now())
        return self.made.encode()

    def _names_before(self) -> tuple[str, ...]:
        place = layout.reports_prefix(self._entry.run, self._segment)
        keys = (each.key for each in self._entries._store.list_all(place))
        return tuple(key.removeprefix(place) for key in keys if key != self._entry.report)
