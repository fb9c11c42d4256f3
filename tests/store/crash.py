"""Writers that are killed at any moment: nothing acknowledged is lost, nothing is half visible.

    python -m tests.store.crash run DIRECTORY --kills 300

Writers publish in the registry's way, a blob and then a record that names its digest, and acknowledge each
record on standard output. A reader checks all the time that every record's blob is there and whole. One
writer after the other is killed with SIGKILL and replaced. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

from packreg.store.local import TEMPORARY, LocalBucket
from packreg.store.open import open_store
from packreg.store.store import Store

_REPOSITORY = Path(__file__).parents[2]


def main() -> None:
    """Be a writer, or run and kill some."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["work", "run"])
    parser.add_argument("directory")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.what == "work":
        work(options.directory)
    print(json.dumps(run(options)))


def work(directory: str) -> None:
    """Publish for ever; a line on standard output for each record that was acknowledged."""
    store = open_store(directory)
    number = 0
    while True:
        blob = os.urandom(random.randrange(1, 200_000))
        digest = hashlib.sha256(blob).hexdigest()
        name = f"{os.getpid()}-{number}-{os.urandom(4).hex()}"
        assert store.create(f"blobs/{name}/{digest}", blob) is None
        assert store.create(f"records/{name}", digest.encode()) is None
        os.write(1, f"{name} {digest}\n".encode())
        number += 1


def run(options: argparse.Namespace) -> dict[str, object]:
    """Kill writers, and check what is left behind."""
    chance = random.Random(options.seed)
    begun = time.monotonic()
    stop = threading.Event()
    problems: list[str] = []
    checks = [0]
    reader = threading.Thread(target=_read, args=(options.directory, stop, problems, checks))
    reader.start()
    writers = [_Writer(options.directory) for _ in range(options.writers)]
    acknowledged: dict[str, str] = {}
    for _ in range(options.kills):
        victim = writers.pop(0)
        victim.wait_for_acknowledgements(chance.randrange(3))
        time.sleep(chance.uniform(0, 0.02))
        acknowledged.update(victim.kill())
        writers.append(_Writer(options.directory))
    for writer in writers:
        acknowledged.update(writer.kill())
    stop.set()
    reader.join()
    bucket = LocalBucket(options.directory)
    store = Store(bucket)
    records = [entry.key for entry in store.list_all("records/")]
    for name, digest in acknowledged.items():
        if f"records/{name}" not in records or _check(store, f"records/{name}") != digest:
            problems.append(f"{name} was acknowledged and is lost")
    for key in records:
        _check(store, key)
    left = len(os.listdir(Path(options.directory) / TEMPORARY))
    swept = bucket.sweep(before=time.time() + 1)
    if swept != left:
        problems.append(f"{left} temporary files, {swept} swept")
    return {
        "kills": options.kills,
        "acknowledged": len(acknowledged),
        "records": len(records),
        "reader_checks": checks[0],
        "temporary_files_swept": swept,
        "problems": problems,
        "seconds": round(time.monotonic() - begun, 1),
    }


def _check(store: Store, key: str) -> str:
    """Read a record and its blob; the digest if both are whole."""
    digest = store.get(key, 100).decode()
    blob = store.get(f"blobs/{key.removeprefix('records/')}/{digest}", 300_000)
    assert hashlib.sha256(blob).hexdigest() == digest, key
    return digest


def _read(directory: str, stop: threading.Event, problems: list[str], checks: list[int]) -> None:
    store = open_store(directory)
    chance = random.Random(0)
    while not stop.is_set():
        keys = [entry.key for entry in store.list_all("records/")]
        for key in [*keys[-5:], *chance.sample(keys, min(5, len(keys)))]:
            try:
                _check(store, key)
            except Exception as failed:
                problems.append(f"a reader met {key}: {failed!r}")
            checks[0] += 1


class _Writer:
    """A writer in a process of its own, and what it acknowledged."""

    def __init__(self, directory: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.crash", "work", directory],
            cwd=_REPOSITORY,
            stdout=subprocess.PIPE,
        )
        self._lines: list[bytes] = []

    def wait_for_acknowledgements(self, number: int) -> None:
        assert self._process.stdout
        while len(self._lines) < number:
            self._lines.append(self._process.stdout.readline())

    def kill(self) -> dict[str, str]:
        """End it at once; the names and digests that it acknowledged."""
        self._process.kill()
        assert self._process.stdout
        self._lines += self._process.stdout.readlines()
        self._process.wait()
        self._process.stdout.close()
        # The last line may have been cut short: what was not said in full was not acknowledged.
        whole = [line.decode().split() for line in self._lines if line.endswith(b"\n")]
        return {words[0]: words[1] for words in whole}


if __name__ == "__main__":
    main()
