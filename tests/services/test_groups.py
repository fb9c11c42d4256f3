"""Changing policy groups, called without a command line."""

from __future__ import annotations

import json

import pytest

from packreg.configuration.file import Layer, read_layer
from packreg.errors import InvalidConfiguration, NotFound, UsageError
from packreg.groups.editing import Listed
from packreg.groups.model import DEFAULT_GROUPS, PackEntry
from packreg.groups.model import DEFAULT_PREVENTATIVE as DEFAULT
from packreg.services.governance import past_changes, read_governance
from packreg.services.groups import (
    change_rules,
    disable_pack,
    edit_group,
    enable_pack,
    group_json,
    known_entities,
    new_group,
    read_groups,
    remove_group,
)
from packreg.services.waivers import add_waiver
from packreg.services.workspace import Workspace

CONFIG = b'{"deny": {"regions": ["eu"]}}'


def entry(workspace: Workspace, name: str = DEFAULT) -> PackEntry:
    """What a group says of the pack now."""
    return read_governance(workspace).groups[name].packs["guard"]


def test_a_pack_is_enabled_by_whoever_acts(governed: Workspace) -> None:
    """A name alone pins the newest version and says so; the history has the workspace's name."""
    changed = enable_pack(governed, DEFAULT, "guard", yes=True)
    assert (entry(governed).version, changed.edited.written) == ("1.1.0", True)
    assert [warning.code for warning in changed.warnings] == ["pinned"]
    newest = next(past_changes(governed))
    assert (newest.change.by, newest.change.what) == ("Ada", f"enable guard@1.1.0 in {DEFAULT}")


def test_what_is_for_everyone_needs_a_yes(governed: Workspace) -> None:
    """Nothing is written without it; a dry run needs none, writes nothing, and says what would change."""
    with pytest.raises(UsageError, match="this affects everyone"):
        enable_pack(governed, DEFAULT, "guard@1.0.0")
    plan = enable_pack(governed, DEFAULT, "guard@1.0.0", dry_run=True)
    assert (plan.dry_run, plan.edited.written, len(plan.edited.changes)) == (True, False, 1)
    assert read_governance(governed).revision == 1
    found = json.loads(json.dumps(plan.as_json()))
    assert (found["written"], found["reach"]["everyone"]) == (False, True)
    assert known_entities(governed) == []


def test_what_is_not_given_stays_and_what_is_empty_is_taken_away(governed: Workspace) -> None:
    """Version, configuration and environments each change alone."""
    enable_pack(governed, DEFAULT, "guard@1.0.0", config=read_layer(CONFIG, "c.json"), yes=True)
    enable_pack(governed, DEFAULT, "guard@^1", yes=True)
    assert (entry(governed).version, dict(entry(governed).config)) == ("^1", json.loads(CONFIG))
    enable_pack(governed, DEFAULT, "guard", config=Layer("", {}), yes=True)
    assert (entry(governed).version, dict(entry(governed).config)) == ("^1", {})
    with pytest.raises(NotFound, match="environment"):
        enable_pack(governed, DEFAULT, "guard", environments=["none"], yes=True)


def test_a_configuration_that_a_version_refuses_is_refused(governed: Workspace) -> None:
    """The error says where it is from, and nothing is written."""
    layer = read_layer(b'{"deny": {"regions": 3}}', "c.json")
    with pytest.raises(InvalidConfiguration) as refused:
        enable_pack(governed, DEFAULT, "guard@latest", config=layer, yes=True)
    assert any("c.json" in f"{problem.where}{problem.message}" for problem in refused.value.problems)
    assert read_governance(governed).revision == 1


def test_a_pack_is_taken_out(governed: Workspace) -> None:
    """With what it had there; one that is not there is no silent success."""
    enable_pack(governed, DEFAULT, "guard", yes=True)
    assert disable_pack(governed, DEFAULT, "guard", yes=True).edited.written
    assert "guard" not in read_governance(governed).groups[DEFAULT].packs
    with pytest.raises(NotFound):
        disable_pack(governed, DEFAULT, "guard", yes=True)


