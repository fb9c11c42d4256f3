"""Revisions of environments, called without a command line."""

from __future__ import annotations

import json

import pytest

from packreg.errors import NotFound, Removed, UsageError
from packreg.services.environment_revisions import (
    compare_environments,
    environment_history,
    list_environments,
    read_environment,
    remove_environment,
    tag_environment,
)
from packreg.services.environments import set_environment
from packreg.services.workspace import Workspace


@pytest.fixture
def kept(workspace: Workspace) -> Workspace:
    """The workspace with two revisions of prod, and one of test."""
    for name, text in (
        ("prod", b"values: {a: 1}\n"),
        ("prod", b"values: {a: 2}\n"),
        ("test", b"values: {}\n"),
    ):
        set_environment(workspace, name, lambda before, text=text: text)
    return workspace


def test_the_newest_of_each_is_listed(kept: Workspace) -> None:
    """By name; a removed one only if it is asked for."""
    assert [str(each) for each in list_environments(kept)] == ["prod@2", "test@1"]
    remove_environment(kept, "test", "unused", yes=True)
    assert [str(each) for each in list_environments(kept)] == ["prod@2"]
    assert [str(each) for each in list_environments(kept, removed=True)] == ["prod@2", "test@2"]


def test_tags_are_moved_and_dropped_by_whoever_acts(kept: Workspace) -> None:
    """Each says what the tag named before; the history has the tags of each revision."""
    assert tag_environment(kept, "prod@1", "stable").as_json() == {
        "name": "prod",
        "tag": "stable",
        "revision": 1,
        "before": None,
    }
    assert tag_environment(kept, "prod", "stable").before == 1
    tag_environment(kept, "prod@1", "old")
    history = environment_history(kept, "prod")
    assert [(each.revision.number, each.tags, each.revision.by) for each in history] == [
        (2, ["stable"], "Ada"),
        (1, ["old"], "Ada"),
    ]
    assert json.loads(json.dumps(history[0].as_json()))["tags"] == ["stable"]
    assert tag_environment(kept, "prod", "old", delete=True).as_json()["revision"] is None
    assert read_environment(kept, "prod@stable").number == 2
    with pytest.raises(NotFound, match="there is no environment none"):
        environment_history(kept, "none")


def test_definitions_are_compared(kept: Workspace) -> None:
    """Two revisions, or one with the one before; the first has none before it."""
    found = compare_environments(kept, "prod")
    assert found == compare_environments(kept, "prod@1", "prod@2")
    assert found.lines[-2:] == ["-values: {a: 1}", "+values: {a: 2}"]
    assert compare_environments(kept, "prod@2", "prod").as_json()["same"]
    with pytest.raises(NotFound, match="is the first revision"):
        compare_environments(kept, "test")


def test_a_removal_needs_a_yes(kept: Workspace) -> None:
    """Nothing is written without it; what was removed is refused by name and stays under its number."""
    with pytest.raises(UsageError, match="has to be confirmed"):
        remove_environment(kept, "prod", "unused")
    assert remove_environment(kept, "prod", "unused", yes=True).by == "Ada"
    with pytest.raises(Removed, match="unused"):
        read_environment(kept, "prod")
    assert read_environment(kept, "prod@2").text == b"values: {a: 2}\n"


def test_an_environment_of_esc_has_no_revision_here(kept: Workspace) -> None:
    """The hint says how it is opened."""
    with pytest.raises(UsageError, match="is kept by Pulumi ESC") as refused:
        read_environment(kept, "esc:acme/web/prod")
    assert "packreg env open esc:acme/web/prod" in refused.value.hint
