"""What became of findings from one run to the next."""

from __future__ import annotations

from dataclasses import replace

from packreg.findings.tracking import track
from tests.reports.findings import URN, error, guard, violation, waiver
from tests.reports.kept import stored


def statuses(tracked: object) -> dict[tuple[str, str], str]:
    """Status by kind and policy."""
    return {(each.kind, each.policy): each.status for each in tracked}  # type: ignore[attr-defined]


def test_without_a_run_before_everything_is_new() -> None:
    """The first run's findings are all new."""
    assert statuses(track(stored(guard()))) == {
        ("violation", "private"): "new",
        ("violation", "owned"): "new",
        ("remediation", "tagged"): "new",
    }


def test_what_is_found_again_is_open_and_what_is_gone_is_fixed() -> None:
    """The same policy on the same resource is the same finding, whatever it says now."""
    again = replace(guard(), violations=(violation("private", "mandatory", "other words"),))
    found = track(stored(again, day=2), stored(guard()))
    assert statuses(found) == {
        ("violation", "private"): "open",
        ("remediation", "tagged"): "open",
        ("violation", "owned"): "fixed",
    }
    fixed = found[-1]
    assert not fixed.is_there and fixed.time.startswith("2026-06-02")


def test_the_same_policy_on_another_resource_is_another_finding() -> None:
    """Moving a violation to another resource fixes one and opens another."""
    moved = replace(guard(), violations=(violation("private", "mandatory", "x", f"{URN}2"),), remediations=())
    found = [each for each in track(stored(moved, day=2), stored(guard())) if each.policy == "private"]
    assert [(each.urn, each.status) for each in found] == [(f"{URN}2", "new"), (URN, "fixed")]


def test_what_could_not_be_looked_for_is_not_fixed() -> None:
    """An error of the policy, of the resource or of the pack hides findings; other policies' are fixed."""
    clean = replace(guard(), violations=(), remediations=())
    hidden = replace(clean, errors=(error("private"),))
    assert statuses(track(stored(hidden, day=2), stored(guard()))) == {
        ("error", "private"): "new",
        ("violation", "private"): "unknown",
        ("violation", "owned"): "fixed",
        ("remediation", "tagged"): "fixed",
    }
    broken = replace(clean, errors=(error(),))
    assert set(statuses(track(stored(broken, day=2), stored(guard()))).values()) == {"new", "unknown"}


def test_an_error_on_another_resource_hides_nothing() -> None:
    """Where the policy could not judge one resource, what it found on another one is fixed all the same."""
    clean = replace(guard(), violations=(), remediations=())
    for urn, status in ((URN, "unknown"), (f"{URN}2", "fixed")):
        later = stored(replace(clean, errors=(error("private", urn),)), day=2)
        assert statuses(track(later, stored(guard())))["violation", "private"] == status
    other = replace(clean, pack="other", errors=(error(),))
    found = track(stored(clean, other, day=2), stored(guard()))
    assert {each.status for each in found if each.kind == "violation"} == {"fixed"}, "nor another pack's"


def test_hidden_secrets_leave_unknown_what_was_found_there() -> None:
    """A resource with secrets that could not be read was not looked at; once they are read that is fixed."""
    clean = replace(guard(), violations=(), remediations=())
    secret = stored(clean, day=2)
    secret = replace(secret, report=replace(secret.report, hidden=(URN,)))
    moved = stored(replace(guard(), violations=(violation("private", "mandatory", "x", f"{URN}2"),)))
    assert [(each.kind, each.status) for each in track(secret, stored(guard()))] == [
        ("hidden", "new"),
        *[("violation", "unknown")] * 2,
        ("remediation", "unknown"),
    ]
    assert statuses(track(secret, moved))["violation", "private"] == "fixed"
    assert statuses(track(stored(clean, day=3), secret)) == {("hidden", ""): "fixed"}


def test_a_pack_that_is_not_required_any_more_drops_its_findings() -> None:
    """Nobody looked, and nobody wants to know: neither fixed nor unknown."""
    found = track(stored(nothing=True, day=2), stored(guard()))
    assert {each.status for each in found} == {"dropped"} and len(found) == 3


def test_a_waived_finding_says_by_which_waiver() -> None:
    """Waived findings are tracked like the others, with their waiver."""
    found = track(stored(guard(), waivers=(waiver(),)))
    assert [each.policy for each in found if each.waiver] == ["private"]
