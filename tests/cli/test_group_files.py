"""Groups as code."""

from __future__ import annotations

import json

from tests.cli.conftest import User
from tests.cli.test_grouping import governor as governor
from tests.cli.test_grouping import published as published


def test_groups_as_code(governor: User) -> None:
    """A file is planned, applied, applied again without a revision, exported, and taken back unchanged."""
    file = governor.directory / "groups.yaml"
    file.write_text("groups: {prod: {mode: preventative, stacks: ['*/prod'], packs: {guard: ^1}}}\n")
    dry = governor("group", "apply", file, "--dry-run", "--json").json()
    assert (dry["written"], dry["revision"], bool(dry["changes"])) == (False, 1, True)
    asked = governor("group", "apply", file)
    assert (asked.code, "+ group prod: packs.guard" in asked.out) == (2, True)
    assert governor.must("group", "ls", "--json").json()["revision"] == 1
    assert governor.must("group", "apply", file, "--yes", "--json").json()["revision"] == 2
    assert governor.must("group", "apply", file, "--json").json()["written"] is False
    governor.must("group", "new", "other")
    governor.must("group", "export", "--output", "out.yaml")
    assert governor.must("group", "export").out == (governor.directory / "out.yaml").read_text()
    assert governor.must("group", "apply", "out.yaml", "--prune", "--json").json()["written"] is False
    governor.must("group", "apply", file, "--yes")
    assert "other" in governor.must("group", "ls").out
    governor.must("group", "apply", file, "--prune", "--yes")
    assert "other" not in governor.must("group", "ls").out


def test_a_file_that_asks_for_what_there_is_not_changes_nothing(governor: User) -> None:
    """One pack that does not exist, and none of the file is applied."""
    file = governor.directory / "groups.yaml"
    file.write_text(
        "groups: {a: {mode: audit, packs: {guard: ^1}}, b: {mode: audit, packs: {gone: 1.0.0}}}\n"
    )
    assert governor("group", "apply", file, "--yes").code == 6
    assert governor.must("group", "ls", "--json").json()["revision"] == 1


def test_the_schema_is_printed(user: User) -> None:
    """The published schema comes with the command, as text and as JSON."""
    text = user.must("group", "apply", "--schema").out
    assert json.loads(text) == user.must("group", "apply", "--schema", "--json").json()
