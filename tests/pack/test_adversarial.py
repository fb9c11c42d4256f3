"""Inputs made to take minutes, gigabytes or the stack, against every reader of a pack's texts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pack.adversarial import READERS


@pytest.mark.skipif(sys.platform == "win32", reason="limits on a process are POSIX")
def test_no_input_up_to_the_size_limit_exhausts_time_memory_or_the_stack() -> None:
    """Every adversarial input is read to its end within limits that only a trap could reach."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.pack.adversarial"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    count = sum(1 for inputs, _ in READERS for _ in inputs())
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{count}\n", "")
