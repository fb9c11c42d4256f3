"""An edit shows its plan, asks, and is one revision."""

from __future__ import annotations

from tests.cli.conftest import User
from tests.cli.test_grouping import DEFAULT, entry_of
from tests.cli.test_grouping import governor as governor
from tests.cli.test_grouping import published as published


def test_a_group_is_edited_in_one_revision(governor: User) -> None:
    """Members, packs and a new name: all of it or nothing."""
    governor.must("group", "new", "a", "--add-stack", "*/prod", "--add-tag", "env=prod")
    governor.must("enable", "guard@latest", "--group", "a")
    edited = governor.must(
        *("group", "edit", "a", "--name", "b", "--add-stack", "x/y", "--remove-stack", "*/prod"),
        *("--remove-tag", "env=prod", "--add-policy-pack", "guard@1.0.0", "--json"),
    ).json()
    assert edited["revision"] == 4
    found = governor.must("group", "show", "b", "--json").json()
    assert (found["stacks"], found["tags"], found["packs"][0]["version"]) == (["x/y"], [], "1.0.0")
    assert governor("group", "edit", "b", "--add-stack", "p/q", "--remove-policy-pack", "none").code == 6
    assert governor.must("group", "get", "b", "--json").json() == found


def test_promotion_shows_its_plan_and_asks(governor: User) -> None:
    """Without a yes nothing changes; with it the tested entries are in the preventative group."""
    governor.must("group", "new", "trial", "--mode", "audit", "--add-stack", "*/*")
    governor.must("enable", "guard@1.0.0", "--group", "trial", "--yes")
    refused = governor("group", "promote", "trial", "--to", DEFAULT)
    assert refused.code == 2
    assert f"+ group {DEFAULT}: packs.guard" in refused.out
    assert governor.must("group", "get", DEFAULT, "--json").json()["packs"] == []
    governor.must("group", "promote", "trial", "--to", DEFAULT, "--yes")
    assert entry_of(governor, DEFAULT, "guard")["version"] == "1.0.0"
    assert governor.must("group", "promote", "trial", "--to", DEFAULT, "--json").json()["written"] is False
