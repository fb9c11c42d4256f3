"""`reports prune` on the command line: asks, deletes, says what stays; `prove` says pruned."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.kept import govern, keep
from tests.reports.findings import guard
from tests.reports.kept import stored

RULE = ("reports", "prune", "--older-than", "1", "--also", "last-of-day,waived")


@pytest.fixture
def place(user: User) -> Path:
    """The directory of a registry with four audits of a stack."""
    made = keep(user, *(stored(guard(), day=day) for day in range(1, 5)))
    govern(user)
    return made


def reports(place: Path) -> int:
    """How many reports there are."""
    return len(list(place.glob("reports/audit/*/*")))


def test_nothing_is_deleted_unless_it_is_confirmed(user: User, place: Path) -> None:
    """A dry run says what would go; without --yes it is a matter of usage, and nothing was done."""
    done = user.must(*RULE, "--dry-run")
    first, last = "2026-06-01T10:00:00.000000Z", "2026-06-02T10:00:00.000000Z"
    assert done.out == f"organization/shop/dev\taudit\t2\t{first}\t{last}\n"
    assert "would be deleted" in done.err
    refused = user(*RULE)
    assert refused.code == 2
    assert "deleting 2 reports of 1 chains for good" in refused.err
    assert reports(place) == 4
    assert user("reports", "prune").code == 2


def test_pruned_runs_are_said_to_be_pruned(user: User, place: Path) -> None:
    """By `prove` and `report`; `verify` finds nothing wrong with it."""
    user.must(*RULE, "--yes")
    assert reports(place) == 2
    wrong = [each for each in user("verify", "--json").json()["findings"] if each["level"] == "error"]
    assert wrong == []
    proved = user("prove", "shop/dev", "--at", "2026-06-01")
    assert "; pruned at 20" in proved.out
    assert "entry 1 of its chain; its report was sha256:" in proved.out
    page = user.must("report", "--format", "html")
    assert "the reports of 2 runs were pruned, the last at 20" in page.out
    assert "the reports of 2 runs were pruned" in page.err


def test_what_stays_is_counted(user: User, place: Path) -> None:
    """With the reason that --also takes."""
    done = user.must("reports", "prune", "--older-than", "1", "--yes")
    assert "kept, as something rests on them: 2 last-of-day" in done.err
    assert "nothing to delete" in done.err
    assert reports(place) == 4


def test_a_report_that_was_changed_ends_with_8(user: User, place: Path) -> None:
    """The others go all the same."""
    changed = max(place.glob("reports/audit/*/*"))
    changed.write_bytes(changed.read_bytes() + b"x")
    done = user(*RULE, "--yes")
    assert done.code == 8
    assert "was changed since it was entered" in done.err
    assert reports(place) == 3