def test_an_edit_is_one_revision_for_whoever_it_is_wider_for(governed: Workspace) -> None:
    """Members, packs and name change at once; where it becomes everyone's, a yes is needed."""
    new_group(governed, "a", Listed(("web/prod",)))
    nothing = Listed()
    with pytest.raises(UsageError, match="this affects everyone"):
        edit_group(governed, "a", add=Listed(("*/*",)), remove=nothing)
    changed = edit_group(
        governed,
        "a",
        add=Listed(("web/test",)),
        remove=nothing,
        add_packs=["guard@1.0.0"],
        new_name="b",
    )
    assert changed.edited.revision == 3
    made = changed.edited.governance.groups["b"]
    assert (set(made.stacks), set(made.packs)) == ({"web/prod", "web/test"}, {"guard"})
    assert group_json(made)["packs"][0]["version"] == "1.0.0"


def test_a_group_is_made_read_and_deleted(governed: Workspace) -> None:
    """Members are sorted, each once; a deletion needs a yes; an earlier revision still has the group."""
    made = new_group(governed, "cloud", Listed((), ("b", "a", "b")), mode="audit", kinds=["account"])
    assert made.edited.governance.groups["cloud"].accounts == ("a", "b")
    with pytest.raises(UsageError, match="already"):
        new_group(governed, "Cloud", Listed())
    found = read_groups(governed, ["cloud"])
    assert found.as_json()["groups"] == [group_json(found.groups[0])]
    assert [one.name for one in read_groups(governed).groups] == sorted(["cloud", *DEFAULT_GROUPS])
    with pytest.raises(UsageError, match="has to be confirmed"):
        remove_group(governed, "cloud")
    assert remove_group(governed, "cloud", yes=True).edited.written
    with pytest.raises(NotFound):
        read_groups(governed, ["cloud"])
    assert read_groups(governed, ["cloud"], at=found.revision) == found
    newest = next(past_changes(governed))
    assert (newest.change.by, newest.change.what) == ("Ada", "delete the group cloud")


def test_who_owns_a_group_is_said_without_a_question(governed: Workspace) -> None:
    """Owner, contact and description change what nobody must run, so also a default group needs no yes."""
    changed = edit_group(
        governed, DEFAULT, add=Listed(), remove=Listed(), about={"owner": "security", "contact": "#sec"}
    )
    assert [str(each) for each in changed.edited.changes] == [
        f"+ group {DEFAULT}: contact: #sec",
        f"+ group {DEFAULT}: owner: security",
    ]
    assert changed.reach is not None
    assert (changed.reach.touched, changed.reach.everyone) == (0, False)
    with pytest.raises(UsageError, match="this affects everyone"):
        edit_group(
            governed, DEFAULT, add=Listed(), remove=Listed(), add_packs=["guard@1.0.0"], about={"owner": "x"}
        )
    new_group(governed, "prod", Listed(stacks=("*/prod",)), about={"description": "production"})
    [made] = read_groups(governed, ["prod"]).groups
    assert {name: group_json(made)[name] for name in ("owner", "contact", "description")} == {
        "owner": "",
        "contact": "",
        "description": "production",
    }


def test_a_default_group_is_not_deleted(governed: Workspace) -> None:
    """It is refused before anybody is asked for a yes."""
    with pytest.raises(UsageError, match="always there"):
        remove_group(governed, DEFAULT)


def test_history_is_of_all_or_of_one_group(governed: Workspace) -> None:
    """The newest first; a group's is what changed in it."""
    new_group(governed, "a", Listed())
    enable_pack(governed, DEFAULT, "guard", yes=True)
    assert [change.revision for change in past_changes(governed)] == [3, 2, 1]
    [made] = past_changes(governed, "a")
    assert (made.revision, made.as_json()["what"]) == (2, "create the group a")
    assert list(past_changes(governed, "none")) == []


def test_rules_say_which_waivers_they_end(governed: Workspace) -> None:
    """A waiver of what became unwaivable is named; what is not listed cannot be taken back."""
    add_waiver(governed, "guard:deny", entity="web/prod", expires="1d", reason="r", owner="Ada")
    changed = change_rules(governed, True, ["guard:d*"], [])
    assert [warning.code for warning in changed.warnings] == ["waiver-without-effect"]
    assert changed.edited.governance.rules.unwaivable == ("guard:d*",)
    assert change_rules(governed, None, [], ["guard:d*"]).edited.governance.rules.strict_conflicts
    with pytest.raises(NotFound, match="not listed"):
        change_rules(governed, None, [], ["guard:d*"])
