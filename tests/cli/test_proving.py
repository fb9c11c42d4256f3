"""`prove`: what was enforced at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packreg.reports.stored import RanPack
from tests.cli.conftest import User
from tests.cli.kept import fitting, govern, keep
from tests.reports.findings import guard, waiver
from tests.reports.kept import stored


@pytest.fixture
def auditor(user: User) -> User:
    """Somebody with an update of the first and one of the fifth of June, and an audit of the third."""
    keep(
        user,
        *map(
            fitting,
            (
                stored(guard(), run="update", mode="preventative", waivers=(waiver(),)),
                stored(guard(), day=3),
                stored(guard(), run="update", mode="preventative", day=5),
            ),
        ),
    )
    govern(user)
    return user


def runs(user: User, at: str) -> list[tuple[str, str]]:
    """Kind and day of the runs that `prove` finds."""
    found = user("prove", "shop/dev", "--at", at, "--json").json()["runs"]
    return [(run["run"], run["time"][:10]) for run in found]


def test_the_last_runs_until_then_are_shown(auditor: User) -> None:
    """A day counts to its end, a moment is one; what came later is not shown."""
    assert runs(auditor, "2026-06-30") == [("update", "2026-06-05"), ("audit", "2026-06-03")]
    assert runs(auditor, "2026-06-03") == [("update", "2026-06-01"), ("audit", "2026-06-03")]
    assert runs(auditor, "2026-06-03T09:00:00Z") == [("update", "2026-06-01")]
    assert runs(auditor, "2026-06-03T12:30:00+02:00") == [("update", "2026-06-01"), ("audit", "2026-06-03")]


def test_packs_digests_waivers_and_verdict_are_shown(auditor: User) -> None:
    """In words and as a document: which release by which digest, who waived what, what followed."""
    out = auditor.must("prove", "shop/dev", "--at", "2026-06-01").out
    assert "guard@1.0.0  sha256:aaaa" in out and "by prod" in out
    assert "guard:private by ada until 2026-12-31T23:59:59Z" in out


def test_nothing_known_is_6(auditor: User) -> None:
    """Before the first run, and for another stack, nothing can be proved, which is not a success."""
    for words in (("shop/dev", "--at", "2026-05-31"), ("shop/prod", "--at", "2026-06-30")):
        done = auditor("prove", *words)
        assert done.code == 6 and "no run on organization/shop" in done.err


def test_the_groups_are_those_of_that_time(auditor: User) -> None:
    """Governance is shown as it was, not as it is: before the first revision there was none yet."""
    assert auditor("prove", "shop/dev", "--at", "2026-04-30", "--json").json()["governance"] is None
    auditor.must("group", "new", "more", "--add-stack", "shop/*")
    then = auditor.must("prove", "shop/dev", "--at", "2026-06-01", "--json").json()["governance"]
    assert then["revision"] == 7 and "more" not in str(then["groups"])
    now = auditor.must("prove", "shop/dev", "--at", "2999-01-01", "--json").json()["governance"]
    assert now["revision"] == 8 and "more" in [group["name"] for group in now["groups"]]


def test_a_release_that_is_not_what_ran_is_8(auditor: User) -> None:
    """The digest in the report is compared with the registry's record of that version."""
    auditor.publish("other", "1.0.0")
    ran = RanPack("other", "1.0.0", f"sha256:{'d' * 64}", "prod", f"sha256:{'b' * 64}")
    keep(auditor, replace(fitting(stored(guard(), day=9)), packs=(ran,)))
    done = auditor("prove", "shop/dev", "--at", "2026-06-09")
    assert done.code == 8 and "other@1.0.0 has the digest" in done.err


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "2026-06-01T10:00:00", "", "20260601"])
def test_what_is_no_date_is_misuse(auditor: User, text: str) -> None:
    """A day or a moment with its time zone is wanted."""
    assert auditor("prove", "shop/dev", "--at", text).code == 2
