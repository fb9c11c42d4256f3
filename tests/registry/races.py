"""Many publishing processes at one version: who was told what, and was it true?

    python -m tests.registry.races URL --publishers 50 --rounds 40 --faults 0.4

`URL` is where they publish, perhaps through a fault proxy; `--check URL` is where the outcome is read, by
default the same. In two rounds of three all wait for each other right before their commit, in the third
they come as they come. `--faults` is the share of requests that each publisher's own bucket spoils (lost
replies, late deliveries, 409 and 5xx, cut uploads). Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
import uuid
from collections import Counter
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from packreg.errors import OutcomeUnknown, StoreUnavailable, VersionUsed
from packreg.pack.reference import Reference
from packreg.registry.record import Source
from packreg.registry.registry import Registry
from packreg.store.azure import AzureBucket
from packreg.store.open import open_store
from packreg.store.s3 import S3Bucket
from packreg.store.store import Store
from packreg.store.url import parse_location
from tests.registry.buckets import Tapped
from tests.registry.packs import NOW, bundle, pack
from tests.store.faulty import FaultyBucket

#: Publisher, what it was told in each round, its requests in all rounds.
Report = tuple[int, list[str], int]


def registry_at(url: str, store: Store | None = None, deadline: float = 120.0) -> Registry:
    """The registry at a URL, as a publisher that waits long for an answer sees it."""
    location = parse_location(url, cwd=Path.cwd())
    return Registry(
        store or open_store(location, deadline=deadline, environ=os.environ),
        location=location,
        now=lambda: NOW,
        new_id=lambda: str(uuid.uuid4()),
    )


def store_to_share(url: str) -> Store:
    """A store for processes that are forked: set up as far as it takes long, and without any connection.

    A connection that is open when a process forks is used by both, and each reads answers to the other.
    """
    store = open_store(parse_location(url, cwd=Path.cwd()), environ=os.environ)
    if isinstance(store.bucket, S3Bucket | AzureBucket):
        store.bucket.connect()
    return store


def content(publisher: int, number: int) -> str:
    """What a publisher publishes in a round: in even ones its own content, in odd ones one of two."""
    return f"content {publisher if number % 2 == 0 else publisher % 2}"


def race(
    url: str,
    publishers: int = 50,
    rounds: int = 10,
    faults: float = 0.0,
    *,
    check: str = "",
    deadline: float = 120.0,
) -> dict[str, Any]:
    """Let processes publish the same versions at the same moments, and hold every answer against the outcome.

    Returns what happened; `violations` is empty if there was one winner in every round, whole and readable,
    and everybody was told the truth.
    """
    begun = time.monotonic()
    registry_at(url, deadline=deadline).init()
    store = store_to_share(url)
    name = f"race-{uuid.uuid4().hex[:12]}"
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(publishers)
    reports: Queue[Report] = context.Queue()
    processes = [
        context.Process(
            target=_publisher,
            args=(number, url, store, name, rounds, faults, deadline, barrier, reports),
        )
        for number in range(publishers)
    ]
    for process in processes:
        process.start()
    collected = [reports.get(timeout=3600) for _ in processes]
    for process in processes:
        process.join(60)
    told = Counter(word for _, words, _ in collected for word in words)
    return {
        "publishers": publishers,
        "rounds": rounds,
        "faults": faults,
        "told": dict(sorted(told.items())),
        "requests": sum(requests for _, _, requests in collected),
        "violations": _violations(registry_at(check or url), name, rounds, collected),
        "seconds": round(time.monotonic() - begun, 1),
    }


def _publisher(
    number: int,
    url: str,
    store: Store,
    name: str,
    rounds: int,
    faults: float,
    deadline: float,
    barrier: Barrier,
    reports: Queue[Report],
) -> None:
    faulty = FaultyBucket.seeded(store.bucket, number, faults) if faults else None
    waiting = False

    def at_the_commit(verb: str, key: str) -> None:
        """Wait for all others before the first attempt at creating the record."""
        nonlocal waiting
        if waiting and verb == "put_new" and "/v/" in key:
            waiting = False
            barrier.wait(600)

    bucket = Tapped(faulty or store.bucket, before=at_the_commit)
    target = registry_at(url, Store(bucket, deadline=deadline))
    words = []
    for turn in range(rounds):
        made = pack(name, f"1.0.{turn}", content(number, turn))
        barrier.wait(600)
        waiting = turn % 3 < 2
        try:
            result = target.publish(
                made, lock=None, source=Source(), publisher=str(number), tool=str(os.getpid())
            )
            words.append("already" if result.already else "published")
        except VersionUsed:
            words.append("used")
        except (OutcomeUnknown, StoreUnavailable) as failed:
            words.append("unknown" if isinstance(failed, OutcomeUnknown) else "unavailable")
        except Exception as failed:
            words.append(f"{type(failed).__name__}: {failed}")
        if waiting:  # it failed before its commit, and the others wait for it
            barrier.wait(600)
    if faulty:
        faulty.settle()
    reports.put((number, words, target.store.requests))


def _violations(reader: Registry, name: str, rounds: int, reports: list[Report]) -> list[str]:
    """Every way in which what publishers were told is not what is there."""
    found = []
    for turn in range(rounds):
        version = f"1.0.{turn}"
        record = reader.resolve(Reference.parse(f"{name}@{version}")).record
        reader.files(record)
        told = {number: words[turn] for number, words, _ in reports}
        winners = [number for number, word in told.items() if word == "published"]
        silent = [number for number, word in told.items() if word == "unknown"]
        if len(winners) > 1 or (not winners and record.publisher not in map(str, silent)):
            found.append(f"{version}: {len(winners)} were told that they published it")
        if winners and record.publisher != str(winners[0]):
            found.append(
                f"{version}: {winners[0]} was told that it published, the record is {record.publisher}'s"
            )
        for number, word in told.items():
            same = bundle(name, version, content(number, turn)).digest == record.digest
            if word not in ("published", "already", "used", "unknown", "unavailable"):
                found.append(f"{version}: {number} met {word}")
            if (word in ("published", "already") and not same) or (word == "used" and same):
                found.append(f"{version}: {number} was told {word!r}, which is not true")
    return found


def main() -> None:
    """Race, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--check", default="")
    parser.add_argument("--publishers", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--faults", type=float, default=0.0)
    options = parser.parse_args()
    print(
        json.dumps(race(options.url, options.publishers, options.rounds, options.faults, check=options.check))
    )


if __name__ == "__main__":
    main()
