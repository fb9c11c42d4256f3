"""What was enforced at a time, asked of the use case: the runs until then, and all that does not fit."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from packreg.errors import UsageError
from packreg.groups.model import Entity
from packreg.registry import layout
from packreg.reports.stored import RanPack
from packreg.services.evidence import GovernanceHistory, enforcement_evidence, evidence_json, read_moment
from packreg.services.workspace import Workspace
from tests.cli.conftest import User
from tests.cli.kept import fitting, govern, keep
from tests.reports.findings import guard, waiver
from tests.reports.kept import stored
from tests.services.conftest import workspace_for

DEV = Entity("stack", "organization/shop/dev")
END_OF_JUNE = "2026-06-30T23:59:59.000000Z"


@pytest.fixture
def ada(user: User) -> Workspace:
    """A workspace on a registry with updates of the first and fifth of June, and an audit of the third."""
    first = stored(guard(), run="update", mode="preventative", waivers=(waiver(),))
    audit, last = stored(guard(), day=3), stored(guard(), run="update", mode="preventative", day=5)
    keep(user, *map(fitting, (first, audit, last)))
    govern(user)
    return workspace_for(user)


def test_the_last_run_of_each_mode_until_then(ada: Workspace) -> None:
    """With the revision of governance that held; where all fits there is no problem."""
    evidence = enforcement_evidence(ada, DEV, END_OF_JUNE)
    assert [(run.report.run, run.report.time[:10]) for run in evidence.runs] == [
        ("update", "2026-06-05"),
        ("audit", "2026-06-03"),
    ]
    assert evidence.governance is not None and evidence.governance.governance.revision == 7
    assert evidence.problems == () and evidence.unreadable == ()
    assert [run.entry for run in evidence.runs] == [2, 1]
    earlier = enforcement_evidence(ada, DEV, "2026-06-01T12:00:00.000000Z")
    assert [run.report.id for run in earlier.runs] == ["id-1"]


def test_nothing_by_then_is_no_run_and_no_governance(ada: Workspace) -> None:
    """Before the first revision, and for a stack of which there is nothing."""
    evidence = enforcement_evidence(ada, DEV, "2026-04-30T00:00:00.000000Z")
    assert (evidence.runs, evidence.governance) == ((), None)
    assert enforcement_evidence(ada, Entity("stack", "organization/shop/gone"), END_OF_JUNE).runs == ()


def test_the_document_is_json_and_has_the_waiver(ada: Workspace) -> None:
    """Who let pass what until when, and by which release."""
    document = json.loads(json.dumps(evidence_json(enforcement_evidence(ada, DEV, "2026-06-02"))))
    [run] = document["runs"]
    assert run["waivers"][0]["policy"] == "guard:private" and run["packs"][0]["name"] == "guard"
    assert [group["name"] for group in document["governance"]["groups"]][:2] == [
        "default-preventative-policy-group",
        "prod",
    ]


def test_a_report_that_governance_contradicts_is_a_problem(ada: Workspace, user: User) -> None:
    """It is given all the same, so that people see what there is."""
    keep(user, replace(fitting(stored(guard(), day=9)), packs=()))
    evidence = enforcement_evidence(ada, DEV, END_OF_JUNE)
    assert [run.report.id for run in evidence.runs] == ["id-5", "id-9"]
    assert any("does not name the pack guard" in problem for problem in evidence.problems)


def test_a_release_that_is_not_what_ran_is_a_problem(ada: Workspace, user: User) -> None:
    """The digest in a report is held against the registry's record, pack by pack."""
    user.publish("other", "1.0.0")
    ran = RanPack("other", "1.0.0", f"sha256:{'d' * 64}", "prod", f"sha256:{'b' * 64}")
    keep(user, replace(fitting(stored(guard(), day=9)), packs=(ran,)))
    evidence = enforcement_evidence(ada, DEV, END_OF_JUNE)
    [(pack, problem)] = evidence.runs[1].packs
    assert pack == ran and problem.startswith("other@1.0.0 has the digest") and problem in evidence.problems


def test_a_report_that_is_gone_is_a_problem(ada: Workspace) -> None:
    """The one before is shown, and nobody takes it for the last."""
    [last] = [each.key for each in ada.store.list_all(layout.REPORTS) if "id-5" in each.key]
    ada.store.delete(last)
    evidence = enforcement_evidence(ada, DEV, END_OF_JUNE)
    assert [run.report.id for run in evidence.runs] == ["id-1", "id-3"]
    assert evidence.unreadable and "is gone" in evidence.unreadable[0]


def test_every_revision_of_governance_is_read(ada: Workspace) -> None:
    """The newest until a moment holds at it; a revision of the very moment does, too."""
    history = GovernanceHistory(ada)
    assert sorted(history.documents) == [1, 2, 3, 4, 5, 6, 7]
    held = {day: history.at(f"2026-05-{day:02d}T10:00:00.000000Z") for day in (1, 4)}
    assert [each and each.governance.revision for each in held.values()] == [1, 4]
    assert history.at("2026-05-01T09:59:59.999999Z") is None
    assert all(history.doubts(document) == () for document in history.documents.values())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-08-31", "2026-08-31T23:59:59.000000Z"),
        ("2026-08-31T12:00:00Z", "2026-08-31T12:00:00.000000Z"),
        ("2026-08-31T12:30:00+02:00", "2026-08-31T10:30:00.000000Z"),
    ],
)
def test_a_day_is_its_end_and_a_moment_itself(text: str, moment: str) -> None:
    """In UTC, in one form."""
    assert read_moment(text) == moment


@pytest.mark.parametrize("text", ["soon", "2026-02-30", "2026-06-01T10:00:00", "", "20260601", "٢٠٢٦-٠٦-٠١"])
def test_what_is_no_date_is_misuse(workspace: Workspace, text: str) -> None:
    """A day or a moment with its time zone is wanted."""
    with pytest.raises(UsageError):
        enforcement_evidence(workspace, DEV, text)
