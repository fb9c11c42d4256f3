"""Where the clock and randomness come in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from packreg.services.clock import new_id, now, open_registry, precisely_now


def test_times_are_utc_and_sort_as_texts() -> None:
    """RFC 3339, in whole seconds or in microseconds, each read back as the present."""
    before = datetime.now(UTC).replace(microsecond=0)
    seconds, precisely = datetime.fromisoformat(now()), datetime.fromisoformat(precisely_now())
    assert before <= seconds <= precisely
    assert (len(now()), len(precisely_now())) == (20, 27)
    assert precisely_now() <= precisely_now()


def test_ids_differ() -> None:
    """Two attempts are never taken for one."""
    assert len({new_id() for _ in range(1000)}) == 1000


def test_a_registry_is_opened_without_reading_it(tmp_path: Path) -> None:
    """A relative directory counts from `cwd`, and nothing is made there."""
    registry = open_registry("registry", cwd=tmp_path)
    assert registry.location.path == str(tmp_path / "registry")
    assert registry.settings() is None
    assert list(tmp_path.iterdir()) == []
