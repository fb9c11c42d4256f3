"""Updates that went past the guard: a stack's history against what the guard left. Real ones: `attacks`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from packreg.findings.past_guard import (
    HISTORY_LOST,
    MOST,
    PAST_THE_GUARD,
    Demand,
    GuardRun,
    demand,
    is_own,
    lost_finding,
    own_result,
    past_finding,
    run_of,
    why_past,
)
from packreg.groups.model import Entity
from packreg.states.update_history import Update
from tests.groups.governance import entry, governed, group
from tests.reports.findings import STACK, guard, violation
from tests.reports.kept import stored

UPDATE = Update("update", 100.0, 110.0, True, True)
REPORT = stored(guard(advisory_only=True), run="update", mode="preventative")
FINE = replace(REPORT, verdict="allowed")
#: The guard was there, and its report says that guard@1.0.0 ran and allowed it.
JUDGED = GuardRun("a", began=100.0, kept=1.0, report=FINE)
DENIED, UNJUDGED = (
    replace(JUDGED, report=replace(FINE, verdict=verdict)) for verdict in ("denied", "not-evaluated")
)
ASKED = Demand(7, {"guard": frozenset({"1.0.0"})})


@pytest.mark.parametrize(
    ("run", "belongs"),
    [
        (GuardRun("a", began=99.0), True),
        (GuardRun("a", began=111.0), True),
        (GuardRun("a", began=98.9), False),
        (GuardRun("a", began=111.1), False),
        (GuardRun("a", kept=100.0), True),
        (GuardRun("a", kept=150.0), True),
        (GuardRun("a", kept=150.1), False),
        (GuardRun("a", kept=99.9), False),
        (GuardRun("a", began=90.0, kept=105.0), False),
    ],
)
def test_a_run_of_the_guard_is_of_the_update_that_it_began_in(run: GuardRun, belongs: bool) -> None:
    """By when it began, give or take a second; by its report alone where nothing says when that was."""
    assert (run_of(UPDATE, [run], 150.0) is run) == belongs


def test_the_run_that_began_in_it_goes_before_one_that_was_only_kept_then() -> None:
    """An entry is surer than a time."""
    kept, began = GuardRun("kept", kept=105.0), GuardRun("began", began=100.0)
    assert run_of(UPDATE, [kept, began], 150.0) is began


@pytest.mark.parametrize(
    ("update", "run", "demands", "said"),
    [
        ({}, None, [ASKED], "nor any sign that the guard was there"),
        ({}, GuardRun("a", began=100.0), [ASKED], "no report of it was kept"),
        ({}, DENIED, [ASKED], "the guard denied it"),
        (
            {},
            UNJUDGED,
            [ASKED],
            "did not evaluate",
        ),
        ({}, JUDGED, [ASKED], ""),
        ({}, JUDGED, [], ""),
        ({}, JUDGED, [Demand(8, {"tags": frozenset({"latest"})}), ASKED], ""),
        (
            {},
            JUDGED,
            [Demand(8, {"tags": frozenset({"1"})})],
            "but tags had to run",
        ),
        (
            {},
            JUDGED,
            [Demand(8, {"guard": frozenset({"2.0.0"})})],
            "judged by guard@1.0.0",
        ),
        ({}, JUDGED, [Demand(8, {"guard": frozenset({"2.0.0", "latest"})})], ""),
        ({"succeeded": False}, DENIED, [ASKED], ""),
        ({"succeeded": False}, None, [ASKED], "nor any sign that the guard was there"),
        ({"touched": False}, None, [ASKED], ""),
    ],
)
def test_how_an_update_went_past_the_guard_is_said(
    update: dict[str, bool], run: GuardRun | None, demands: list[Demand], said: str
) -> None:
    """What touched nothing, what failed after a denial, and what was judged as was asked did not."""
    found = why_past(UPDATE._replace(**update), run, demands)
    assert (found == "") if not said else (said in found)


def test_what_is_demanded_is_what_preventative_groups_ask_for() -> None:
    """By pack, every version that a group of the stack names; audit groups block nothing."""
    governance = governed(
        group("a", entry("guard", "1.0.0"), stacks=("shop/*",)),
        group("b", entry("guard", "^1"), entry("tags", "latest"), stacks=("shop/dev",)),
        group("c", entry("other"), stacks=("blog/*",)),
        group("d", entry("watch"), mode="audit", stacks=("shop/*",)),
        revision=5,
    )
    assert demand(governance, STACK) == Demand(
        5, {"guard": frozenset({"1.0.0", "^1"}), "tags": frozenset({"latest"})}
    )


def finding(ended: float = 110.0, entity: Entity = STACK) -> Any:
    """The finding of an update."""
    return past_finding(entity, UPDATE._replace(ended=ended), "it did", "1.0")


def test_a_finding_is_of_its_update_and_stays_the_same() -> None:
    """Its URN is the stack's and the moment's, so that a waiver and the next audit find it again."""
    found = finding()
    assert found.urn == "urn:pulumi:dev::shop::packreg:backend:Update::1970-01-01T00:01:50.000000Z"
    assert finding(entity=replace(STACK, name=f"east:{STACK.name}")) == found
    assert finding(111.0).urn != found.urn
    assert is_own(found) and is_own(lost_finding(STACK, "gone", "h", "1.0"))
    assert not is_own(violation(PAST_THE_GUARD, "mandatory", "x", pack="packreg")), "a pack took the name"


def test_the_result_counts_each_finding_once_and_the_newest_of_them() -> None:
    """Without one there is no result; policies without one passed."""
    assert own_result([], 3, "1.0") is None
    many = [finding(float(ended)) for ended in range(1000, 1000 + MOST + 5)]
    result = own_result([*many, *many], 3, "2.0")
    assert result is not None and len(result.violations) == MOST
    assert result.violations[-1] == replace(many[-1], version="2.0")
    counts = {each.policy: (each.failed, each.passed) for each in result.policies}
    assert counts == {PAST_THE_GUARD: (MOST, 0), HISTORY_LOST: (0, 1)}
