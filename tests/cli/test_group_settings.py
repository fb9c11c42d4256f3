"""Settings of governance."""

from __future__ import annotations

from tests.cli.conftest import User
from tests.cli.test_grouping import governor as governor
from tests.cli.test_grouping import published as published


def test_settings_forbid_waivers(governor: User) -> None:
    """What the settings list is not waived any more, and a waiver that is there is warned of."""
    add = ("waiver", "add", "guard:deny", "--stack", "*/*", "--expires", "60d", "--reason", "x", "--yes")
    governor.must(*add)
    done = governor.must(
        "group", "settings", "--unwaivable", "guard:*", "--strict-conflicts", "--json"
    ).json()
    assert [warning["code"] for warning in done["warnings"]] == ["waiver-without-effect"]
    assert governor(*add).code == 2
    shown = governor.must("group", "settings", "--json").json()
    assert (shown["strict_conflicts"], shown["unwaivable"]) == (True, ["guard:*"])
    governor.must("group", "settings", "--waivable", "guard:*", "--no-strict-conflicts")
    governor.must(*add)
