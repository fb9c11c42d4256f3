"""Whom a change of governance is for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from packreg.groups.model import DEFAULT_PREVENTATIVE, Entity
from packreg.groups.reach import Reach, group_reach, waiver_reach
from tests.groups.governance import governed, group
from tests.reports.findings import waiver

KNOWN = [Entity("stack", f"organization/{name}") for name in ("shop/dev", "shop/prod", "blog/prod")]
KNOWN.append(Entity("account", "aws-1"))


@pytest.mark.parametrize(
    ("stacks", "reach"),
    [
        (("shop/*",), Reach(2, 3, False)),
        (("shop/dev",), Reach(1, 3, False)),
        (("nobody/*",), Reach(0, 3, False)),
        (("*/*",), Reach(3, 3, True)),
        (("*/dev", "*/prod"), Reach(3, 3, True)),
    ],
)
def test_a_group_is_for_those_that_it_takes(stacks: tuple[str, ...], reach: Reach) -> None:
    """Of its kinds alone; a pattern that fits all, or all that are known, is for everybody."""
    one = group("one", stacks=stacks)
    assert group_reach(governed(one), one, KNOWN) == reach


def test_a_default_group_and_tags_reach_further_than_what_is_known() -> None:
    """Nobody is told of fewer than there may be."""
    governance = governed()
    assert group_reach(governance, governance.groups[DEFAULT_PREVENTATIVE], KNOWN) == Reach(3, 3, True)
    tagged = group("one", stacks=("shop/dev",), tags=("stage=prod",))
    found = group_reach(governed(tagged), tagged, KNOWN)
    assert str(found) == "1 of 3 stacks and accounts with reports, and perhaps others by their tags"


def test_one_known_stack_is_not_everybody() -> None:
    """A group for the one stack that has a report takes no other by that."""
    one = group("one", stacks=("shop/dev",))
    assert not group_reach(governed(one), one, KNOWN[:1]).everyone


@pytest.mark.parametrize(
    ("entity", "reach"),
    [("shop/*", Reach(2, 4, False)), ("aws-1", Reach(1, 4, False)), ("**", Reach(1, 4, True))],
)
def test_a_waiver_is_for_whom_it_matches(entity: str, reach: Reach) -> None:
    """Stacks and accounts; one of asterisks alone is for everybody."""
    found = waiver_reach(waiver(entity=entity), KNOWN)
    assert replace(found, touched=0) == replace(reach, touched=0)
    assert found.touched >= reach.touched
