"""What a registry said and never changes: kept per registry, lost without harm, never confused."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.install.home import Home
from packreg.install.remembered import DiskMemory
from packreg.pack.version import Version


def test_it_gives_back_what_was_put(home: Home) -> None:
    """Bytes by key, for one registry and no other."""
    mine, other = DiskMemory(home, "0123456789ab"), DiskMemory(home, "ba9876543210")
    assert mine.get("packs/guard/v/1.0.0") is None
    mine.put("packs/guard/v/1.0.0", b"record")
    mine.put("registry.json", b"settings")
    assert mine.get("packs/guard/v/1.0.0") == b"record" and mine.get("registry.json") == b"settings"
    assert other.get("packs/guard/v/1.0.0") is None
    assert mine.names() == ["guard"] and mine.versions("guard") == [Version("1.0.0")]
    assert other.names() == [] and other.versions("guard") == []


@pytest.mark.parametrize("key", ["../x", "/x", "a//b", "a/../../x", "", "a\\b", "a\0b", "."])
def test_no_key_leaves_its_directory(home: Home, key: str) -> None:
    """A key that is no plain path is neither kept nor read."""
    memory = DiskMemory(home, "0123456789ab")
    memory.put(key, b"x")
    assert memory.get(key) is None
    assert not [path for path in home.root.parent.rglob("*") if path.is_file()]


def test_failing_to_keep_is_no_error(tmp_path: Path) -> None:
    """A home that cannot be written makes nothing but more requests."""
    (tmp_path / "file").write_text("")
    memory = DiskMemory(Home(tmp_path / "file"), "0123456789ab")
    memory.put("registry.json", b"x")
    assert memory.get("registry.json") is None and memory.names() == []
