"""Wheels that the registry keeps reach an environment, online once and offline ever after."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import InstallError, IntegrityError
from packreg.install.home import Home
from packreg.install.installer import Installer
from packreg.install.kept_wheels import bring_wheels, wheel_places
from packreg.install.tools import Tools
from packreg.install.transfer import export_cache, import_cache
from packreg.pack.reference import Reference
from packreg.registry.artifacts import Artifact
from packreg.registry.record import Source
from tests.install.conftest import LEAF
from tests.install.shop import Index, Shop, Wheel, checked, kept_home, lock_of, python_pack, tools_in

#: No index has it.
RARE = Wheel("rarepkg", "1.0")
KEPT = Artifact.of(RARE.file_name, RARE.data, "rarepkg-1.0.tar.gz sha256:…")
REFERENCE = Reference.parse("guard@1.0.0")


@pytest.fixture
def release(shop: Shop) -> Shop:
    """A registry with a pack that needs it, and a wheel of an index."""
    registry = shop.registry()
    registry.init()
    registry.publish(
        checked(python_pack(requirements="rarepkg\nleafpkg\n")),
        lock=lock_of(RARE, LEAF),
        source=Source(),
        publisher="tests",
        tool="packreg 0",
        artifacts={KEPT: lambda: RARE.data},
    )
    return shop


def has_both(directory: Path) -> bool:
    """Whether both packages are in the environment behind a pack."""
    (line,) = [
        text
        for path in directory.rglob("*.pth")
        for text in path.read_text().splitlines()
        if "/envs/" in text
    ]
    place = Path(line.strip().split("'")[1] if "'" in line else line.strip())
    return (place / "rarepkg").is_dir() and (place / "leafpkg").is_dir()


def test_a_wheel_that_no_index_has_comes_from_the_registry(
    release: Shop, installer: Installer, home: Home
) -> None:
    """One request more, verified; the same again asks for nothing."""
    installed = installer.install(REFERENCE)
    assert has_both(installed.path)
    assert (home.wheels / KEPT.sha256 / KEPT.name).read_bytes() == RARE.data
    assert not installer.install(REFERENCE).changed


def test_pip_finds_it_as_well(release: Shop, home: Home, tools: Tools) -> None:
    """Where there is no uv."""
    from dataclasses import replace

    installed = release.installer(home, replace(tools, uv_path="")).install(REFERENCE)
    assert has_both(installed.path)


def test_other_bytes_in_the_registry_install_nothing(release: Shop, installer: Installer, home: Home) -> None:
    """They do not have the digest of the record."""
    place = Path(release.location.path, KEPT.key)
    place.chmod(0o644)
    place.write_bytes(RARE.data[:-1] + b"!")
    with pytest.raises(IntegrityError, match=r"rarepkg-1\.0"):
        installer.install(REFERENCE)
    assert not home.wheels.exists()


def test_offline_it_is_said_which_wheel_is_missing(release: Shop, home: Home, tools: Tools) -> None:
    """No index would help."""
    installer = release.installer(home, tools)
    installer.releases.content(
        installer.releases.find(REFERENCE, offline=False), offline=False, say=lambda s: None
    )
    with pytest.raises(InstallError, match=r"offline, and rarepkg-1\.0-py3-none-any\.whl") as caught:
        installer.install(REFERENCE, offline=True)
    assert "cache export" in caught.value.hint


def test_it_travels_in_an_archive(release: Shop, installer: Installer, index: Index, tmp_path: Path) -> None:
    """A machine without a network has all that the release needs."""
    archive = tmp_path / "cache.tar"
    export_cache(installer, [REFERENCE], archive)
    other = kept_home(tmp_path / "elsewhere" / "home")
    import_cache(archive, other)
    index.broken = True
    tools = tools_in(other, **index.environ(tmp_path / "other-cache"))
    assert has_both(release.installer(other, tools).install(REFERENCE, offline=True).path)


def test_only_what_the_lock_names_is_fetched(home: Home, tools: Tools) -> None:
    """Other files, such as npm's, and what is here already, are not asked for."""
    asked: list[str] = []

    def fetch(artifact: Artifact) -> bytes:
        asked.append(artifact.name)
        return RARE.data

    files = [KEPT, Artifact.of("x-1.tgz", b"x"), Artifact.of(LEAF.file_name, LEAF.data)]
    hashes = [KEPT.sha256, files[1].sha256]
    for _ in range(2):
        bring_wheels(files, hashes, fetch, tools)
    assert asked == [KEPT.name]
    assert wheel_places(hashes, tools) == ["--find-links", home.wheels / KEPT.sha256]
    bring_wheels([files[2]], [LEAF.sha256], None, tools)  # an index may have it
