"""Decisions by governance as it was read once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packreg.errors import NotFound
from packreg.groups.editing import enable
from packreg.groups.model import DEFAULT_PREVENTATIVE, Entity, Governance, PackEntry
from packreg.groups.times import NEVER
from packreg.pack.version import Version
from packreg.services.decisions import Decisions
from packreg.services.governance import edit_governance, read_governance
from packreg.services.workspace import Workspace

PROD = Entity("stack", "organization/shop/prod")


def requiring(workspace: Workspace, pack: str, version: str) -> Governance:
    """Governance after the default group asks for a pack."""
    entry = PackEntry(pack, version, NEVER)
    edit_governance(workspace, lambda all: enable(all, DEFAULT_PREVENTATIVE, entry), f"enable {pack}")
    return read_governance(workspace)


def test_what_was_read_once_decides(governed: Workspace) -> None:
    """An edit after that changes later decisions only; one group of groups is decided once."""
    requiring(governed, "guard", "1.0.0")
    decisions = Decisions.read(governed)
    requiring(governed, "guard", "1.1.0")
    found = decisions.required(PROD, "preventative")
    assert [(each.pack, each.version.text) for each in found.packs] == [("guard", "1.0.0")]
    other = decisions.required(replace(PROD, name="organization/shop/dev"), "preventative")
    assert other.packs is found.packs and other.entity.name.endswith("dev")
    [newer] = Decisions.read(governed).required(PROD, "preventative").packs
    assert newer.version.text == "1.1.0"
    assert decisions.required(PROD, "audit").packs == ()


def test_a_pack_that_is_not_there_is_in_the_result(governed: Workspace) -> None:
    """It raises for nobody else's packs, and hides none of them."""
    requiring(governed, "guard", "latest")
    decisions = Decisions(governed, requiring(governed, "missing", "1.0.0"))
    found = decisions.required(PROD, "preventative")
    assert [each.pack for each in found.packs] == ["guard"]
    assert [each.pack for each in found.unavailable] == ["missing"]


def test_a_record_is_the_releases_own(governed: Workspace) -> None:
    """A version that is not there is an error."""
    decisions = Decisions.read(governed)
    assert decisions.record("guard", Version("1.0.0")).reference == "guard@1.0.0"
    with pytest.raises(NotFound):
        decisions.record("guard", Version("9.0.0"))
