"""Laws of the store and of chains that hold under every schedule of faults: hypothesis looks for a breach."""

from __future__ import annotations

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from packreg.errors import NotFound, OutcomeUnknown, StoreUnavailable
from packreg.store.bucket import Bucket
from packreg.store.chain import Chain, Revision
from packreg.store.local import LocalBucket
from packreg.store.memory import MemoryBucket
from packreg.store.store import Store
from tests.laws import LONG_LAW
from tests.store.faulty import WRITE_FAULTS, Fault, FaultyBucket

KEYS = ("a/b", "c")
FAULTS = st.lists(st.sampled_from(WRITE_FAULTS), max_size=8)
READS = st.lists(st.booleans(), max_size=8)


class _World(RuleBasedStateMachine):
    """A bucket that several clients use through bad networks; each call has its own faults."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = TemporaryDirectory()
        self.truth: Bucket = MemoryBucket()
        self.networks: list[FaultyBucket] = []
        self.faults: list[Fault] = []
        self.read_faults: list[bool] = []
        self.numbers = itertools.count()

    @initialize(local=st.integers(0, 9).map(lambda n: n == 9), delay=st.integers(0, 6))
    def choose(self, local: bool, delay: int) -> None:
        """Begin in memory or, more seldom since it is slow, on disk."""
        if local:
            self.truth = LocalBucket(str(Path(self.directory.name) / "registry"))
        for _ in range(3):
            self.networks.append(
                FaultyBucket(
                    self.truth,
                    lambda: self.faults.pop() if self.faults else "pass",
                    lambda: self.read_faults.pop() if self.read_faults else False,
                    delay=lambda: delay,
                )
            )

    def store(self, client: int, faults: list[Fault], reads: list[bool], attempts: int) -> Store:
        """The store of a client whose next requests fail like this, and that waits so many times."""
        self.faults, self.read_faults = list(faults), list(reads)
        now = itertools.count()
        return Store(
            self.networks[client],
            deadline=attempts,
            sleep=lambda _: None,
            random=lambda: 0.0,
            monotonic=lambda: next(now),
        )

    def teardown(self) -> None:
        """Let all that is late arrive, and look once more."""
        for network in self.networks:
            network.settle()
        self.holds()
        self.directory.cleanup()

    @invariant()
    def holds(self) -> None:
        """What must be true at every moment."""


class CreatesOnce(_World):
    """An object never changes, and everyone is told the truth about it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, bytes] = {}

    @rule(
        client=st.integers(0, 2),
        key=st.sampled_from(KEYS),
        own=st.booleans(),
        faults=FAULTS,
        reads=READS,
        attempts=st.integers(2, 30),
    )
    def create(
        self, client: int, key: str, own: bool, faults: list[Fault], reads: list[bool], attempts: int
    ) -> None:
        """Somebody creates; the outcome must agree with what is there."""
        data = b"own %d" % next(self.numbers) if own else b"same"
        try:
            there = self.store(client, faults, reads, attempts).create(key, data)
        except (OutcomeUnknown, StoreUnavailable) as failed:
            if isinstance(failed, StoreUnavailable):
                assert self._now(key) != data or not own, "it said that nothing was written"
            return
        assert self._now(key) == (data if there is None else there)
        assert there != data

    @rule(client=st.integers(0, 2))
    def settle(self, client: int) -> None:
        """Late writes arrive."""
        self.networks[client].settle()

    def _now(self, key: str) -> bytes | None:
        try:
            return self.truth.get(key, limit=100)
        except NotFound:
            return None

    @invariant()
    def holds(self) -> None:
        """Once there, an object keeps its bytes."""
        for key in KEYS:
            now = self._now(key)
            if now is not None:
                assert self.seen.setdefault(key, now) == now
            else:
                assert key not in self.seen


class ChainsLoseNothing(_World):
    """Every acknowledged edit is in the document exactly once, every other one at most once."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.unknown: list[str] = []

    @rule(
        client=st.integers(0, 2),
        rivals=st.integers(0, 2),
        faults=FAULTS,
        reads=READS,
        attempts=st.integers(2, 30),
    )
    def append(self, client: int, rivals: int, faults: list[Fault], reads: list[bool], attempts: int) -> None:
        """Somebody adds a line, while some others are faster."""
        waiting = [f"rival-{next(self.numbers)}" for _ in range(rivals)]
        line = f"line-{next(self.numbers)}"

        def edit(last: Revision | None) -> bytes:
            if waiting:
                rival = waiting.pop()
                Chain(Store(self.truth), "chain").append(
                    lambda newest: _with(newest, rival), attempt_id=f"attempt-{rival}"
                )
                self.done.append(rival)
            return _with(last, line)

        chain = Chain(self.store(client, faults, reads, attempts), "chain")
        try:
            revision = chain.append(edit, attempt_id=f"attempt-{line}")
        except OutcomeUnknown:
            self.unknown.append(line)
        except StoreUnavailable:
            self.unknown.append(line)
        else:
            assert revision.value.endswith(line.encode() + b"\n")
            self.done.append(line)

    @rule(client=st.integers(0, 2))
    def settle(self, client: int) -> None:
        """Late writes arrive."""
        self.networks[client].settle()

    @invariant()
    def holds(self) -> None:
        """The newest revision holds what it must, and the history is whole."""
        chain = Chain(Store(self.truth), "chain")
        head = chain.head()
        lines = head.value.decode().split() if head else []
        assert len(lines) == len(set(lines)), "an edit was applied twice"
        assert set(self.done) <= set(lines), "an acknowledged edit was lost"
        assert set(lines) <= {*self.done, *self.unknown}
        assert [revision.number for revision in chain.history()] == list(range(len(lines), 0, -1))


def _with(last: Revision | None, line: str) -> bytes:
    return (last.value if last else b"") + line.encode() + b"\n"


TestCreatesOnce = CreatesOnce.TestCase
TestChainsLoseNothing = ChainsLoseNothing.TestCase
TestCreatesOnce.settings = TestChainsLoseNothing.settings = settings(LONG_LAW, stateful_step_count=15)
