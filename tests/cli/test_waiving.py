"""The commands of waivers."""

from __future__ import annotations

import shlex

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


def test_a_waiver_is_asked_for_by_whoever_may_not_add_it(governor: User) -> None:
    """The command to send stands alone on stdout, its owners beside it; run, it makes the waiver."""
    governor.must("group", "new", "prod", "--add-stack", "*/prod", "--owner", "ops", "--contact", "#ops")
    governor.must("enable", "guard@1.0.0", "--group", "prod", "--quiet")
    before = governor.must("group", "history", "--json").json()
    asked = governor.must(
        *("waiver", "request", "--stack", "web/prod", "--policy", "guard:deny", "--urn", "urn:x"),
        *("--reason", "it's late", "--owner", "web team"),
    )
    assert governor.must("group", "history", "--json").json() == before
    assert "nothing was written; send this to the owner of a group that requires this pack" in asked.err
    assert "  prod (rule: */prod), owned by ops: #ops" in asked.err.splitlines()
    [line] = asked.out.splitlines()
    governor.must(*shlex.split(line)[1:])
    [waiver] = governor.must("waiver", "ls", "--json").json()
    assert (waiver["owner"], waiver["reason"], waiver["resource"]) == ("web team", "it's late", "urn:x")
    wrong = governor("waiver", "request", "--stack", "web/prod", "--policy", "guard:keep", "--reason", "x")
    assert (wrong.code, "may not be waived" in wrong.err) == (2, True)
