"""Collecting what installs need: for each target, but for what is kept."""

from __future__ import annotations

from pathlib import Path

from packreg.install.collecting import Missing, collect
from packreg.install.environment import Needs
from packreg.install.npm_lock import NpmInput
from packreg.install.targets import Target
from packreg.install.tools import Tools
from packreg.registry.artifacts import Artifact
from tests.install.conftest import LEAF, TWIG
from tests.install.shop import Index, Wheel, lock_of

LINUX, WINDOWS = Target("linux-x86_64", "3.12"), Target("windows-x86_64", "3.12")
KEPT = Artifact.of(LEAF.file_name, LEAF.data)


def test_each_file_is_collected_once(tools: Tools, tmp_path: Path, index: Index) -> None:
    """A wheel for all platforms serves every target; what is kept already is not asked for."""
    needs = Needs(lock_of(LEAF, TWIG).text)
    found = collect(needs, (LINUX, WINDOWS), [KEPT], tools, tmp_path)
    assert [artifact.name for artifact in found.files] == [TWIG.file_name]
    assert found.targets == (str(LINUX), str(WINDOWS)) and found.missing == ()
    index.broken = True
    asked = index.requests
    again = collect(needs, (LINUX,), [KEPT, *found.files], tools, tmp_path)
    assert again == ({}, (str(LINUX),), ()) and index.requests == asked


def test_what_cannot_be_had_is_said_for_each_target(tools: Tools, tmp_path: Path) -> None:
    """A marker says for which it is needed at all."""
    gone = Wheel("gonepkg", "1.0").locked.replace(" --hash", " ; sys_platform == 'win32' --hash")
    found = collect(Needs(LEAF.locked + gone), (LINUX, WINDOWS), (), tools, tmp_path)
    assert list(found.files) == [KEPT]
    assert found.targets == (str(LINUX),)
    assert found.missing == (Missing("gonepkg==1.0", str(WINDOWS)),)
    assert str(found.missing[0]) == "gonepkg==1.0 for windows-x86_64 python 3.12"


def test_a_lock_of_npm_without_packages_needs_nothing(tools: Tools, tmp_path: Path) -> None:
    """Npm is not started."""
    needs = NpmInput(b"{}", b'{"lockfileVersion": 3, "packages": {"": {}}}')
    assert collect(needs, (Target("linux-x86_64"),), (), tools, tmp_path) == ({}, ("linux-x86_64",), ())
