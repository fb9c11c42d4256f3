"""Packs become programs: releases from their bundles, directories as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.configuration.file import read_layer
from packreg.errors import InvalidConfiguration, InvalidPack, NotFound, PackFailed, Problem, UsageError
from packreg.pack.check import load_pack
from packreg.pack.metadata import PackInfo
from packreg.pack.reference import Reference
from packreg.registry.record import Source
from packreg.services.pack_programs import (
    configured,
    program_of,
    ready_packs,
    ready_releases,
)
from packreg.services.workspace import Workspace
from tests.cli.conftest import write_pack
from tests.services.conftest import POLICIES, open_workspace

pytestmark = pytest.mark.usefixtures("opa")


@pytest.fixture
def limits(workspace: Workspace, tmp_path: Path) -> Path:
    """The directory of the OPA pack `limits`, which is published too."""
    directory = write_pack(tmp_path / "limits-pack", "limits", "1.0.0")
    made = load_pack(directory)
    workspace.registry().publish(made, lock=None, source=Source(), publisher="Ann", tool="a test")
    return directory


def test_a_release_and_its_directory_start_the_same_way(workspace: Workspace, limits: Path) -> None:
    """In the order of the words; the release is unpacked anew, and not run where it is installed."""
    release, local = ready_packs(workspace, ["limits@1.0.0", "./limits-pack"])
    assert (release.name, release.version) == ("limits", "1.0.0")
    assert local.version == "1.0.0" and local.directory == limits and local.digest == ""
    assert release.digest.startswith("sha256:") and release.directory != limits
    assert not release.directory.is_relative_to(workspace.home.packs)
    programs = [program_of(workspace, each, None) for each in (release, local)]
    assert {each.engine.name for each in programs if each.engine is not None} == {"opa"}


def test_each_release_fails_by_itself(workspace: Workspace, limits: Path) -> None:
    """One that is not there is an error in its place; of words the first error ends all."""
    references = [Reference.parse("missing@1.0.0"), Reference.parse("limits@1.0.0")]
    missing, there = ready_releases(workspace, references)
    assert isinstance(missing, NotFound) and not isinstance(there, Exception)
    assert ready_releases(workspace, []) == []
    with pytest.raises(NotFound) as raised:
        ready_packs(workspace, ["limits-pack"])
    assert "./limits-pack" in raised.value.hint


def test_what_is_not_a_pack_is_said(workspace: Workspace, tmp_path: Path) -> None:
    """No directory, no manifest, a broken manifest: each in its own words."""
    with pytest.raises(UsageError, match="there is no directory"):
        ready_packs(workspace, ["./missing"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="is not a policy pack"):
        ready_packs(workspace, ["./empty"])
    (tmp_path / "empty" / "PulumiPolicy.yaml").write_text("runtime: cobol\n")
    with pytest.raises(InvalidPack, match="breaks the rules"):
        ready_packs(workspace, ["./empty"])


def test_an_opa_pack_without_opa_does_not_run(tmp_path: Path) -> None:
    """It failed to be evaluated, and the hint says what is missing."""
    (tmp_path / "bin").mkdir()
    workspace = open_workspace(tmp_path, PATH=str(tmp_path / "bin"))
    write_pack(tmp_path / "limits-pack", "limits", "1.0.0")
    with pytest.raises(PackFailed, match="opa") as raised:
        ready_packs(workspace, ["./limits-pack"])
    assert raised.value.code == "no-analyzer"


def test_configuration_is_checked_by_what_the_pack_says_of_itself() -> None:
    """Layers lie over the pack's own levels; what no policy takes is an error."""
    info = PackInfo("guard", "1.0.0", POLICIES, supports_config=True)
    warnings: list[Problem] = []
    given = configured([read_layer(b'{"deny": "advisory"}', "c.json")], warnings)(info)
    assert given is not None and given["deny"]["enforcementLevel"] == "ADVISORY"
    with pytest.raises(InvalidConfiguration):
        configured([read_layer(b'{"deny": {"regions": 1}}', "c.json")])(info)
