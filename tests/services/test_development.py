"""The environment of a pack directory: made, and refreshed when what the pack asks for changed."""

from __future__ import annotations

import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.install.own_environment import lacking
from packreg.services.development import develop, keep_up
from packreg.services.workspace import Workspace
from tests.install.conftest import LEAF, TWIG
from tests.install.shop import python_pack, serving
from tests.services.conftest import open_workspace, told


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Workspace]:
    """Ada's workspace, with an index of two small packages, and a pack `guard` that asks for one."""
    for path, file in python_pack(requirements="leafpkg\n").items():
        place = tmp_path / "guard" / path
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(file.data)
    with serving(LEAF, TWIG) as index, open_workspace(tmp_path, **index.environ(tmp_path / "cache")) as found:
        yield found


def test_it_is_made_and_refreshed_when_the_requirements_change(ada: Workspace, tmp_path: Path) -> None:
    """A new line in requirements.txt is there the next time that the pack is run, with no command between."""
    pack, done = develop(ada, Path("guard"), "guard")
    assert (pack.name, done.changed, done.environment) == ("guard", True, tmp_path / "guard" / "venv")
    (tmp_path / "guard" / "requirements.txt").write_text("leafpkg\ntwigpkg\n")
    keep_up(ada, Path("guard"), python=None, offline=False)
    assert lacking(tmp_path / "guard" / "venv", ["leafpkg", "twigpkg"]) == []
    assert told(ada).warned == []


def test_somebody_elses_environment_is_left_and_the_way_out_is_said(ada: Workspace, tmp_path: Path) -> None:
    """An environment that packreg did not make is not changed by running the pack; what it lacks is named."""
    venv.create(tmp_path / "guard" / "venv", with_pip=False)
    keep_up(ada, Path("guard"), python=None, offline=False)
    [warned] = told(ada).warned
    assert "guard lacks leafpkg of requirements.txt" in warned and "run `packreg dev guard`" in warned
    assert lacking(tmp_path / "guard" / "venv", ["leafpkg"]) == ["leafpkg"]


def test_a_pack_that_breaks_the_rules_is_left_to_run(ada: Workspace, tmp_path: Path) -> None:
    """What `check` refuses is no reason not to try the pack: nothing is refreshed, and nothing raised."""
    develop(ada, Path("guard"), "guard")
    (tmp_path / "guard" / "requirements.txt").write_text("-e .\n")
    keep_up(ada, Path("guard"), python=None, offline=False)
    assert told(ada).warned == []
