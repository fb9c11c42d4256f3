"""The store on real servers: the same promises as everywhere, races and chains at full length.

`PACKREG_ROUNDS` is the number of rounds of a race without faults (default 12; with faults a third of it).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from packreg.errors import StoreUnsafe
from packreg.store.bucket import Bucket
from packreg.store.location import S3Location
from packreg.store.probe import canary, plant_canary, probe
from packreg.store.s3 import S3Bucket
from packreg.store.store import Store
from tests.servers.conftest import Figures, bucket_at
from tests.store.conformance import BucketConformance
from tests.store.fault_proxy import WRITE_FAULTS, FaultProxy
from tests.store.ministack import client
from tests.store.test_races import measure

ROUNDS = int(os.environ.get("PACKREG_ROUNDS", "12"))


class TestConformance(BucketConformance):
    """The suite that memory, the directory and the emulator pass."""


def test_probe_approves(bucket: Bucket, figures: Figures) -> None:
    """The whole probe, as `init` runs it, finds the server safe and knows what it does with checksums."""
    verdict = probe(bucket)
    figures.add({"ok": verdict.ok, **verdict.facts})
    assert verdict.ok, verdict.reason
    assert verdict.facts["checksums"] in ("verified", "ignored")


def test_versioned_buckets_of_ceph_are_refused(ceph: str, figures: Figures) -> None:
    """The same server, a bucket with versions: it ignores the condition, and is refused for that."""
    server = client(ceph)
    server.create_bucket(Bucket="versioned")
    server.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    verdict = probe(S3Bucket(S3Location(bucket="versioned", endpoint_url=ceph)))
    figures.add({"ok": verdict.ok, "reason": verdict.reason, **verdict.facts})
    assert not verdict.ok
    assert "IGNORED" in verdict.reason
    assert verdict.facts["versioning"] == "enabled"


def test_the_canary_notices_versions_switched_on(ceph: str) -> None:
    """A bucket that was safe when the registry was made is not published to once it keeps versions."""
    server = client(ceph)
    server.create_bucket(Bucket="changing")
    store = Store(S3Bucket(S3Location(bucket="changing", endpoint_url=ceph)))
    plant_canary(store)
    canary(store)
    server.put_bucket_versioning(Bucket="changing", VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(StoreUnsafe):
        canary(store)


def test_rclone_is_refused(rclone: str, figures: Figures) -> None:
    """A server that ignores the condition is refused, with that reason."""
    verdict = probe(S3Bucket(S3Location(bucket="registry", endpoint_url=rclone)))
    figures.add({"ok": verdict.ok, "reason": verdict.reason, **verdict.facts})
    assert not verdict.ok
    assert "IGNORED" in verdict.reason


@pytest.mark.parametrize("size", [400, 262_144])
def test_race(url: str, figures: Figures, size: int) -> None:
    """Of 50 processes that create one object exactly one wins, in every round, and everyone is told so."""
    rounds = str(ROUNDS if size < 1000 else max(1, ROUNDS // 4))
    outcome = measure("races", "race", url, "--rounds", rounds, "--writers", "50", "--size", str(size))
    figures.add(outcome)
    assert outcome["violations"] == []
    assert outcome["winners"] == outcome["rounds"]


def test_race_with_faults(url: str, server: str, proxy: FaultProxy, figures: Figures) -> None:
    """The same while 60 % of the writes are spoiled: everyone is told the truth, and in the end knows it."""
    proxy.chance(writes=0.6, reads=0.15, seed=ROUNDS, faults=WRITE_FAULTS)
    rounds = str(max(1, ROUNDS // 3))
    spoiled = url.replace(server, proxy.endpoint)
    outcome = measure(
        "races", "race", spoiled, "--check", url, "--rounds", rounds, "--writers", "50", seconds=1200
    )
    proxy.settle()
    figures.add({**outcome, "faults": _spoiled(proxy)})
    assert outcome["violations"] == []
    assert outcome["unknown"] == 0
    assert _spoiled(proxy) > 0


def test_chain_with_lost_replies(url: str, server: str, proxy: FaultProxy, figures: Figures) -> None:
    """20 writers, 5 edits each, 30 % of the replies lost: every edit is in the last revision exactly once."""
    proxy.chance(writes=0.3, reads=0.0, seed=7, faults=("drop-after",))
    spoiled = url.replace(server, proxy.endpoint)
    outcome = measure(
        "races", "chain", spoiled, "--check", url, "--writers", "20", "--edits", "5", seconds=1200
    )
    figures.add({**outcome, "replies_lost": _spoiled(proxy)})
    assert outcome["violations"] == []
    assert outcome["acknowledged"] == outcome["in_last_revision"] == 100


@pytest.mark.parametrize("fault", WRITE_FAULTS)
def test_every_fault(url: str, server: str, proxy: FaultProxy, fault: str) -> None:
    """Whatever happens to two attempts in a row, the creator learns that it created, and others do not."""
    store = Store(bucket_at(url.replace(server, proxy.endpoint), read_timeout=5))
    proxy.plan(writes=(fault, fault))
    assert store.create("a", b"mine") is None
    proxy.plan(writes=(fault,))
    assert store.create("a", b"theirs") == b"mine"
    proxy.settle()
    assert store.get("a") == b"mine"


def _spoiled(proxy: FaultProxy) -> int:
    return sum(number for word, number in proxy.seen.items() if not word.endswith(" pass"))


def test_race_in_a_directory(tmp_path: Path, figures: Figures) -> None:
    """The race on the embedded store, at full length."""
    outcome = measure("races", "race", str(tmp_path), "--rounds", str(5 * ROUNDS), "--writers", "50")
    figures.add(outcome)
    assert (outcome["violations"], outcome["winners"]) == ([], outcome["rounds"])


def test_race_in_a_directory_with_faults(tmp_path: Path, figures: Figures) -> None:
    """The same, 60 % of the requests spoiled."""
    rounds = str(max(1, ROUNDS // 2))
    outcome = measure(
        "races", "race", str(tmp_path), "--rounds", rounds, "--writers", "50", "--faults", "0.6"
    )
    figures.add(outcome)
    assert (outcome["violations"], outcome["unknown"]) == ([], 0)


def test_chain_in_a_directory_with_faults(tmp_path: Path, figures: Figures) -> None:
    """20 writers with 5 edits each on the embedded store, 30 % of the requests spoiled."""
    outcome = measure("races", "chain", str(tmp_path), "--writers", "20", "--edits", "5", "--faults", "0.3")
    figures.add(outcome)
    assert outcome["violations"] == []
    assert outcome["acknowledged"] == outcome["in_last_revision"] == 100


def test_killed_writers(tmp_path: Path, figures: Figures) -> None:
    """300 writers to a directory killed at any moment: nothing acknowledged is lost, nothing half visible."""
    outcome = measure("crash", "run", str(tmp_path), "--kills", "300", seconds=1200)
    figures.add(outcome)
    assert outcome["problems"] == []
