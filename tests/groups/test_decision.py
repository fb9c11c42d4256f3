"""A decision as a value: that nothing is required is said, and what cannot be had is not nothing."""

from __future__ import annotations

from dataclasses import replace

from packreg.errors import Problem
from packreg.groups.decision import GroupMembership, GroupRequest, Required, Requirement, Unavailable
from packreg.groups.model import About, Entity
from packreg.pack.version import Version
from tests.groups.governance import entry

STACK = Entity("stack", "organization/shop/dev")


def test_what_cannot_be_had_is_not_nothing() -> None:
    """A stack is free of packs only where none was asked for."""
    problem = Problem("removed", "it was removed")
    missing = Required(STACK, "preventative", 1, ("prod",), (), (Unavailable("guard", "latest", problem),))
    assert not missing.nothing and missing.problems == (problem,)
    assert Required(STACK, "preventative", 1, ("prod",), ()).nothing


def test_a_membership_is_said_as_far_as_it_is_known() -> None:
    """The group, its rule, its owner and where they are; what nobody said is left out."""
    words = [
        GroupMembership("prod", "*/prod", About("platform", "#platform")),
        GroupMembership("prod", "", About("platform")),
        GroupMembership("prod", "everyone", About(contact="#platform")),
        GroupMembership("prod", "", About()),
    ]
    assert [str(each) for each in words] == [
        "prod (rule: */prod), owned by platform: #platform",
        "prod, owned by platform",
        "prod (rule: everyone), contact #platform",
        "prod",
    ]


def test_a_pack_runs_as_the_winner_has_it() -> None:
    """Configuration and environments are those of the entry that won, whole."""
    won = GroupRequest(
        "a", entry("guard", config={"p": "advisory"}, environments=("prod",)), Version("1.0.0")
    )
    requirement = Requirement("guard", won.version, won)
    assert requirement.config == {"p": "advisory"} and requirement.environments == ("prod",)
    required = Required(STACK, "audit", 1, ("a",), (requirement,))
    assert not required.nothing and required.membership("guard") is None
    member = GroupMembership("a", "*/*", About())
    other = GroupMembership("b", "*/*", About())
    assert replace(required, memberships=(other, member)).membership("guard") == member
