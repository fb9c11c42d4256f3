"""What a pack may use, by the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.analyzer.program import MEMORY, Deadlines
from packreg.errors import UsageError
from packreg.settings.limits import default_limits, memory_bytes, pack_limits
from packreg.settings.load import load_settings

FILE = """
[analysis]
memory = "1GiB"
call_seconds = 90
start_seconds = 7

[analysis.packs.guard]
memory = "512MiB"
call_seconds = 5
stack_seconds = 600
"""


def test_a_packs_own_limits_are_before_those_of_all(tmp_path: Path) -> None:
    """Each limit counts by itself; short calls before judging never have less than their default."""
    (tmp_path / "packreg.toml").write_text(FILE)
    settings = load_settings({"HOME": str(tmp_path / "home")}, str(tmp_path)).values
    assert pack_limits(settings, "guard") == (512 << 20, Deadlines(start=7, call=30, analyze=5, stack=600))
    assert pack_limits(settings, "other") == (1 << 30, Deadlines(start=7, call=90, analyze=90, stack=120))


def test_without_settings_the_defaults_count(tmp_path: Path) -> None:
    """They are those that `packreg config` shows."""
    settings = load_settings({"HOME": str(tmp_path)}, str(tmp_path)).values
    memory, deadlines = pack_limits(settings, "guard")
    assert (memory, deadlines) == (MEMORY, Deadlines())
    shown = default_limits()
    assert memory_bytes(str(shown["analysis.memory"])) == memory
    seconds = [shown[f"analysis.{word}_seconds"] for word in ("start", "call", "stack")]
    assert seconds == [deadlines.start, deadlines.analyze, deadlines.stack]


@pytest.mark.parametrize(
    "text", ["", "2", "GiB", "2GB", "-1GiB", "0MiB", "1.5GiB", "12345678GiB", "²GiB", " 2GiB"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(UsageError, match="is not an amount of memory"):
        memory_bytes(text)
