"""Reports of governed runs: what ran, what could not, and what follows."""

from __future__ import annotations

from packreg.analyzer.findings import Evaluation, PackResult
from packreg.errors import Problem
from packreg.groups.decision import Required, Unavailable
from packreg.groups.model import Entity
from packreg.services.guard_evidence import OwnFindings
from packreg.services.judge import ReportIdentity, governed_report, judged_report, new_identity, stored_report
from packreg.services.prepared import PreparedPacks
from packreg.services.workspace import Workspace
from packreg.states.state import read_state

PROD = Entity("stack", "organization/shop/prod")
STATE = b'{"version": 3, "deployment": {"resources": []}}'


def prepared(*unavailable: Unavailable) -> PreparedPacks:
    """Packs of which none can run."""
    return PreparedPacks(Required(PROD, "preventative", 1, (), (), unavailable=unavailable), id="the-run")


def test_nothing_required_is_no_pass_and_a_missing_pack_is_not_evaluated() -> None:
    """Both are verdicts of their own, and the missing pack is named."""
    snapshot = read_state(STATE, "s.json")
    assert judged_report(snapshot, prepared(), where="s").verdict == "nothing-required"
    gone = Unavailable("limits", "1.0.0", Problem("not-found", "there is no pack limits"))
    report = judged_report(snapshot, prepared(gone), where="s")
    assert report.verdict == "not-evaluated"
    assert [error.code for error in report.evaluation.errors] == ["not-found"]


def test_own_findings_stand_beside_those_of_packs() -> None:
    """They are a pack's result of their own, with their notes."""
    own = OwnFindings(PackResult("packreg", "1", None, 0), notes=(Problem("n", "a note"),))
    report = governed_report(prepared(), Evaluation((), 0), where="w", of=("prod", "shop"), own=own)
    assert [each.pack for each in report.evaluation.packs] == ["packreg"]
    assert [note.code for note in report.notes] == ["n"]
    assert (report.stack, report.project) == ("prod", "shop")


def test_a_report_has_the_identity_of_its_run() -> None:
    """The run's, or one that was given; time and new ids are the workspace's."""
    workspace = Workspace()
    workspace.precisely_now, workspace.new_id = lambda: "2026-06-01T00:00:00.000000Z", lambda: "made"
    report = governed_report(prepared(), Evaluation((), 0), where="w", of=("", ""))
    stored = stored_report(workspace, "enforce", report, prepared(), "")
    assert (stored.id, stored.time) == ("the-run", "2026-06-01T00:00:00.000000Z")
    given = ReportIdentity("another", "2026-01-01T00:00:00.000000Z")
    stored = stored_report(workspace, "audit", report, prepared(), "", given)
    assert (stored.id, stored.time) == given
    assert new_identity(workspace) == ("made", "2026-06-01T00:00:00.000000Z")
    assert new_identity(workspace, "mine").id == "mine"
