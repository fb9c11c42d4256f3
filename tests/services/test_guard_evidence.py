"""Which updates went past the guard, by a backend's history and what the guard left in the registry."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from packreg.analyzer.findings import Evaluation, PackResult
from packreg.enforcement.governed import Governed
from packreg.groups.decision import Required
from packreg.groups.editing import enable
from packreg.groups.model import DEFAULT_PREVENTATIVE, Entity, PackEntry
from packreg.pack.metadata import PackInfo
from packreg.registry.run_entries import RunEntry
from packreg.reports.report import History, Report
from packreg.reports.stored import RanPack, StoredReport
from packreg.services.governance import edit_governance, read_governance
from packreg.services.guard_evidence import GuardEvidence, OwnFindings, taken_over
from packreg.services.reports import ReportStore
from packreg.services.workspace import Workspace
from packreg.states.backend import list_stacks
from packreg.states.places import open_place
from tests.cli.governed import GOOD, write_stack
from tests.reports.findings import guard
from tests.reports.kept import stored

DEV = Entity("stack", "organization/shop/dev")
DIGEST = f"sha256:{'a' * 64}"


class Deployments:
    """Updates of shop/dev, an hour apart, and what the guard leaves of them."""

    def __init__(self, workspace: Workspace, top: Path) -> None:
        self.workspace, self.states = workspace, top / "states"
        write_stack(self.states, "shop", "dev", GOOD)
        self.folder = self.states / ".pulumi" / "history" / "shop" / "dev"
        self.folder.mkdir(parents=True)
        self.now = time.time() + 3600  # after governance was written

    def update(self) -> int:
        """An update that takes ten seconds; gives when it began."""
        self.now += 3600
        began = int(self.now)
        entry = {
            "kind": "update",
            "startTime": began,
            "result": "succeeded",
            "resourceChanges": {"create": 1},
        }
        (self.folder / f"dev-{began + 10}500000000.history.json").write_text(json.dumps(entry))
        return began

    def guarded(self, began: int, version: str = "1.0.0") -> None:
        """The entry that the guard made first, and its report."""
        self.at(began + 1)
        self.workspace.entries.append(RunEntry("begun", "update", "stack", DEV.name, str(began)))
        self.at(began + 9)
        packs = (PackResult("guard", version, PackInfo("guard", version, ()), 1),)
        governed = Governed(Required(DEV, "preventative", 2, (DEFAULT_PREVENTATIVE,), ()))
        report = Report(Evaluation(packs, 1), "pulumi up", tool="1", governed=governed)
        ran = (RanPack("guard", version, DIGEST, DEFAULT_PREVENTATIVE, DIGEST),)
        written = _time(began + 9)
        ReportStore(self.workspace).save(
            StoredReport(str(began), "update", written, "", ran, "allowed", report)
        )

    def at(self, seconds: float) -> None:
        """Let the clock of whoever enters things say this."""
        self.workspace.entries._now = lambda: _time(seconds)

    def findings(self, before: StoredReport | None = None) -> OwnFindings:
        """What an audit finds now."""
        place = open_place(self.states.as_uri(), cwd=self.states)
        [stack] = list_stacks(place)
        evidence = GuardEvidence(self.workspace, read_governance(self.workspace))
        return evidence.findings(DEV, stack, place, before, 2)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def policies(found: OwnFindings) -> list[str]:
    """The policies that were violated."""
    return [each.policy for each in found.result.violations] if found.result is not None else []


@pytest.fixture
def deployments(workspace: Workspace, tmp_path: Path) -> Deployments:
    """Deployments where every stack must pass guard."""
    entry = PackEntry("guard", "1.0.0", "2026-05-01T10:00:00.000000Z")
    edit_governance(workspace, lambda base: enable(base, DEFAULT_PREVENTATIVE, entry), "require guard")
    return Deployments(workspace, tmp_path)


def test_an_update_without_the_guard_is_found(deployments: Deployments) -> None:
    """One that it judged, by the version that was asked for, is not; the history that was seen is told."""
    deployments.guarded(deployments.update())
    began = deployments.update()
    found = deployments.findings()
    assert policies(found) == ["past-the-guard"]
    assert found.history == History(2, (began + 10) * 10**9 + 500_000_000) and found.notes == ()
    deployments.guarded(began)
    assert policies(deployments.findings()) == []


def test_a_report_of_another_version_is_no_report_of_it(deployments: Deployments) -> None:
    """What ran must be what governance asked for then."""
    deployments.guarded(deployments.update(), "0.9.0")
    assert policies(deployments.findings()) == ["past-the-guard"]


def test_what_was_found_once_stays_found(deployments: Deployments) -> None:
    """The next audit reads only what came since, and takes the rest over; so does one without a history."""
    deployments.update()
    first = deployments.findings()
    assert first.result is not None
    before = stored(guard(), first.result)
    before = replace(before, report=replace(before.report, history=first.history))
    deployments.guarded(deployments.update())
    again = deployments.findings(before)
    assert policies(again) == ["past-the-guard"] and again.history is not None and again.history.changes == 2
    kept = taken_over(before, 2)
    assert (policies(kept), kept.history) == (["past-the-guard"], first.history)
    assert taken_over(None, 2) == OwnFindings()


def test_a_history_that_shrank_is_found(deployments: Deployments) -> None:
    """What else was there is not known; nor where there is none of a stack that was written to."""
    deployments.guarded(deployments.update())
    before = stored(guard())
    before = replace(before, report=replace(before.report, history=deployments.findings().history))
    for path in deployments.folder.iterdir():
        path.unlink()
    found = deployments.findings(before)
    assert policies(found) == ["history-lost"] and found.result is not None
    assert "saw 1 changes of this stack" in found.result.violations[0].message


def test_nothing_is_past_a_guard_that_nobody_required(workspace: Workspace, tmp_path: Path) -> None:
    """No pack was required when it was deployed."""
    free = Deployments(workspace, tmp_path)
    free.update()
    assert policies(free.findings()) == []


def test_a_history_that_cannot_be_read_is_a_note(deployments: Deployments) -> None:
    """What was found before stays, and the next audit begins where this one did."""
    deployments.update()
    first = deployments.findings()
    assert first.result is not None
    before = stored(guard(), first.result)
    before = replace(before, report=replace(before.report, history=first.history))
    for path in deployments.folder.iterdir():
        path.unlink()
    deployments.folder.rmdir()
    deployments.folder.write_text("")
    found = deployments.findings(before)
    assert [note.code for note in found.notes] == ["history-unreadable"]
    assert (policies(found), found.history) == (["past-the-guard"], first.history)
