"""Publishing on real servers: fifty publishers of one version, and publishers killed at any moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.servers.conftest import Figures

ROUNDS = max(3, int(os.environ.get("PACKREG_ROUNDS", "12")) // 2)
KILLS = int(os.environ.get("PACKREG_KILLS", "40"))


def harness(module: str, *words: object) -> dict[str, Any]:
    """What a harness of the registry measured, in a process of its own: it forks, which threads forbid."""
    command = [sys.executable, "-m", f"tests.registry.{module}", *(str(word) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stdout + done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcome


@pytest.mark.parametrize("faults", [0.0, 0.4])
def test_fifty_publishers_of_one_version_have_one_winner(url: str, figures: Figures, faults: float) -> None:
    """On a real server too exactly one content wins in every round, and everybody is told the truth."""
    rounds = ROUNDS if not faults else max(2, ROUNDS // 3)
    outcome = harness("races", url, "--publishers", 50, "--rounds", rounds, "--faults", faults)
    figures.add(outcome)
    assert outcome["violations"] == []
    assert sum(outcome["told"].values()) == 50 * rounds


def test_killed_publishers_lose_nothing_and_leave_nothing_half_visible(url: str, figures: Figures) -> None:
    """What a real server acknowledged is there after every kill, and what is there is whole."""
    outcome = harness("kills", url, "--kills", KILLS)
    figures.add(outcome)
    assert outcome["problems"] == []
    assert (outcome["lost"], outcome["doubled"], outcome["half_visible"]) == (0, 0, 0)
    assert outcome["acknowledged"] > 0
