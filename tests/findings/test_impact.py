"""What another version of a pack changes, finding by finding."""

from __future__ import annotations

from dataclasses import replace

from packreg.findings.impact import alone, beside_others, effects
from tests.groups.governance import entry, governed, group
from tests.reports.findings import URN, error, guard, violation
from tests.reports.kept import stored


def changes(found: object) -> list[tuple[str, str, str]]:
    """Change, policy and the level before."""
    return [(each.change, each.finding.policy, each.was) for each in found]  # type: ignore[attr-defined]


def test_the_same_findings_change_nothing() -> None:
    """Other words about the same resource are no change."""
    said = tuple(replace(each, message="other words") for each in guard().violations)
    assert effects(stored(replace(guard(), violations=said)), stored(guard())) == ()


def test_what_is_found_anew_fails_and_what_is_gone_passes() -> None:
    """Each on its own resource."""
    moved = replace(guard(), violations=(violation("private", "mandatory", "x", f"{URN}2"),))
    found = effects(stored(moved), stored(guard()))
    assert changes(found) == [
        ("fails", "private", ""),
        ("passes", "private", "mandatory"),
        ("passes", "owned", "advisory"),
    ]
    assert [each.finding.urn for each in found] == [f"{URN}2", URN, URN]


def test_a_level_that_rises_or_falls_is_a_change() -> None:
    """A policy that only advised and now denies blocks like a new one."""
    raised = replace(
        guard(),
        violations=(violation("private", "advisory", "x"), violation("owned", "mandatory", "x")),
    )
    assert changes(effects(stored(raised), stored(guard()))) == [
        ("laxer", "private", "mandatory"),
        ("stricter", "owned", "advisory"),
    ]


def test_what_cannot_be_evaluated_is_never_a_pass() -> None:
    """A finding that an error hides is no news; the error is one, whatever was before."""
    broken = replace(guard(errors=(error(),)), violations=(), remediations=())
    assert changes(effects(stored(broken), stored(guard()))) == [("unknown", "", "")]
    assert changes(effects(stored(broken), stored(broken))) == [("unknown", "", "")]
    assert {change for change, _, _ in changes(effects(stored(guard()), stored(broken)))} == {"fails"}


def test_a_pack_that_did_not_run_before_only_adds() -> None:
    """Everything it finds is new."""
    found = effects(stored(guard()), None)
    assert {each.change for each in found} == {"fails"} and len(found) == 3


def test_governance_is_reduced_to_what_is_compared() -> None:
    """Alone nothing else decides; beside others the same pack in another group still does."""
    prod = group("prod", entry("guard"), entry("limits"), stacks=("*/prod",))
    whole = governed(prod, group("all", entry("guard"), entry("limits")))
    new = entry("guard", "2.0.0")
    assert {n: [*g.packs.values()] for n, g in alone(whole, prod, new).groups.items()} == {"prod": [new]}
    beside = beside_others(whole, prod, new).groups
    assert beside.keys() == whole.groups.keys()
    assert [*beside["all"].packs] == ["guard"] and [*beside["prod"].packs.values()] == [new]
