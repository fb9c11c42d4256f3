"""Looking at groups."""

from __future__ import annotations

from tests.cli.conftest import User
from tests.cli.test_grouping import governor as governor
from tests.cli.test_grouping import published as published


def test_history_says_who_what_and_when(governor: User) -> None:
    """Every revision of a group, the newest first, and the group as it was at each."""
    governor.must("group", "new", "a", "--add-stack", "*/prod")
    governor.must("enable", "--yes", "guard@latest")
    governor.must("enable", "guard@1.0.0", "--group", "a")
    governor.must("disable", "guard", "--group", "a")
    found = governor.must("group", "history", "a", "--json").json()
    assert [(each["revision"], each["what"]) for each in found] == [
        (5, "disable guard in a"),
        (4, "enable guard@1.0.0 in a"),
        (2, "create the group a"),
    ]
    assert all(each["by"] and each["at"].endswith("Z") for each in found)
    assert governor.must("group", "history", "--limit", "2").out.count("revision ") == 2
    assert governor.must("group", "get", "a", "--at", "4", "--json").json()["packs"][0]["version"] == "1.0.0"
    assert governor.must("group", "get", "a", "--json").json()["packs"] == []
    assert governor("group", "get", "a", "--at", "0").code == 6
    assert governor("group", "history", "nope").code == 6
    never = governor.must("group", "history", "default-audit-policy-group")
    assert (never.out, "was never changed" in never.err) == ("", True)
