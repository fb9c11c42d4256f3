"""Publishers that are killed at any moment: nothing acknowledged is lost, nothing is half visible.

    python -m tests.registry.kills URL --kills 300

Publishers publish version after version of one pack, each its own content, so that they meet all the time.
One after the other is killed with SIGKILL and replaced, while readers prove what they see. At the end
everything is proved again, then the garbage is collected and everything is proved once more. Prints one line
of JSON.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import select
import time
import uuid
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any

from packreg.errors import VersionUsed
from packreg.pack.bundle import encode
from packreg.pack.files import File
from packreg.pack.version import Version
from packreg.registry.record import Source
from packreg.registry.registry import Registry
from packreg.registry.verification import UNDECIDED
from packreg.store.store import Store
from tests.registry.packs import pack
from tests.registry.races import registry_at, store_to_share

NAME = "guard"
#: The largest random file of a pack, in bytes: uploads take long enough to be cut.
LARGEST = 300_000


def run(url: str, kills: int, *, publishers: int = 4, readers: int = 2, seed: int = 1) -> dict[str, Any]:
    """Kill publishers, and say what was left.

    In what is returned, `lost` counts acknowledged releases that are not there, `doubled` versions that were
    acknowledged with two contents, `half_visible` releases that were seen or left without all of their bytes:
    all should be 0.
    """
    begun = time.monotonic()
    chance = random.Random(seed)
    registry_at(url).init()
    store = store_to_share(url)
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    seen: Queue[tuple[int, list[str]]] = context.Queue()
    watching = [
        context.Process(target=_read, args=(url, store, stop, seen, number)) for number in range(readers)
    ]
    for process in watching:
        process.start()
    working = [_Publisher(context, url, store) for _ in range(publishers)]
    told: list[str] = []
    for _ in range(kills):
        victim = working.pop(0)
        victim.listen(lines=chance.randrange(3))
        time.sleep(chance.uniform(0, 0.02))
        told += victim.kill()
        working.append(_Publisher(context, url, store))
    for publisher in working:
        told += publisher.kill()
    stop.set()
    observed = [seen.get(timeout=600) for _ in watching]
    for process in watching:
        process.join(60)
    problems = [problem for _, found in observed for problem in found]
    outcome = _judge(registry_at(url), told, problems)
    return {
        "kills": kills,
        "publishers": publishers,
        **outcome,
        "reader_checks": sum(checks for checks, _ in observed),
        "problems": problems[:20],
        "seconds": round(time.monotonic() - begun, 1),
    }


def _judge(reader: Registry, told: list[str], problems: list[str]) -> dict[str, int]:
    """Hold what was acknowledged against what is there, before and after collecting garbage."""
    acknowledged: dict[str, set[str]] = {}
    for line in told:
        word, version, digest = line.split()
        if word == "published":
            acknowledged.setdefault(version, set()).add(digest)
    findings = list(reader.verify())
    errors = [finding for finding in findings if finding.level == "error"]
    problems += [f"{finding.subject}: {finding.message}" for finding in errors]
    there = {release.version.text for release in reader.versions(NAME).releases}
    lost = 0
    for version, digests in acknowledged.items():
        if version not in there or {reader.record(NAME, Version(version)).digest} != digests:
            lost += 1
            problems.append(f"{version} was acknowledged and is lost")
    garbage = list(reader.collect(reader.gc(time.time() + UNDECIDED + 60)))
    swept = reader.sweep(time.time() + UNDECIDED)
    left = [finding for finding in reader.verify() if finding.level != "ok"]
    problems += [f"after collecting garbage, {finding.subject}: {finding.message}" for finding in left]
    return {
        "acknowledged": len(acknowledged),
        "releases": len(there),
        "refused": sum(line.startswith("used") for line in told),
        "lost": lost,
        "doubled": sum(len(digests) > 1 for digests in acknowledged.values()),
        "half_visible": len([problem for problem in problems if "reader" in problem])
        + len(errors)
        + len(left),
        "orphan_bundles_collected": len(garbage),
        "temporary_files_swept": swept,
    }


class _Publisher:
    """A publisher in a process of its own, and what it said before it died."""

    def __init__(self, context: Any, url: str, store: Store) -> None:
        self._out, into = os.pipe()
        self._process: BaseProcess = context.Process(target=_publish, args=(url, store, into))
        self._process.start()
        os.close(into)
        self._said = b""

    def listen(self, lines: int) -> None:
        """Wait until it said so many lines, or for ten seconds."""
        end = time.monotonic() + 10
        while self._said.count(b"\n") < lines and time.monotonic() < end:
            if select.select([self._out], [], [], 0.1)[0]:
                self._said += os.read(self._out, 65536)

    def kill(self) -> list[str]:
        """End it at once; the lines that it said in full."""
        self._process.kill()
        self._process.join()
        while part := os.read(self._out, 65536):
            self._said += part
        os.close(self._out)
        return [line.decode() for line in self._said.splitlines(keepends=True) if line.endswith(b"\n")]


def _publish(url: str, store: Store, out: int) -> None:
    """Publish the next version, and the next; a line for each answer, after it was given."""
    target = registry_at(url, store)
    releases = target.versions(NAME).releases
    number = releases[-1].version.release[2] if releases else 0
    while True:
        made = pack(NAME, f"1.0.{number}", str(uuid.uuid4()))
        made.files["rules.bin"] = File(os.urandom(random.randrange(LARGEST)))
        digest = encode(made.files).digest
        try:
            target.publish(made, lock=None, source=Source(), publisher="p", tool="t")
            word = "published"
        except VersionUsed:
            word = "used"
        os.write(out, f"{word} {made.version} {digest}\n".encode())
        number += 1


def _read(url: str, store: Store, stop: Event, seen: Queue[tuple[int, list[str]]], number: int) -> None:
    """Prove the newest releases and some others, over and over; no version may ever change."""
    chance = random.Random(number)
    digests: dict[str, str] = {}
    problems: list[str] = []
    checks = 0
    while not stop.is_set():
        reader = registry_at(url, store)
        versions = reader.versions(NAME).versions()
        for version in [*versions[-3:], *chance.sample(versions, min(3, len(versions)))]:
            try:
                record = reader.record(NAME, version)
                reader.files(record)
                if digests.setdefault(version.key, record.digest) != record.digest:
                    problems.append(f"a reader saw {version} change")
            except Exception as failed:
                problems.append(f"a reader met {version}: {failed!r}")
            checks += 1
    seen.put((checks, problems))


def main() -> None:
    """Kill publishers, and print what was left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--publishers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(json.dumps(run(options.url, options.kills, publishers=options.publishers, seed=options.seed)))


if __name__ == "__main__":
    main()
