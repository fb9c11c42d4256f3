"""A registry is proved by the use case: packs, reports, chains and times, and what is wrong with each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packreg.groups.model import Entity
from packreg.pack.reference import Reference
from packreg.registry import layout
from packreg.registry.verification import Finding
from packreg.services.reports import ReportStore
from packreg.services.verify import verify, verify_chain, verify_json
from packreg.services.workspace import Workspace
from tests.cli.conftest import User
from tests.cli.kept import enter, keep
from tests.reports.findings import guard
from tests.reports.kept import stored
from tests.services.conftest import workspace_for

DEV = Entity("stack", "organization/shop/dev")
CHAIN = f"{layout.RUNS}audit/stack.organization.shop.dev"


@pytest.fixture
def ada(user: User) -> Workspace:
    """A workspace on a registry with a pack and two audits of a stack."""
    keep(user, stored(guard()), stored(guard(), day=2))
    user.publish("guard", "1.0.0")
    return workspace_for(user)


def errors(ada: Workspace) -> list[str]:
    """The codes of what is wrong; when the reports were written is nobody's concern here."""
    return [each.code for each in verify(ada) if each.level == "error" and each.code != "wrong-time"]


def reports(ada: Workspace) -> list[str]:
    """The keys of the reports, the newest first."""
    return [entry.key for entry in ada.store.list_all(layout.REPORTS)]


def test_what_is_as_it_was_written_is_fine(ada: Workspace) -> None:
    """The pack's version and the chain of reports are both told of."""
    assert errors(ada) == []
    subjects = {each.subject for each in verify(ada)}
    assert {"guard@1.0.0", CHAIN} <= subjects


def test_one_version_is_proved_alone(ada: Workspace) -> None:
    """Nothing of the reports is read for it."""
    ada.store.delete(reports(ada)[0])
    assert [each.subject for each in verify(ada, Reference.parse("guard@1.0.0"))] == ["guard@1.0.0"]
    assert errors(ada) == ["missing-report"]


def test_a_report_that_was_changed_or_added_is_found(ada: Workspace) -> None:
    """Its bytes are held against its entry; one without an entry counts nowhere."""
    newest = reports(ada)[0]
    ada.store.delete(newest)
    ada.store.create(newest, replace(stored(guard(), day=2), state=f"sha256:{'0' * 64}").encode())
    assert errors(ada) == ["bad-report"]
    stranger = stored(guard(), day=3)
    ada.store.create(stranger.key, stranger.encode())
    assert sorted(errors(ada)) == ["bad-report", "unentered-report"]


def test_a_report_that_was_entered_twice_is_found(ada: Workspace) -> None:
    """An old, good report must not pass for the newest by a second entry."""
    enter(ada.store, stored(guard()), time="2026-06-03T10:00:00.000000Z")
    assert "entered-twice" in errors(ada)


def test_a_chain_can_be_proved_without_reading_reports(ada: Workspace) -> None:
    """Then nothing is held against digests; what is missing or was never entered is found all the same."""
    newest, first = reports(ada)
    ada.store.delete(newest)
    ada.store.create(newest, b"x")
    kept = ReportStore(ada)

    def codes(*, contents: bool) -> set[str]:
        return {each.code for each in verify_chain(ada, kept, DEV, "audit", contents=contents)} - {
            "wrong-time"
        }

    assert codes(contents=False) == set()
    assert codes(contents=True) == {"bad-report"}
    ada.store.delete(first)
    assert codes(contents=False) == {"missing-report"}


def test_reports_from_before_the_chain_are_only_noted(user: User) -> None:
    """Nothing shows that they are as they were written, which is no error."""
    keep(user, stored(guard()), entered=False)
    ada = workspace_for(user)
    assert [(each.level, each.code) for each in verify(ada) if each.subject == CHAIN] == [
        ("note", "before-the-chain")
    ]


def test_the_document_says_whether_anything_is_wrong() -> None:
    """A note is nothing wrong."""
    fine, note = Finding("guard@1.0.0", "ok"), Finding("x", "note", "unknown-key", "why")
    assert verify_json([fine, note])["ok"] is True
    wrong = verify_json(iter([fine, Finding("y", "error", "bad-report", "why")]))
    assert wrong["ok"] is False
    assert wrong["findings"][1] == {"subject": "y", "level": "error", "code": "bad-report", "message": "why"}
