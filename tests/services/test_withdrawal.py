"""Withdrawing releases, called without a command line."""

from __future__ import annotations

import json

import pytest

from packreg.errors import IntegrityError, NotFound, Removed, UsageError
from packreg.groups.model import DEFAULT_PREVENTATIVE as DEFAULT
from packreg.pack.reference import Reference
from packreg.registry import layout
from packreg.services.groups import enable_pack
from packreg.services.withdrawal import remove, restore, yank
from packreg.services.workspace import Workspace
from tests.services.conftest import told

OLD, NEW = Reference.parse("guard@1.0.0"), Reference.parse("guard@1.1.0")


def states(workspace: Workspace) -> list[str]:
    """The states of the versions of guard."""
    return [release.state for release in workspace.registry().versions("guard").releases]


def test_a_yank_says_who_did_it_and_is_taken_back(governed: Workspace) -> None:
    """The notice has the workspace's name; the JSON has the same members both ways."""
    done = yank(governed, NEW, "wrong")
    assert (done.changed.notice.by, done.changed.already, states(governed)) == (
        "Ada",
        False,
        ["published", "yanked"],
    )
    back = restore(governed, NEW)
    assert states(governed) == ["published", "published"]
    assert json.loads(json.dumps(done.as_json())).keys() == back.as_json().keys()


def test_a_group_that_follows_versions_moves_and_is_named(governed: Workspace) -> None:
    """A group that has another version left needs no yes; for its last one a yes is needed."""
    enable_pack(governed, DEFAULT, "guard@latest", yes=True)
    [loss] = yank(governed, NEW, "wrong").losses
    assert (loss.group, loss.effect, loss.instead) == (DEFAULT, "moves", "1.0.0")
    with pytest.raises(UsageError, match="no version left"):
        yank(governed, OLD, "wrong, too")
    assert states(governed) == ["published", "yanked"]
    [loss] = yank(governed, OLD, "wrong, too", yes=True).losses
    assert loss.effect == "nothing-left"


def test_a_removal_needs_a_yes_and_names_the_groups(governed: Workspace) -> None:
    """Nothing is deleted without it; the question says who pins the version."""
    enable_pack(governed, DEFAULT, "guard@1.0.0", yes=True)
    with pytest.raises(UsageError, match=f"for good, though {DEFAULT} pins it"):
        remove(governed, OLD, "a secret")
    assert states(governed) == ["published", "published"]
    assert remove(governed, OLD, "a secret", yes=True).changed.state == "removed"
    with pytest.raises(Removed):
        governed.registry().not_removed(governed.registry().resolve(OLD).record)


@pytest.mark.parametrize("withdraw", [yank, remove])
def test_a_version_and_a_reason_are_named(governed: Workspace, withdraw: object) -> None:
    """A range or a name alone is refused, and so is a reason of spaces."""
    assert callable(withdraw)
    for reference, reason, says in (
        (Reference.parse("guard"), "wrong", "does not name one version"),
        (OLD, "  ", "needs a reason"),
    ):
        with pytest.raises(UsageError, match=says):
            withdraw(governed, reference, reason, yes=True)
    assert states(governed) == ["published", "published"]


def test_a_removal_may_be_urgent(governed: Workspace) -> None:
    """Where governance cannot be read, a yes given beforehand goes on, with a warning."""
    for entry in list(governed.store.list_all(layout.GOVERNANCE)):
        governed.store.delete(entry.key)
    with pytest.raises((IntegrityError, NotFound)):
        remove(governed, OLD, "a secret")
    assert remove(governed, OLD, "a secret", yes=True).losses == ()
    assert "which policy groups use it is not known" in told(governed).warned[-1]
