"""Releases unpacked to be run: from verified bytes, once for each run, whatever lies in the home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import InstallError, Removed
from packreg.install.home import Home
from packreg.install.private import PrivatePlace
from packreg.install.unpacking import unpack
from packreg.pack.files import File
from packreg.pack.reference import Reference
from packreg.pack.version import Version
from tests.install.shop import Shop

GUARD = Reference.parse("guard@1.0.0")
PACK = {"PulumiPolicy.yaml": File(b"runtime: opa\nversion: 1.0.0\n"), "rules.rego": File(b"package guard\n")}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[PrivatePlace]:
    """A place of this run."""
    place = PrivatePlace(str(tmp_path / "state"))
    yield place
    place.close()


def test_the_files_of_a_release_lie_in_the_private_place_once(
    shop: Shop, home: Home, place: PrivatePlace
) -> None:
    """The second asker gets the same directory; what was done to an installed pack plays no part."""
    record = shop.publish(PACK)
    installer = shop.installer(home)
    installed = installer.install(GUARD)
    (installed.path / "evil.rego").write_text("package evil\n")
    first = unpack(installer, GUARD, place)
    assert unpack(installer, GUARD, place) is first
    assert (first.reference, first.digest) == ("guard@1.0.0", record.digest)
    assert {path.name: path.read_bytes() for path in first.path.iterdir()} == {
        path: file.data for path, file in PACK.items()
    }
    assert first.path.parent == place.path


def test_a_release_that_was_removed_is_not_run(shop: Shop, home: Home, place: PrivatePlace) -> None:
    """The registry is asked each time, though the bundle is here; offline, what is here counts."""
    shop.publish(PACK)
    installer = shop.installer(home)
    installer.install(GUARD)
    shop.registry().remove("guard", Version("1.0.0"), "leaked", "me")
    with pytest.raises(Removed, match="leaked"):
        unpack(installer, GUARD, place)
    assert unpack(installer, GUARD, place, offline=True).path.is_dir()


def test_offline_a_damaged_bundle_is_not_unpacked(shop: Shop, home: Home, place: PrivatePlace) -> None:
    """Nothing is made in the private place."""
    record = shop.publish(PACK)
    installer = shop.installer(home)
    installer.install(GUARD)
    bundle = home.bundle(record.bundle_sha256)
    bundle.chmod(0o644)
    bundle.write_bytes(b"damaged")
    with pytest.raises(InstallError, match="is damaged"):
        unpack(installer, GUARD, place, offline=True)
    assert not bundle.exists()
    assert not place.made and list(place.path.iterdir()) == []
