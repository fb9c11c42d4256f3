"""`findings`, `compliance` and `report` over kept reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.kept import keep
from tests.reports.findings import guard, waiver
from tests.reports.kept import stored


@pytest.fixture
def auditor(user: User) -> User:
    """Somebody with two audits of a stack: `owned` was fixed between them."""
    fixed = replace(guard(), violations=guard().violations[:1])
    keep(user, stored(guard()), stored(fixed, day=2))
    return user


def listed(user: User, *words: str) -> list[tuple[str, str]]:
    """Status and policy of what `findings ls` lists."""
    return [(each["status"], each["policy"]) for each in user.must("findings", "ls", *words, "--json").json()]


def test_findings_are_listed_with_what_became_of_them(auditor: User) -> None:
    """What is still there is open; what is fixed is shown when it is asked for."""
    assert listed(auditor) == [("open", "private"), ("open", "tagged")]
    assert listed(auditor, "--status", "fixed") == [("fixed", "owned")]
    lines = auditor.must("findings", "ls").out.splitlines()
    assert lines[0].split("\t") == [
        *("open", "mandatory", "high", "organization/shop/dev", "guard:private", "demo:index:Bucket: open"),
        *("Is private. open is public.", auditor.must("findings", "ls", "--json").json()[0]["id"]),
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--level", "remediate"), ["tagged"]),
        (("--severity", "high"), ["private"]),
        (("--policy", "t*"), ["tagged"]),
        (("--policy", "guard:t*"), ["tagged"]),
        (("--project", "shop", "--level", "remediate,mandatory"), ["private", "tagged"]),
        (("--severity", "low,high", "--severity", "critical"), ["private"]),
        (("--pack", "other"), []),
        (("shop/dev", "--level", "mandatory"), ["private"]),
        (("*/dev", "--run", "audit"), ["private", "tagged"]),
    ],
)
def test_filters_leave_what_fits_all_of_them(
    auditor: User, words: tuple[str, ...], expected: list[str]
) -> None:
    """Pack, policy, level, severity, entity and kind of run; one that fits nothing gives an empty list."""
    assert [policy for _, policy in listed(auditor, *words)] == expected


def test_a_filter_that_fits_no_run_says_so(auditor: User) -> None:
    """A misspelt name is not an empty success without a word."""
    done = auditor.must("findings", "ls", "--pack", "gaurd", "--policy", "guard:private")
    assert "no pack of these runs is called 'gaurd'" in done.err and "there is guard" in done.err
    assert "no policy" not in done.err
    assert auditor("findings", "ls", "--level", "mandatory,none").code == 2


def test_one_finding_is_shown_by_its_id(auditor: User) -> None:
    """As text and as JSON; an id that no run has is exit code 6."""
    [private, *_] = auditor.must("findings", "ls", "--json").json()
    assert "open is public." in auditor.must("findings", "show", private["id"]).out
    [shown] = auditor.must("findings", "show", private["id"][:8], "--json").json()
    assert private.items() <= shown.items() and shown["remediation_steps"] == ""
    assert auditor("findings", "show", "ffffffffffff").code == 6


def test_a_waived_finding_is_listed_as_that(user: User) -> None:
    """It is not passed over, and says that it is waived."""
    keep(user, stored(guard(), waivers=(waiver(),)))
    [first, *_] = user.must("findings", "ls").out.splitlines()
    assert "mandatory, waived" in first


def test_the_last_run_of_each_mode_counts(auditor: User) -> None:
    """An update's findings and an audit's stand side by side; a preview's only where they are asked for."""
    keep(auditor, stored(replace(guard(), pack="limits"), run="update", mode="preventative", day=3))
    keep(auditor, stored(replace(guard(), pack="plan"), run="preview", mode="preventative", day=4))
    assert {row["pack"] for row in auditor.must("compliance", "--json").json()} == {"guard", "limits"}
    assert [row["pack"] for row in auditor.must("compliance", "--run", "preview", "--json").json()] == [
        "plan"
    ]


def test_compliance_is_policies_passed_of_all(auditor: User) -> None:
    """A row for each entity, a column for each pack, and the whole."""
    done = auditor.must("compliance")
    assert done.out.splitlines() == ["organization/shop/dev\t2/5\t2/5"]
    assert "2 of 5 policies passed" in done.err


def test_an_entity_without_reports_is_misuse(auditor: User) -> None:
    """A name that nothing is known of is not an empty success."""
    done = auditor("compliance", "shop/prod")
    assert done.code == 2 and "no reports are kept of 'shop/prod'" in done.err


def test_what_is_no_report_is_said_and_the_rest_is_shown(auditor: User) -> None:
    """Something that cannot be read where reports are is exit code 8, beside what can be read."""
    registry = Path(auditor.extra["PACKREG_REGISTRY"])
    [newest, *_] = sorted(registry.glob("reports/audit/*/*"))
    newest.chmod(0o644)
    newest.write_bytes(b"{}")
    done = auditor("findings", "ls", "--json")
    assert done.code == 8 and "was changed since it was entered" in done.err


def test_without_any_report_that_is_said(user: User) -> None:
    """An empty registry has no findings, and says that it has no reports."""
    keep(user)
    assert "no reports are kept" in user.must("report").err
    compliance = user.must("compliance")
    assert "no reports are kept" in compliance.err and "passed" not in compliance.err
    assert "there are no waivers" in user.must("waiver", "ls").err
    assert "there are no environments" in user.must("env", "ls").err
    assert listed(user) == []
