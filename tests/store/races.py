"""Many processes at one key and at one chain: the promise of the store, measured.

    python -m tests.store.races race URL --rounds 40 --writers 50
    python -m tests.store.races chain URL --writers 20 --edits 5

`URL` is where the writers write, perhaps through a fault proxy; `--check URL` is where the outcome is read,
by default the same. `--faults RATE` spoils that share of the requests inside each writer, for a directory,
which has no network to spoil. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
import traceback
import uuid
from collections.abc import Callable
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

from packreg.errors import OutcomeUnknown, StoreUnavailable
from packreg.store.azure import AzureBucket
from packreg.store.chain import Chain, Revision
from packreg.store.open import open_store
from packreg.store.s3 import S3Bucket
from packreg.store.store import Store
from tests.store.faulty import FaultyBucket


def main() -> None:
    """Run one of the two and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["race", "chain"])
    parser.add_argument("url")
    parser.add_argument("--check", default="")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--writers", type=int, default=50)
    parser.add_argument("--edits", type=int, default=5)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--size", type=int, default=400, help="bytes per object in a race")
    parser.add_argument("--patience", type=float, default=600.0, help="seconds to wait for a writer")
    parser.add_argument("--deadline", type=float, default=120.0)
    options = parser.parse_args()
    begun = time.monotonic()
    outcome = (race if options.what == "race" else chain)(options)
    outcome["seconds"] = round(time.monotonic() - begun, 1)
    print(json.dumps(outcome))


def race(options: argparse.Namespace) -> dict[str, Any]:
    """Every writer creates the same keys with bytes of its own; was everyone told the truth?"""
    run = uuid.uuid4().hex
    reports = _run(_race_writer, options, run)
    check = open_store(options.check or options.url, environ=os.environ)
    outcome: dict[str, Any] = {"rounds": options.rounds, "writers": options.writers, "size": options.size}
    outcome.update(winners=0, unknown=0, requests=0)
    violations: list[str] = []
    for number in range(options.rounds):
        there = check.get(_race_key(run, number)).decode()
        told = {writer: words[number] for writer, words, _ in reports}
        won = [writer for writer, word in told.items() if word == "won"]
        outcome["winners"] += len(won)
        outcome["unknown"] += sum(word == "unknown" for word in told.values())
        owner = int(there.split()[0])
        if len(won) > 1:
            violations.append(f"round {number}: {len(won)} winners")
        if any(writer != owner for writer in won):
            violations.append(f"round {number}: told won, but the object is another's")
        if told[owner] not in ("won", "unknown"):
            violations.append(f"round {number}: its owner was told {told[owner]!r}")
        for word in told.values():
            if word.startswith("lost ") and word != f"lost {there[:80]}":
                violations.append(f"round {number}: a loser was shown other bytes than are there")
    outcome["requests"] = sum(requests for _, _, requests in reports)
    return {**outcome, "violations": violations}


def chain(options: argparse.Namespace) -> dict[str, Any]:
    """Every writer appends its lines to one document; each must be in the last revision exactly once."""
    run = uuid.uuid4().hex
    reports = _run(_chain_writer, options, run)
    chain = Chain(open_store(options.check or options.url, environ=os.environ), f"chains/{run}")
    head = chain.head()
    assert head is not None
    lines = head.value.decode().split()
    violations: list[str] = []
    acknowledged = 0
    for _, tokens, _ in reports:
        for token in tokens:
            word, _, line = token.partition(" ")
            times = lines.count(line)
            acknowledged += word == "done"
            if times > 1 or (word == "done" and times != 1):
                violations.append(f"{line} was {word} and is there {times} times")
    revisions = sum(1 for _ in chain.history())
    if revisions != len(lines):
        violations.append(f"{revisions} revisions hold {len(lines)} lines")
    return {
        "writers": options.writers,
        "edits": options.writers * options.edits,
        "acknowledged": acknowledged,
        "in_last_revision": len(lines),
        "requests": sum(requests for _, _, requests in reports),
        "violations": violations,
    }


Report = tuple[int, list[str], int]


def _run(work: Any, options: argparse.Namespace, run: str) -> list[Report]:
    """Fork the writers, which begin together, and collect their reports."""
    context = multiprocessing.get_context("fork")
    store = open_store(options.url, deadline=options.deadline, environ=os.environ)
    if isinstance(store.bucket, AzureBucket):
        store.bucket.connect()  # loads libraries that all writers then have; their clients are their own
    barrier = context.Barrier(options.writers)
    reports: Queue[Report] = context.Queue()
    writers = [
        context.Process(
            target=_guarded, args=(work, number, store, options, run, barrier, reports), daemon=True
        )
        for number in range(options.writers)
    ]
    for writer in writers:
        writer.start()
    collected: list[Report] = []
    for _ in writers:
        number, told, requests = reports.get(timeout=options.patience)
        if requests < 0:
            raise SystemExit(f"writer {number} failed:\n{told[0]}")
        collected.append((number, told, requests))
    for writer in writers:
        writer.join(60)
    return collected


def _guarded(
    work: Any, writer: int, store: Store, options: Any, run: str, barrier: Any, reports: Any
) -> None:
    """A writer that fails says so; the others would wait for it for ever."""
    try:
        if isinstance(store.bucket, S3Bucket | AzureBucket):
            store.bucket.connect()  # takes a third of a second, and all are to begin together
        work(writer, store, options, run, barrier, reports)
    except BaseException:
        reports.put((writer, [traceback.format_exc()], -1))


def _own(store: Store, number: int, options: argparse.Namespace) -> Store:
    if not options.faults:
        return store
    faulty = FaultyBucket.seeded(store.bucket, number, options.faults)
    return Store(faulty, deadline=options.deadline)


def _race_key(run: str, number: int) -> str:
    return f"races/{run}/{number}"


def _race_writer(
    writer: int, store: Store, options: argparse.Namespace, run: str, barrier: Barrier, reports: Queue[Report]
) -> None:
    store = _own(store, writer, options)
    told = []
    for number in range(options.rounds):
        data = f"{writer} {os.getpid()} {uuid.uuid4()} ".encode().ljust(options.size, b".")
        barrier.wait(600)
        try:
            there = store.create(_race_key(run, number), data)
        except (OutcomeUnknown, StoreUnavailable):
            told.append("unknown")
        else:
            told.append("won" if there is None else f"lost {there.decode()[:80]}")
    if isinstance(store.bucket, FaultyBucket):
        store.bucket.settle()
    reports.put((writer, told, store.requests))


def _chain_writer(
    writer: int, store: Store, options: argparse.Namespace, run: str, barrier: Barrier, reports: Queue[Report]
) -> None:
    store = _own(store, writer, options)
    chain = Chain(store, f"chains/{run}")
    told = []
    barrier.wait(600)
    for number in range(options.edits):
        line = f"writer-{writer}-edit-{number}"

        def edit(last: Revision | None, line: str = line) -> bytes:
            return (last.value if last else b"") + line.encode() + b"\n"

        told.append(f"{_appended(chain, edit)} {line}")
    if isinstance(store.bucket, FaultyBucket):
        store.bucket.settle()
    reports.put((writer, told, store.requests))


def _appended(chain: Chain, edit: Callable[[Revision | None], bytes]) -> str:
    """Append as a person would: what certainly was not stored is tried again, and would show if it was."""
    while True:
        try:
            chain.append(edit, attempt_id=str(uuid.uuid4()))
        except OutcomeUnknown:
            return "unknown"
        except StoreUnavailable:
            continue
        return "done"


if __name__ == "__main__":
    main()
