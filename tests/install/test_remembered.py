"""What a registry said and never changes: kept per registry, lost without harm, never confused."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.home import Home
from packreg.install.releases import Releases
from packreg.install.remembered import DiskMemory
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.layout import record_key
from tests.install.shop import Shop, python_pack


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


def test_damaged_memories_are_unknown_releases(shop: Shop, home: Home) -> None:
    """Offline, a record that was cut or exchanged is as good as none; strange files are passed over."""
    shop.publish(python_pack())
    shop.publish(python_pack("1.1.0"))
    registry = shop.registry(home)
    for version in ("1.0.0", "1.1.0"):
        registry.record("guard", Version(version))
    memory = DiskMemory(home, shop.location.id)
    memory.put("packs/guard/v/not-a-version", b"x")
    releases = Releases(home, None, memory)
    assert releases.find(Reference.parse("guard"), offline=True).record.version == Version("1.1.0")
    data = memory.get(record_key("guard", Version("1.0.0")))
    assert data is not None
    for damaged in (data, b"", b"{}"):
        memory.put(record_key("guard", Version("1.1.0")), damaged)
        with pytest.raises(InstallError, match="is not on this machine"):
            releases.find(Reference.parse("guard@1.1.0"), offline=True)
    digest = releases.find(Reference.parse("guard@1.0.0"), offline=True).record.digest
    assert releases.find(Reference.parse(f"guard@{digest}"), offline=True).record.version == Version("1.0.0")
    with pytest.raises(InstallError):
        releases.find(Reference.parse("guard@sha256:" + "0" * 64), offline=True)
