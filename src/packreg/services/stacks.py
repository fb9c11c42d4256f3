"""The stacks of a backend: which ones are meant, reading one, and working through all of them."""

from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from packreg.errors import InvalidState, NotFound, UsageError
from packreg.groups.entities import stack_entity
from packreg.groups.model import SELF_MANAGED
from packreg.services.resources import backend_url
from packreg.states.backend import list_stacks, read_checkpoint
from packreg.states.secrets import Unwrap
from packreg.states.stack_tags import read_stack_tags
from packreg.states.state import read_state

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from packreg.analyzer.pool import Pool
    from packreg.groups.model import Entity
    from packreg.services.workspace import Workspace
    from packreg.states.backend import StackEntry
    from packreg.states.places import Place
    from packreg.states.snapshot import Snapshot

A = TypeVar("A")
B = TypeVar("B")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class StackTask:
    """A stack to judge; `project` is the one that was named, which it must be of, or ""."""

    stack: StackEntry
    project: str = ""

    @property
    def name(self) -> str:
        """The stack's full name, as far as it is known before it is read."""
        return f"{SELF_MANAGED}/{self.stack.project or self.project or '?'}/{self.stack.name}"


class Shard(NamedTuple):
    """One part of all stacks, such as the second of eight, counted from 1."""

    part: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `2/8`. Raises UsageError: it does not look like that."""
        match = re.fullmatch(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", text, re.ASCII)
        if match is None or int(match[1]) > int(match[2]):
            raise UsageError(f"{text[:40]!r} is not a shard", hint="write --shard 2/8 for the second of 8")
        return cls(int(match[1]), int(match[2]))

    def has(self, stack: StackEntry) -> bool:
        """Whether a stack is in this part; it is always in the same one, whichever other stacks there are."""
        digest = hashlib.sha256(f"{stack.project}/{stack.name}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.of + 1 == self.part


@dataclass(frozen=True)
class StackSelection:
    """Which stacks of a backend are meant: those that are named, or all without names.

    Of those only the ones in `shard`, and written later than `since`, in seconds since the epoch.
    """

    names: Sequence[str] = ()
    shard: Shard | None = None
    since: float | None = None

    def tasks(self, place: Place) -> list[StackTask]:
        """The stacks that are meant, in order.

        Raises:
            NotFound: one that is named is not there.
            UsageError: it is no name of a stack.
            StoreError: the backend cannot be listed.
        """
        there = list_stacks(place)
        found = self._named(there, place) if self.names else [StackTask(each) for each in there]
        return [
            each
            for each in found
            if (self.shard is None or self.shard.has(each.stack))
            and (self.since is None or each.stack.modified > self.since)
        ]

    def _named(self, there: Sequence[StackEntry], place: Place) -> list[StackTask]:
        chosen: set[StackTask] = set()
        for text in self.names:
            _, project, name = stack_entity(text).in_its_backend.split("/")
            fitting = [each for each in there if each.name == name and each.project in ("", project)]
            if not fitting:
                raise NotFound(f"{place.describe()} has no stack {project}/{name}")
            chosen |= {StackTask(each, project) for each in fitting}
        return sorted(chosen, key=lambda task: task.stack)


def read_since(text: str) -> float:
    """A day, at its beginning, or a moment in UTC, as seconds since the epoch. Raises UsageError: neither."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text[:40]!r} is not a time", hint="write 2026-08-01, 2026-08-01T12:00:00Z or last"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def backend_of(workspace: Workspace, names: Sequence[str], backend: str | None) -> str:
    """The URL of the one backend that stacks are in, which they may be named with.

    Raises:
        UsageError: nothing names it, or stacks are named of another one.
    """
    named = {stack_entity(text).backend for text in names} - {""}
    if len(named) > 1 or (named and backend not in (None, *named)):
        raise UsageError("stacks of one backend are audited at a time", hint="leave the others out")
    return backend_url(workspace, min(named) if named else backend)


def read_stack(
    task: StackTask, place: Place, passphrase: str | None, unwrap: Unwrap | None = None
) -> tuple[Entity, Snapshot]:
    """A stack with its tags and its full name, which in the legacy layout only its resources know; its state.

    Raises:
        NotFound: it is gone, or of another project than the one that was named.
        InvalidState: it cannot be read, or does not say which project it is of.
        StoreRefused, StoreUnavailable: the backend refuses, or does not answer.
    """
    stack, wanted = task.stack, task.project
    source = read_checkpoint(stack.file, place)
    snapshot = read_state(source.data, source.where, passphrase=passphrase, unwrap=unwrap)
    project = stack.project or snapshot.project or wanted
    if not project:
        raise InvalidState(f"{snapshot.where} does not say which project it is of: it has no resources")
    if wanted and project != wanted:
        raise NotFound(f"{snapshot.where} is of the project {project[:100]!r}, not of {wanted!r}")
    tags = read_stack_tags(stack, place)
    return stack_entity(f"{SELF_MANAGED}/{project}/{stack.name}", tags), snapshot


def work_through(
    workspace: Workspace,
    doing: str,
    work: Callable[[A], B],
    things: Sequence[A],
    pool: Pool,
    *,
    jobs: int | None = None,
) -> list[B]:
    """Work on each, several at the same time (default: one per processor); gives results as they are done.

    An interrupt or an error stops the pool's processes, so that nothing waits for a verdict.
    """
    workers = min(jobs or os.cpu_count() or 1, max(1, len(things)))
    threads = ThreadPoolExecutor(workers, thread_name_prefix="packreg-stack")
    try:
        with workspace.notify.working(len(things), doing) as progress:
            results = []
            for each in as_completed([threads.submit(work, thing) for thing in things]):
                results.append(each.result())
                progress.done()
    except BaseException:
        threads.shutdown(wait=False, cancel_futures=True)
        pool.close()
        raise
    finally:
        threads.shutdown()
    return results
