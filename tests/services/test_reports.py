"""Reports in the registry, each with its entry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from packreg.analyzer.findings import Evaluation
from packreg.errors import PackregError
from packreg.groups.model import Entity
from packreg.reports.stored import StoredReport
from packreg.services.decisions import Decisions
from packreg.services.judge import ReportIdentity, governed_report, stored_report
from packreg.services.prepare import RequiredPacks
from packreg.services.reports import ReportStore, newest_of_each_mode, object_digest
from packreg.services.workspace import Workspace
from tests.services.conftest import open_workspace

PROD = Entity("stack", "organization/shop/prod")


def report(
    workspace: Workspace, identity: ReportIdentity | None = None, entity: Entity = PROD
) -> StoredReport:
    """The report of an enforcement that found nothing to run."""
    decisions = Decisions.read(workspace)
    packs = RequiredPacks(workspace, decisions).ready(decisions.required(entity, "preventative"), None)
    made = governed_report(packs, Evaluation((), 0), where="a state", of=("prod", "shop"))
    return stored_report(workspace, "enforce", made, packs, "", identity)


def test_reports_come_back_the_newest_first(workspace: Workspace) -> None:
    """As they were kept, so many as are asked for; the entity is known by them."""
    store = ReportStore(workspace)
    first, second = (store.save(report(workspace)) for _ in range(2))
    assert store.newest(PROD, "enforce", 5) == (second, first)
    assert store.newest(PROD, "enforce") == (second,)
    assert store.newest(PROD, "audit") == ()
    assert store.entities() == [PROD]
    assert store.unreadable == [] and store.doubted == []


def test_the_same_run_again_is_one_report(workspace: Workspace) -> None:
    """Whoever is second is given the first one's, and the chain has it once."""
    identity = ReportIdentity("0b0c3a52-0000-4000-8000-000000000001", workspace.precisely_now())
    store = ReportStore(workspace)
    first = store.save(report(workspace, identity))
    again = store.save(replace(report(workspace, identity), state="sha256:" + "0" * 64), again=True)
    assert again == first
    assert store.newest(PROD, "enforce", 5) == (first,)


def test_what_was_changed_is_not_read(workspace: Workspace, tmp_path: Path) -> None:
    """Its entry has the digest of what was kept; it is named, and the others are still given."""
    store = ReportStore(workspace)
    kept, bad = store.save(report(workspace)), store.save(report(workspace))
    place = tmp_path / "registry" / bad.key
    place.chmod(0o644)
    place.write_bytes(report(workspace).encode())
    later = ReportStore(open_workspace(tmp_path))
    assert later.newest(PROD, "enforce", 5) == (kept,)
    assert len(later.unreadable) == 1 and bad.key in later.unreadable[0]
    with pytest.raises(PackregError):
        later.read(bad.key, object_digest(bad.encode()))


def test_the_newest_of_each_mode_is_chosen_among_kinds_of_runs(workspace: Workspace) -> None:
    """Preventative runs of the guard and of `enforce` are of one mode."""
    store = ReportStore(workspace)
    store.save(report(workspace))
    other = replace(PROD, name="organization/shop/dev")
    store.save(report(workspace, entity=other))
    histories = store.histories([PROD, other], ("enforce", "audit"), 3)
    assert [(each.entity, each.run) for each in newest_of_each_mode(histories)] == [
        (PROD, "enforce"),
        (other, "enforce"),
    ]
