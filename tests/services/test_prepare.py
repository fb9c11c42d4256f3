"""Required packs are made ready: each once, and what cannot be is in the result."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.analyzer.findings import Violation
from packreg.analyzer.program import Stack
from packreg.groups.editing import enable, waive
from packreg.groups.model import DEFAULT_PREVENTATIVE, Entity, PackEntry, Waiver
from packreg.groups.times import NEVER
from packreg.pack.check import load_pack
from packreg.registry.record import Source
from packreg.services.decisions import Decisions
from packreg.services.governance import edit_governance
from packreg.services.prepare import RequiredPacks
from packreg.services.workspace import Workspace
from tests.cli.conftest import write_pack

pytestmark = pytest.mark.usefixtures("opa")

PROD = Entity("stack", "organization/shop/prod")
VIOLATION = Violation(
    "limits", "1.0.0", "deny", "mandatory", "no", urn="urn:pulumi:prod::shop::a:b:C::d", resource_type="a:b:C"
)


@pytest.fixture
def deciding(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A registry that requires `limits`, an OPA pack, and `missing`, which is not there, of every stack."""
    made = load_pack(write_pack(tmp_path / "limits", "limits", "1.0.0"))
    workspace.registry().publish(made, lock=None, source=Source(), publisher="Ann", tool="a test")
    for name in ("limits", "missing"):
        entry = PackEntry(name, "1.0.0", NEVER)
        edit_governance(
            workspace, lambda all, entry=entry: enable(all, DEFAULT_PREVENTATIVE, entry), "enable"
        )
    return workspace


def test_what_cannot_be_made_ready_is_in_the_result(deciding: Workspace) -> None:
    """The pack that is there runs; the other is unavailable, with why, and nobody takes it for a pass."""
    decisions = Decisions.read(deciding)
    ready = RequiredPacks(deciding, decisions).ready(
        decisions.required(PROD, "preventative"), Stack("prod", "shop", "organization")
    )
    assert [each.name for each in ready.packs] == ["limits"]
    assert [each.pack for each in ready.required.unavailable] == ["missing"]
    assert [(each.name, each.version) for each in ready.ran] == [("limits", "1.0.0")]
    assert ready.ran[0].digest.startswith("sha256:") and ready.id


def test_what_two_stacks_share_is_unpacked_once(deciding: Workspace) -> None:
    """Programs for different stacks are equal where a pack asks for none, so that a pool can serve both."""
    decisions = Decisions.read(deciding)
    packs = RequiredPacks(deciding, decisions)
    dev = Entity("stack", "organization/shop/dev")
    first, second = (
        packs.ready(decisions.required(entity, "preventative"), Stack(name, "shop", "organization"))
        for entity, name in ((PROD, "prod"), (dev, "dev"))
    )
    assert first.packs[0].program.directory == second.packs[0].program.directory
    assert first.id != second.id


def test_waivers_count_when_they_are_asked_for(deciding: Workspace) -> None:
    """Until they end, for their stack alone; without governance nobody waives."""
    waiver = Waiver(
        "w1", "limits", "deny", PROD.name, "Ann", "a reason", "2026-06-01T00:00:00Z", "2026-01-01T00:00:00Z"
    )
    edit_governance(deciding, lambda all: waive(all, waiver), "waive")
    decisions = Decisions.read(deciding)
    required = decisions.required(PROD, "preventative")
    for now, counts in (("2026-06-01T00:00:00Z", True), ("2026-06-01T00:00:01Z", False)):
        ready = RequiredPacks(deciding, decisions, now=lambda now=now: now).ready(required, None)
        assert (ready.waiver_for(VIOLATION) is not None) == counts
    dev = decisions.required(Entity("stack", "organization/shop/dev"), "preventative")
    other = RequiredPacks(deciding, decisions, now=lambda: "2026-02-01T00:00:00Z").ready(dev, None)
    assert other.waiver_for(VIOLATION) is None
