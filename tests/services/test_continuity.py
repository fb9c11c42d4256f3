"""Governance continues what this home has seen of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from packreg.errors import IntegrityError, NotFound
from packreg.groups.editing import new_group
from packreg.services.continuity import (
    SHORT,
    accept,
    check_nothing_known,
    governance_head,
    made_here,
    memory_of,
)
from packreg.services.governance import edit_governance
from packreg.services.workspace import Workspace
from tests.groups.governance import group
from tests.services.conftest import open_workspace


def test_a_home_remembers_the_newest_revision(workspace: Workspace, tmp_path: Path) -> None:
    """An older state of the same registry is refused, and accepted again only by its digest."""
    first = governance_head(workspace)
    shutil.copytree(tmp_path / "registry", tmp_path / "older")
    edit_governance(workspace, lambda all: new_group(all, group("late")), "add late")
    head = governance_head(workspace)
    remembered = memory_of(workspace).get()
    assert remembered is not None and (remembered.revision, remembered.digest) == (head.number, head.digest)
    shutil.rmtree(tmp_path / "registry")
    (tmp_path / "older").rename(tmp_path / "registry")
    later = open_workspace(tmp_path)
    with pytest.raises(IntegrityError):
        governance_head(later)
    for wrong in ("", first.digest[: SHORT - 1], "0" * SHORT):
        with pytest.raises(IntegrityError, match="does not begin with"):
            accept(later, wrong)
    assert accept(later, first.digest[:SHORT]).revision == first.number
    assert governance_head(open_workspace(tmp_path)) == first


def test_a_registry_that_is_gone_is_not_made_anew_by_the_way(workspace: Workspace, tmp_path: Path) -> None:
    """Who knows one there is told so; who knows none may go on; what is made here is known."""
    check_nothing_known(open_workspace(tmp_path / "elsewhere"))
    made_here(workspace)
    shutil.rmtree(tmp_path / "registry")
    gone = open_workspace(tmp_path)
    with pytest.raises(IntegrityError, match="remembers one"):
        check_nothing_known(gone)
    with pytest.raises((NotFound, IntegrityError)):
        governance_head(gone)
    made_here(gone)  # there is none, which is forgotten
    check_nothing_known(gone)


def test_a_registry_without_governance_answers_nothing(tmp_path: Path) -> None:
    """Nobody wrote its first revision, so nobody can say that nothing is required."""
    workspace = open_workspace(tmp_path)
    workspace.registry().init()
    with pytest.raises(NotFound):
        governance_head(workspace)
    with pytest.raises(NotFound):
        accept(workspace, "0" * SHORT)
