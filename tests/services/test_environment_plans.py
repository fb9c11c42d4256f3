"""Environments as code, called without a command line."""

from __future__ import annotations

import pytest

from packreg.errors import ChangedMeanwhile, InvalidConfiguration
from packreg.groups.file_sections import WrittenEnvironment
from packreg.services.environment_plans import carry_out_environments, plan_environments
from packreg.services.environment_revisions import list_environments
from packreg.services.environments import set_environment
from packreg.services.workspace import Workspace


def written(**texts: str) -> dict[str, WrittenEnvironment]:
    """Environments as a file has them."""
    return {name: WrittenEnvironment(f"f:{name}", text.encode()) for name, text in texts.items()}


def names(workspace: Workspace) -> dict[str, int]:
    """The environments that there are, with their revisions."""
    return {each.name: each.number for each in list_environments(workspace)}


def test_environments_become_what_files_say(governed: Workspace) -> None:
    """They may import one another; the same again plans nothing, and only pruning removes one."""
    set_environment(governed, "old", lambda _: b"values: {a: 1}")
    wanted = written(base="values: {x: 1}", prod="imports: [base]\nvalues: {y: '${x}'}")
    plans, problems, _ = plan_environments(governed, wanted, prune=False)
    assert ([plan.name for plan in plans], problems) == (["base", "prod"], [])
    assert names(governed) == {"old": 1}
    carry_out_environments(governed, plans, "apply f")
    assert names(governed) == {"old": 1, "base": 1, "prod": 1}
    assert plan_environments(governed, wanted, prune=False)[0] == []
    [gone] = plan_environments(governed, wanted, prune=True)[0]
    assert (gone.difference.change, gone.difference.thing) == ("removed", "environment old")
    carry_out_environments(governed, [gone], "apply f")
    assert names(governed) == {"base": 1, "prod": 1}
    [back] = plan_environments(governed, written(old="values: {a: 1}"), prune=False)[0]
    assert back.difference.change == "added"
    carry_out_environments(governed, [back], "apply f")
    assert names(governed)["old"] == 3


def test_a_definition_that_cannot_be_evaluated_stops_the_plan(governed: Workspace) -> None:
    """A value that is not there is found before anything is written."""
    with pytest.raises(InvalidConfiguration, match="there is no value y"):
        plan_environments(governed, written(a="values: {x: '${y}'}"), prune=False)


@pytest.mark.parametrize("prune", [False, True])
def test_what_somebody_changed_since_is_not_overwritten(governed: Workspace, prune: bool) -> None:
    """Neither a definition that they set nor one that would be removed is lost."""
    set_environment(governed, "a", lambda _: b"values: {x: 1}")
    wanted = {} if prune else written(a="values: {x: 2}")
    plans = plan_environments(governed, wanted, prune=prune)[0]
    set_environment(governed, "a", lambda _: b"values: {x: 3}")
    with pytest.raises(ChangedMeanwhile):
        carry_out_environments(governed, plans, "apply f")
    assert names(governed) == {"a": 2}
