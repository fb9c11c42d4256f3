"""Races and kills with real processes on a local directory.

The numbers here keep the suite short. `PACKREG_RACE_ROUNDS` and `PACKREG_KILLS` set larger ones; the command
lines of the two harnesses take any registry's URL.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .kills import run
from .races import race

ROUNDS = int(os.environ.get("PACKREG_RACE_ROUNDS", "3"))
KILLS = int(os.environ.get("PACKREG_KILLS", "30"))


@pytest.mark.parametrize("faults", [0.0, 0.4])
def test_fifty_publishers_of_one_version_have_one_winner(tmp_path: Path, faults: float) -> None:
    """In every round exactly one content wins, and everybody is told the truth, whatever the network does."""
    outcome = race(str(tmp_path / "registry"), 50, ROUNDS, faults)
    assert outcome["violations"] == []
    assert outcome["told"]["published"] >= 1
    assert sum(outcome["told"].values()) == 50 * ROUNDS


def test_killed_publishers_lose_nothing_and_leave_nothing_half_visible(tmp_path: Path) -> None:
    """What was acknowledged is there, what is there is whole, and the rest can be collected."""
    outcome = run(str(tmp_path / "registry"), KILLS)
    assert outcome["problems"] == []
    assert (outcome["lost"], outcome["doubled"], outcome["half_visible"]) == (0, 0, 0)
    assert outcome["acknowledged"] > 0
    assert outcome["reader_checks"] > 0
