"""Pass resources from a snapshot to the packs: encoded once, in batches, with few in memory at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from packreg.analyzer.asking import Item
from packreg.analyzer.protocol.encode import encode_resource, encode_stack
from packreg.analyzer.protocol.struct import Unsendable
from packreg.analyzer.requests import Request, resource_requests, stack_resources
from packreg.states.resource import ROOT_STACK
from packreg.states.snapshot import Snapshot

_BATCH = 32  # resources that are handed over at once
_AHEAD = 8  # batches that may wait in a pack's queue


class StackView(Protocol):
    """What ordering and attributing findings needs to know of the stack that is judged."""

    @property
    def root(self) -> str:
        """The URN that a finding about the whole stack is attributed to."""

    @property
    def size(self) -> int:
        """How many resources there are; while they are still being read, how many so far."""

    def attribute(self, urn: str) -> str:
        """The URN that a stack policy's finding belongs to: `urn` if the stack has it, else the root."""


class JudgedResources(StackView, Protocol):
    """The resources that packs judge, encoded: those of a file, or of an update that has ended."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to ask any pack."""

    def items(self) -> Iterator[Item]:
        """Every resource."""

    def whole(self) -> Item:
        """The whole stack."""


class Feed:
    """One pack's queue of items, shared by its workers. `put` waits while the queue is full."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._batches: deque[Sequence[Item]] = deque()
        self._ended = False
        self.stack: Future[Item | None] = Future()

    def put(self, batch: Sequence[Item]) -> None:
        """Add a batch; it is dropped when no worker takes items any more."""
        with self._changed:
            while len(self._batches) >= _AHEAD and not self._ended:
                self._changed.wait()
            if not self._ended:
                self._batches.append(batch)
                self._changed.notify_all()

    def end(self, *, now: bool = False) -> None:
        """Say that no items follow; `now` also drops those that wait."""
        with self._changed:
            self._ended = True
            if now:
                self._batches.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Item]:
        while True:
            with self._changed:
                while not self._batches and not self._ended:
                    self._changed.wait()
                if not self._batches:
                    return
                batch = self._batches.popleft()
                self._changed.notify_all()
            yield from batch


class JudgedSnapshot:
    """A snapshot's live resources, encoded when they are asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.root, self.size, self.is_empty = snapshot.root, snapshot.size, snapshot.is_empty
        self.attribute = snapshot.attribute

    def items(self) -> Iterator[Item]:
        """Every live resource."""
        for position, requests in enumerate(resource_requests(self._snapshot)):
            yield _item(position, requests.analyze, requests.remediate)

    def whole(self) -> Item:
        """The whole stack."""
        try:
            data, problem = encode_stack(stack_resources(self._snapshot)), ""
        except Unsendable as error:
            data, problem = b"", str(error)
        return Item(-1, self.root, ROOT_STACK, data, problem=problem)


def produce(judged: JudgedResources, feeds: Sequence[Feed]) -> None:
    """Put every resource into every feed."""
    batch: list[Item] = []
    for item in judged.items():
        batch.append(item)
        if len(batch) == _BATCH:
            _put(batch, feeds)
            batch = []
    if batch:
        _put(batch, feeds)
    for feed in feeds:
        feed.end()


def _put(batch: Sequence[Item], feeds: Sequence[Feed]) -> None:
    for feed in feeds:
        feed.put(batch)


def _item(position: int, analyze: Request, remediate: Request) -> Item:
    urn: Any = analyze["urn"]
    try:
        data = encode_resource(analyze)
        # only Remediate gets the engine's own properties, which most resources do not have
        same = len(analyze["properties"]) == len(remediate["properties"])
        whole = data if same else encode_resource(remediate)
    except Unsendable as error:
        return Item(position, urn, analyze["type"], b"", problem=f"it cannot be sent: {error}")
    return Item(position, urn, analyze["type"], data, whole)
