"""Which release a reference means, and its verified files."""

from __future__ import annotations

import pytest

from packreg.errors import InstallError, NotFound, Removed
from packreg.install.home import Home
from packreg.install.installer import Installer
from packreg.install.releases import Releases
from packreg.install.remembered import DiskMemory
from packreg.install.tools import Tools
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from packreg.registry.layout import record_key
from tests.install.conftest import LEAF
from tests.install.shop import (
    Shop,
    lock_of,
    python_pack,
)

GUARD = Reference.parse("guard@1.0.0")


def test_latest_ranges_and_digests_find_their_release(shop: Shop, installer: Installer) -> None:
    """Every kind of reference ends in one exact release."""
    records = [shop.publish(python_pack(version)) for version in ("1.0.0", "1.2.0", "2.0.0-rc.1")]
    for text, version in (
        ("guard", "1.2.0"),
        ("guard@latest", "1.2.0"),
        ("guard@~1.0", "1.0.0"),
        (f"guard@{records[2].digest}", "2.0.0-rc.1"),
    ):
        assert installer.install(Reference.parse(text)).version == Version(version), text


def test_a_damaged_cached_bundle_is_fetched_again(shop: Shop, installer: Installer, home: Home) -> None:
    """What lies in the cache is verified like what comes over the wire."""
    record = shop.publish(python_pack())
    home.bundles.mkdir(parents=True)
    home.bundle(record.bundle_sha256).write_bytes(b"damaged")
    assert installer.install(GUARD).changed
    assert len(home.bundle(record.bundle_sha256).read_bytes()) == record.bundle_size


def test_what_is_not_there_is_not_found(shop: Shop, installer: Installer) -> None:
    """A missing version and a removed one are different errors of the registry's."""
    shop.publish(python_pack())
    with pytest.raises(NotFound):
        installer.install(Reference.parse("guard@9.9.9"))
    shop.registry().remove("guard", Version("1.0.0"), "leaked", "me")
    with pytest.raises(Removed):
        installer.install(GUARD)


def test_a_yanked_release_installs_with_a_warning(shop: Shop, installer: Installer) -> None:
    """Pinned installs of a yanked version go on working, and the reason is in the notes."""
    record = shop.publish(python_pack())
    shop.registry().yank("guard", Version("1.0.0"), "blocks everything", "me")
    done = installer.install(GUARD)
    assert done.changed and any("blocks everything" in note for note in done.notes)
    found = installer.releases.find(Reference.parse(f"guard@{record.digest}"), offline=False)
    assert any("blocks everything" in note for note in found.notes)


def test_offline_says_exactly_what_is_missing(shop: Shop, tools: Tools, home: Home) -> None:
    """A missing record, a missing bundle and a missing wheel are named, each for itself."""
    shop.publish(python_pack(requirements="leafpkg\n"), lock=lock_of(LEAF))
    installer = shop.installer(home, tools)
    with pytest.raises(InstallError, match=r"the record of guard@1\.0\.0 is not on this machine"):
        installer.install(GUARD, offline=True)
    record = shop.registry(home).record("guard", Version("1.0.0"))
    with pytest.raises(InstallError, match=f"the bundle of guard@1.0.0 .*{record.bundle_sha256}"):
        installer.install(GUARD, offline=True)
    installer.install(GUARD, env=False)
    with pytest.raises(InstallError, match="leafpkg"):
        installer.install(GUARD, offline=True)
    with pytest.raises(InstallError, match=r"guard@9\.9\.9 .*knows 1\.0\.0"):
        installer.install(Reference.parse("guard@9.9.9"), offline=True)


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
