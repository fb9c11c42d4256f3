"""The commands of waivers."""

from __future__ import annotations

from tests.cli.conftest import User
from tests.cli.test_grouping import governor as governor
from tests.cli.test_grouping import published as published


def test_waivers_are_made_listed_and_taken_back(governor: User) -> None:
    """A waiver has an owner, a reason and an end; one that ends soon says so; gone is gone."""
    governor.must(
        *("waiver", "add", "guard:deny", "--stack", "web/prod", "--resource", "*::site"),
        *("--expires", "3d", "--reason", "a website", "--owner", "web team"),
    )
    done = governor.must("waiver", "ls", "--json")
    [waiver] = done.json()
    assert (waiver["state"], waiver["owner"], waiver["entity"]) == ("expiring", "web team", "web/prod")
    assert (waiver["resource"], waiver["pack"], waiver["policy"]) == ("*::site", "guard", "deny")
    assert "expires at" in governor.must("waiver", "ls").err
    when = ("--expires", "2d", "--reason", "x")
    misspelt = governor("waiver", "add", "guard:denny", "--account", "aws", *when)
    assert (misspelt.code, "did you mean guard:deny?" in misspelt.err) == (6, True)
    governor.must("waiver", "rm", waiver["id"])
    assert governor.must("waiver", "ls", "--json").json() == []
    history = governor.must("group", "history", "--json").json()
    assert [history[0]["what"], history[-2]["what"]] == [
        f"take back {waiver['id']}",
        "waive guard:deny in web/prod",
    ]
