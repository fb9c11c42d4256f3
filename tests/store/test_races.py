"""Processes that race for one key and append to one chain, and writers that are killed: in moderate numbers.

The full numbers, and real servers, are in tests/servers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.store.fault_proxy import WRITE_FAULTS, FaultProxy

REPOSITORY = Path(__file__).parents[2]


def measure(module: str, *arguments: str, seconds: float = 600) -> dict[str, Any]:
    """Run one of the measuring programs and read its line of JSON."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.store.{module}", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def test_race_in_a_directory(tmp_path: Path) -> None:
    """Of 50 processes that create one object exactly one wins, and everyone is told the truth."""
    outcome = measure("races", "race", str(tmp_path), "--rounds", "10")
    assert (outcome["violations"], outcome["winners"], outcome["unknown"]) == ([], 10, 0)


def test_race_in_a_directory_with_faults(tmp_path: Path) -> None:
    """The same when a third of all requests fail in one of seven ways."""
    outcome = measure("races", "race", str(tmp_path), "--rounds", "4", "--writers", "20", "--faults", "0.35")
    assert (outcome["violations"], outcome["unknown"]) == ([], 0)
    assert outcome["requests"] > 4 * 20 * 2, "there were no faults"


def test_chain_in_a_directory_with_faults(tmp_path: Path) -> None:
    """Every edit of 8 writers is in the last revision exactly once, whatever became of the replies."""
    outcome = measure("races", "chain", str(tmp_path), "--writers", "8", "--edits", "4", "--faults", "0.3")
    assert outcome["violations"] == []
    assert outcome["acknowledged"] == outcome["in_last_revision"] == 32


def test_race_on_s3_with_faults(s3_endpoint: str, s3_url: str) -> None:
    """The same over HTTP, through a proxy that spoils more than half of the writes."""
    with FaultProxy(int(s3_endpoint.rpartition(":")[2])) as proxy:
        faults = tuple(
            fault for fault in WRITE_FAULTS if fault != "cut-upload"
        )  # the emulator would store it
        proxy.chance(writes=0.6, reads=0.15, seed=1, faults=faults)
        spoiled = s3_url.replace(s3_endpoint, proxy.endpoint)
        outcome = measure("races", "race", spoiled, "--check", s3_url, "--rounds", "3", "--writers", "20")
        proxy.settle()
    assert (outcome["violations"], outcome["unknown"]) == ([], 0)
    assert sum(proxy.seen.values()) > proxy.seen["write pass"] + proxy.seen["read pass"]


def test_chain_on_s3_with_lost_replies(s3_endpoint: str, s3_url: str) -> None:
    """Every edit is there once, although a third of the replies to writes are lost."""
    with FaultProxy(int(s3_endpoint.rpartition(":")[2])) as proxy:
        proxy.chance(writes=0.3, reads=0.0, seed=2, faults=("drop-after",))
        spoiled = s3_url.replace(s3_endpoint, proxy.endpoint)
        outcome = measure("races", "chain", spoiled, "--check", s3_url, "--writers", "6", "--edits", "3")
    assert outcome["violations"] == []
    assert outcome["acknowledged"] == outcome["in_last_revision"] == 18
    assert proxy.seen["write drop-after"] > 0


def test_killed_writers_leave_nothing_half(tmp_path: Path) -> None:
    """Writers killed at any moment lose nothing that they acknowledged and leave nothing half visible."""
    outcome = measure("crash", "run", str(tmp_path), "--kills", "25")
    assert outcome["problems"] == []
    assert outcome["acknowledged"] > 0
    assert outcome["reader_checks"] > 0
