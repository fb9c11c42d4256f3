"""What changed between two states of governance."""

from __future__ import annotations

from packreg.groups import editing
from packreg.groups.differences import differences
from packreg.groups.editing import Listed
from packreg.groups.model import Rules
from tests.groups.governance import entry
from tests.groups.test_editing import BASE, WAIVER


def test_differences_name_each_thing_that_changed() -> None:
    """Every change of a group, a waiver and the settings is a line of its own, field by field."""
    after = editing.promote(BASE, "trial", "prod")
    after = editing.edit_members(after, "prod", Listed(tags=("env=prod",)), Listed(stacks=("*/prod",)))
    after = editing.waive(editing.remove_group(after, "trial"), WAIVER)
    after = editing.set_rules(after, Rules(strict_conflicts=True))
    lines = [str(each) for each in differences(BASE, after)]
    assert lines[:5] == [
        '+ group prod: packs.guard.config: {"all": "mandatory"}',
        "~ group prod: packs.guard.version: 1.0.0 -> 2.0.0",
        '+ group prod: packs.new: {"version": "1.0.0"}',
        "- group prod: stacks: */prod",
        "+ group prod: tags: env=prod",
    ]
    assert "- group trial" in lines
    assert "+ settings: strict_conflicts: true" in lines
    assert "+ waiver w1: guard:p in web/prod, until 2026-12-31T23:59:59Z" in lines
    assert differences(after, after) == []


def test_times_of_entries_are_no_difference() -> None:
    """An entry that only has another time is the same entry."""
    assert (
        differences(BASE, editing.enable(BASE, "prod", entry("tags", modified="2030-01-01T00:00:00.000000Z")))
        == []
    )
