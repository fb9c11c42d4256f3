"""Waivers, called without a command line."""

from __future__ import annotations

from typing import Any

import pytest

from packreg.errors import NotFound, PackregError, UsageError
from packreg.services.waivers import add_waiver, list_waivers, remove_waivers
from packreg.services.workspace import Workspace

NOW = "2026-06-01T12:00:00Z"


@pytest.fixture
def keeper(governed: Workspace) -> Workspace:
    """A workspace in which it is June."""
    governed.now = lambda: NOW
    return governed


def waive(workspace: Workspace, policy: str = "guard:deny", **more: Any) -> None:
    """Waive a policy for a stack."""
    add_waiver(
        workspace,
        policy,
        **{"entity": "web/prod", "reason": "a website", "owner": "Bob", "expires": "30d", **more},
    )


def test_a_waiver_says_who_answers_for_it_and_until_when(keeper: Workspace) -> None:
    """Owner, reason, entity and times are as they were given, by the workspace's clock."""
    waive(keeper)
    [(waiver, state)] = list_waivers(keeper)
    assert (waiver.owner, waiver.entity, waiver.reason) == ("Bob", "web/prod", "a website")
    assert (waiver.created, waiver.expires, state) == (NOW, "2026-07-01T12:00:00Z", "active")


def test_waivers_are_listed_as_they_expire(keeper: Workspace) -> None:
    """The first to expire first, with its state at the time of the workspace."""
    waive(keeper, expires="30d")
    waive(keeper, expires="12h")
    assert [(each.waiver.expires, each.state) for each in list_waivers(keeper)] == [
        ("2026-06-02T00:00:00Z", "expiring"),
        ("2026-07-01T12:00:00Z", "active"),
    ]
    keeper.now = lambda: "2026-06-03T00:00:00Z"
    assert [each.as_json()["state"] for each in list_waivers(keeper)] == ["expired", "active"]


def test_a_waiver_is_taken_back(keeper: Workspace) -> None:
    """One that is not there stops all of it."""
    waive(keeper)
    [(waiver, _)] = list_waivers(keeper)
    with pytest.raises(NotFound):
        remove_waivers(keeper, [waiver.id, "w-none"])
    assert len(list_waivers(keeper)) == 1
    assert remove_waivers(keeper, [waiver.id, waiver.id]).edited.written
    assert list_waivers(keeper) == []


@pytest.mark.parametrize(
    ("policy", "more", "complaint"),
    [
        ("guard", {}, "not PACK:POLICY"),
        ("guard:", {}, "not PACK:POLICY"),
        ("guard:d*", {}, "has globs"),
        ("guard:deny", {"entity": ""}, "for a stack, an account or a resource"),
        ("guard:denny", {}, "no policy 'denny'"),
        ("none:deny", {}, "none"),
        ("guard:keep", {}, "keep"),
        ("guard:deny", {"entity": "*/*"}, "this affects everyone"),
        ("guard:deny", {"expires": "2y"}, "2y"),
    ],
)
def test_what_cannot_be_waived_is_refused(
    keeper: Workspace, policy: str, more: dict[str, str], complaint: str
) -> None:
    """The error says which part is wrong, and nothing is written."""
    with pytest.raises(PackregError, match=complaint.replace("*", r"\*")):
        waive(keeper, policy, **more)
    assert list_waivers(keeper) == []


def test_a_policy_that_nobody_knows_of_is_warned_of(keeper: Workspace) -> None:
    """A version without metadata may have it."""
    changed = add_waiver(keeper, "old:any", entity="web/prod", expires="1d", reason="r", owner="Bob")
    assert [warning.code for warning in changed.warnings] == ["no-metadata"]


def test_the_hint_names_the_policy_that_was_meant(keeper: Workspace) -> None:
    """One that is close, else all there are."""
    for name, hint in (("denny", "did you mean guard:deny?"), ("zzz", "its policies: deny, keep")):
        with pytest.raises(NotFound) as refused:
            waive(keeper, f"guard:{name}")
        assert refused.value.hint == hint


def test_a_resource_alone_is_for_everyone(keeper: Workspace) -> None:
    """Without a stack or an account it counts everywhere, so it needs a yes."""
    with pytest.raises(UsageError, match="this affects everyone"):
        waive(keeper, entity="", resource="*::site")
    waive(keeper, entity="", resource="*::site", yes=True)
    [(waiver, _)] = list_waivers(keeper)
    assert (waiver.entity, waiver.resource) == ("*/*", "*::site")
