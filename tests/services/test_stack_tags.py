"""The tags of one stack that was named: given, or read from its backend where anybody needs them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.groups.editing import new_group
from packreg.groups.model import Entity, Governance, Group, PackEntry
from packreg.services.governance import edit_governance, read_governance
from packreg.services.stack_tags import with_tags
from packreg.services.workspace import Workspace
from tests.cli.governed import GOOD, write_stack, write_tags
from tests.services.conftest import open_workspace, told

PROD = Entity("stack", "organization/shop/prod")
STATES = "file://states"


@pytest.fixture
def governance(workspace: Workspace, tmp_path: Path) -> Governance:
    """A group by tags; beside the registry is a backend, in which shop/prod has one."""
    write_stack(tmp_path / "states", "shop", "prod", GOOD)
    write_tags(tmp_path / "states", "shop/prod", env="prod", team="a")
    packs = {"guard": PackEntry("guard", "latest", "2026-05-01T10:00:00.000000Z")}
    tagged = Group("tagged", "preventative", frozenset({"stack"}), tags=("env=prod",), packs=packs)
    edit_governance(workspace, lambda base: new_group(base, tagged), "a group by tags")
    return read_governance(workspace)


def test_tags_are_read_from_the_backend(workspace: Workspace, governance: Governance, tmp_path: Path) -> None:
    """Named by its URL or the variable of the Pulumi CLI; a tag that is given goes before."""
    found = with_tags(workspace, PROD, governance, ("preventative",), STATES)
    assert found.tags == {"env": "prod", "team": "a"}
    given = with_tags(workspace, replace(PROD, tags={"team": "b"}), governance, ("preventative",), STATES)
    assert given.tags == {"env": "prod", "team": "b"}
    ada = open_workspace(tmp_path, PULUMI_BACKEND_URL=STATES)
    assert with_tags(ada, PROD, governance, ("preventative",), None).tags == {"env": "prod", "team": "a"}


def test_nobody_reads_tags_that_nobody_needs(
    workspace: Workspace, governance: Governance, tmp_path: Path
) -> None:
    """Where no group of these modes goes by tags, unless packs are told them: then the backend is asked."""
    ada = open_workspace(tmp_path, PULUMI_BACKEND_URL=STATES)
    assert with_tags(ada, PROD, governance, ("audit",), None).tags == {}
    assert with_tags(ada, PROD, governance, ("audit",), None, told=True).tags == {"env": "prod", "team": "a"}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "no backend is known"),
        ("https://api.pulumi.com", "packreg cannot ask Pulumi Cloud for them"),
        ("mem://states", "a backend of another kind"),
        ("postgres://db/states?table=f()", "cannot be the table of a backend"),
        ("file://states", "has no stack 'shop/gone'"),
    ],
)
def test_tags_that_are_not_known_are_said(
    workspace: Workspace, governance: Governance, tmp_path: Path, url: str, why: str
) -> None:
    """A group that may have the stack by its tags is named, and how to give them; given tags are enough."""
    ada = open_workspace(tmp_path, PULUMI_BACKEND_URL=url)
    gone = Entity("stack", "organization/shop/gone")
    assert with_tags(ada, gone, governance, ("preventative",), None) == gone
    [warning] = told(ada).warned
    assert (
        warning.startswith("tagged may have organization/shop/gone as a member by its tags")
        and why in warning
    )
    with_tags(ada, replace(gone, tags={"env": "dev"}), governance, ("preventative",), None)
    assert len(told(ada).warned) == 1


def test_a_backend_is_for_stacks_of_self_managed_backends(
    workspace: Workspace, governance: Governance
) -> None:
    """An account, and a stack of an organization, are in none; without one they are left as they are."""
    for entity in (Entity("account", "aws/production"), Entity("stack", "acme/shop/prod")):
        with pytest.raises(UsageError, match="is in no self-managed backend"):
            with_tags(workspace, entity, governance, ("preventative",), STATES)
    account = Entity("account", "aws/production")
    assert with_tags(workspace, account, governance, ("preventative",), None) == account
