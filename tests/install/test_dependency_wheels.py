"""The wheels of a lock: which are kept, which an interpreter takes, and how the others are had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.collecting import download_wheels
from packreg.install.dependency_wheels import lacking, wheels_for
from packreg.install.interpreter import find_interpreter
from packreg.install.requirements_lock import Locked, read_lock
from packreg.install.targets import Target
from packreg.install.tools import Tools
from packreg.registry.artifacts import Artifact
from tests.install.conftest import LEAF, OTHER, TWIG
from tests.install.shop import Index, Wheel, lock_of

LINUX, WINDOWS = Target("linux-x86_64", "3.12"), Target("windows-x86_64", "3.12")
KEPT = Artifact.of(LEAF.file_name, LEAF.data)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty directory."""
    (tmp_path / "wheels").mkdir()
    return tmp_path / "wheels"


def packages(*wheels: Wheel) -> tuple[Locked, ...]:
    """The packages of a lock of these wheels."""
    return read_lock(lock_of(*wheels).text, "it")


def test_a_package_lacks_until_a_wheel_that_fits_is_kept() -> None:
    """A wheel of another platform, or of another digest, does not count; nor does a marker for elsewhere."""
    leaf, twig = packages(LEAF, TWIG)
    assert lacking((leaf, twig), LINUX, [KEPT]) == (twig,)
    assert lacking((leaf,), LINUX, [KEPT._replace(sha256="0" * 64)]) == (leaf,)
    assert lacking((leaf,), LINUX, [KEPT._replace(name="leafpkg-1.0-py3-none-win_amd64.whl")]) == (leaf,)
    only_there = leaf._replace(marker="sys_platform == 'win32'")
    assert lacking((only_there,), LINUX, ()) == () and lacking((only_there,), WINDOWS, ()) == (only_there,)


def test_an_interpreter_takes_what_fits_it(tools: Tools) -> None:
    """Wheels of other Pythons stay where they are; without an interpreter everything is taken."""
    here = find_interpreter(None, tools)
    leaf = packages(LEAF)
    foreign = KEPT._replace(name="leafpkg-1.0-cp39-cp39-win_amd64.whl", sha256=LEAF.sha256)
    stranger = Artifact.of(OTHER.file_name, OTHER.data)
    assert wheels_for(leaf, here, [foreign, KEPT, stranger]) == ((KEPT,), True)
    assert wheels_for(leaf, here, [foreign]) == ((), False)
    assert wheels_for(leaf, None, [foreign, KEPT]) == ((foreign, KEPT), False)


def test_what_can_be_had_is_downloaded(tools: Tools, place: Path) -> None:
    """With the digests of the lock; a package that the index lost, or has otherwise, keeps no other back."""
    gone, changed = Wheel("gonepkg", "1.0"), Wheel("twigpkg", "2.0", source="evil = True\n")
    found = download_wheels(packages(LEAF, OTHER, gone, changed), LINUX, tools, place)
    assert {artifact.name for artifact in found} == {LEAF.file_name, OTHER.file_name}
    assert found[KEPT].read_bytes() == LEAF.data
    assert not list(tools.home.logs.glob("*.log"))


def test_a_marker_does_not_reach_pip(tools: Tools, place: Path) -> None:
    """It would be answered for the machine that downloads, not for the target."""
    leaf = packages(LEAF)[0]._replace(marker="sys_platform == 'win32'")
    assert list(download_wheels([leaf], WINDOWS, tools, place)) == [KEPT]


def test_a_name_that_no_release_may_give_a_file_is_an_error(tools: Tools, place: Path, index: Index) -> None:
    """An index decides how files are called."""
    (place / "x y.whl").write_bytes(LEAF.data)
    index.broken = True
    with pytest.raises(InstallError, match="cannot be kept") as caught:
        download_wheels(packages(LEAF), LINUX, tools, place)
    assert caught.value.hint


def test_without_a_tool_it_is_said(tools: Tools, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing pip is no missing wheel."""
    monkeypatch.setattr("packreg.install.environment.find_spec", lambda name: None)
    with pytest.raises(InstallError, match="neither uv nor pip"):
        download_wheels(packages(LEAF), LINUX, replace(tools, environ={"PATH": ""}, uv_path=""), place)
