"""What a pack says of itself, from its record."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.errors import NotFound
from packreg.services.pack_info import said_by
from packreg.services.workspace import Workspace
from tests.services.conftest import POLICIES


def test_a_record_answers_without_running_the_pack(governed: Workspace) -> None:
    """Nothing is installed; the newest version answers for a name alone, but for a yanked one."""
    described = said_by(governed, "guard", offline=False, python=None)
    assert (described.version, described.runtime) == ("1.1.0", "python")
    assert described.info.policies == POLICIES
    assert not governed.home.packs.exists() or not any(governed.home.packs.iterdir())
    newest = governed.registry().versions("guard").latest().version
    governed.registry().yank("guard", newest, "wrong", "Ann")
    assert said_by(governed, "guard", offline=False, python=None).version == "1.0.0"
    assert said_by(governed, "guard@1.1.0", offline=False, python=None).version == "1.1.0"


def test_a_directory_that_may_have_been_meant_is_named(governed: Workspace, tmp_path: Path) -> None:
    """A word without a slash is a release; where there is a directory of that name, the hint says how."""
    (tmp_path / "local").mkdir()
    with pytest.raises(NotFound) as raised:
        said_by(governed, "local", offline=False, python=None)
    assert "./local" in raised.value.hint
