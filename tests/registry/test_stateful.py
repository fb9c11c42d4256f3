"""Any history of publishing, yanking, removing and collecting, by several clients behind bad networks.

What must hold at every request of every client: a version never has two contents; what was acknowledged is
there; what was removed stays used; and a release that can be seen is whole.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from packreg.errors import NotFound, OutcomeUnknown, Removed, StoreUnavailable, VersionUsed
from packreg.pack.version import Version
from packreg.registry.proof import prove_files
from packreg.registry.record import Record, Source
from packreg.registry.registry import Registry
from packreg.registry.verification import UNDECIDED
from packreg.store.memory import MemoryBucket
from tests.laws import LONG_LAW
from tests.store.faulty import WRITE_FAULTS, Fault, FaultyBucket

from .buckets import Tapped
from .packs import Memory, bundle, lock, pack, registry

VERSIONS = ["1.0.0", "1.0.0-rc.1", "1.0.0-RC.1", "1.1.0"]
#: What happens to a client's requests, one after the other; when the list is used up, nothing any more.
NETWORKS = st.lists(st.sampled_from(WRITE_FAULTS), max_size=6)
READS = st.lists(st.booleans(), max_size=6)

Action = Callable[[Registry], object]


def collecting(now: float) -> Action:
    """List the garbage and delete it."""
    return lambda target: list(target.collect(target.gc(now)))


class Histories(RuleBasedStateMachine):
    """A bucket, what clients were told about it, and what readers saw in it."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self.bucket = MemoryBucket(now=lambda: self.time)
        registry(self.bucket).init()
        self.acknowledged: dict[Version, str] = {}
        self.removed: set[Version] = set()
        self.seen: dict[Version, str] = {}
        self.networks: list[FaultyBucket] = []
        self.clients = 0
        self.attempts = 0
        self.collecting = 0

    # What a client does

    def client(self, faults: list[Fault], breaks: list[bool]) -> tuple[Registry, Tapped]:
        """A client behind a network of its own, at whose every request a reader looks."""
        write, read = iter(list(faults)), iter(list(breaks))
        network = FaultyBucket(self.bucket, lambda: next(write, "pass"), lambda: next(read, False))
        self.networks.append(network)
        self.clients += 1
        tapped = Tapped(network, before=lambda verb, key: self.look())
        memory = Memory() if self.clients % 2 else None
        return registry(tapped, remembered=memory, who=f"client-{self.clients}", deadline=0.5), tapped

    def publish(self, target: Registry, version: str, content: str) -> None:
        """Publish, and hold what the client is told against what is there."""
        key, digest = Version(version), bundle("guard", version, content).digest
        self.attempts += 1
        attempt = f"attempt {self.attempts}"
        try:
            target.publish(
                pack("guard", version, content),
                lock=lock(),
                source=Source(),
                publisher="p",
                tool=attempt,
            )
        except VersionUsed:
            record = self.stored(key)
            assert record is not None
            assert record.digest != digest or self.is_removed(key)
        except OutcomeUnknown:
            pass
        except StoreUnavailable:
            record = self.stored(key)
            assert record is None or record.tool != attempt, "told that nothing was changed"
        else:
            assert self.acknowledged.get(key, digest) == digest
            assert key not in self.removed, "a removed version was published again"
            self.acknowledged[key] = digest

    @rule(version=st.sampled_from(VERSIONS), content=st.sampled_from("ab"), faults=NETWORKS, breaks=READS)
    def publish_alone(self, version: str, content: str, faults: list[Fault], breaks: list[bool]) -> None:
        """One client publishes."""
        self.publish(self.client(faults, breaks)[0], version, content)

    @rule(
        version=st.sampled_from(VERSIONS),
        content=st.sampled_from("ab"),
        other=st.sampled_from("ab"),
        at=st.integers(1, 8),
        faults=NETWORKS,
        then=st.sampled_from(["nothing", "remove", "collect"]),
    )
    def publish_in_between(
        self, version: str, content: str, other: str, at: int, faults: list[Fault], then: str
    ) -> None:
        """A second client publishes, and perhaps removes or collects, at some request of the first."""
        first, tapped = self.client(faults, [])
        requests = [0]

        def meddle(verb: str, key: str) -> None:
            self.look()
            requests[0] += 1
            if requests[0] == at:
                second = self.client([], [])[0]
                self.publish(second, version, other)
                if then == "remove":
                    self.remove(second, version)
                elif then == "collect":
                    collecting(self.time)(second)

        tapped.before = meddle
        with self.overtaken(version):
            self.publish(first, version, content)

    @contextlib.contextmanager
    def overtaken(self, version: str) -> Iterator[None]:
        """A publish that was acknowledged just before somebody else removed it is no contradiction."""
        removed = Version(version) in self.removed
        try:
            yield
        except AssertionError as failed:
            if removed or "was published again" not in str(failed):
                raise

    def remove(self, target: Registry, version: str) -> None:
        """Remove, and remember what was acknowledged."""
        with contextlib.suppress(OutcomeUnknown, StoreUnavailable, NotFound):
            target.remove("guard", Version(version), "why", "ann")
            self.removed.add(Version(version))

    @rule(version=st.sampled_from(VERSIONS), faults=NETWORKS, breaks=READS)
    def remove_alone(self, version: str, faults: list[Fault], breaks: list[bool]) -> None:
        """One client removes."""
        self.remove(self.client(faults, breaks)[0], version)

    @rule(version=st.sampled_from(VERSIONS), restore=st.booleans(), faults=NETWORKS, breaks=READS)
    def revise(self, version: str, restore: bool, faults: list[Fault], breaks: list[bool]) -> None:
        """One client yanks or restores: told so, it is so."""
        target = self.client(faults, breaks)[0]
        with contextlib.suppress(OutcomeUnknown, StoreUnavailable, NotFound):
            (target.restore if restore else target.yank)("guard", Version(version), "why", "ann")
            state = registry(self.bucket).versions("guard").by_version[Version(version)].state
            assert state == ("published" if restore else "yanked")

    @rule(faults=NETWORKS, breaks=READS)
    def collect(self, faults: list[Fault], breaks: list[bool]) -> None:
        """One client collects garbage."""
        self.collecting += 1
        with contextlib.suppress(OutcomeUnknown, StoreUnavailable):
            collecting(self.time)(self.client(faults, breaks)[0])
        self.collecting -= 1

    @rule(version=st.sampled_from(VERSIONS), content=st.sampled_from("ab"), at=st.integers(1, 12))
    def collect_in_between(self, version: str, content: str, at: int) -> None:
        """Somebody publishes at some request of a collector."""
        collector, tapped = self.client([], [])
        requests = [0]

        def meddle(verb: str, key: str) -> None:
            requests[0] += 1
            if requests[0] == at:
                self.publish(self.client([], [])[0], version, content)

        tapped.before = meddle
        self.collecting += 1
        collecting(self.time)(collector)
        self.collecting -= 1

    @rule()
    def a_month_passes(self) -> None:
        """Everything under way arrives; what nobody decided until now becomes garbage."""
        self.everything_arrives()
        self.time += UNDECIDED + 1

    @rule()
    def everything_arrives(self) -> None:
        """Late writes arrive, long after their clients gave up."""
        for network in self.networks:
            network.settle()
        self.networks.clear()

    # What a reader sees

    def stored(self, version: Version) -> Record | None:
        """The record that is in the bucket now."""
        with contextlib.suppress(NotFound):
            return registry(self.bucket).record("guard", version)
        return None

    def is_removed(self, version: Version) -> bool:
        """Whether a tombstone is in the bucket now."""
        release = registry(self.bucket).versions("guard").by_version.get(version)
        return release is not None and release.state == "removed"

    @invariant()
    def look(self) -> None:
        """Read the whole registry, as it is at this moment."""
        reader = registry(self.bucket)
        found = reader.versions("guard").by_version
        assert set(self.acknowledged) <= set(found), "an acknowledged version is lost"
        for version in self.removed:
            assert found[version].state == "removed", "a removal was lost"
        for version, release in found.items():
            record = reader.record("guard", version)
            assert self.seen.setdefault(version, record.digest) == record.digest, "two contents of a version"
            assert self.acknowledged.get(version, record.digest) == record.digest
            if release.state != "removed" and not self.collecting:
                prove_files(record, reader.fetch(record))
            elif release.state == "removed":
                with contextlib.suppress(Removed):
                    reader.fetch(record)

    def teardown(self) -> None:
        """Once everything has arrived and the garbage is gone, the registry is whole and clean."""
        self.everything_arrives()
        self.look()
        cleaner = registry(self.bucket)
        self.time += UNDECIDED + 1
        list(cleaner.collect(cleaner.gc(self.time)))
        assert [finding for finding in cleaner.verify() if finding.level != "ok"] == []


Histories.TestCase.settings = settings(LONG_LAW, stateful_step_count=25)
TestHistories = Histories.TestCase
