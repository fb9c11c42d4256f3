"""What another version would change: both judge the stacks of a group, and the difference is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import NotFound, UsageError
from packreg.pack.reference import Reference
from packreg.services.impact import compare_versions, impact_json
from packreg.services.workspace import Workspace
from tests.cli.governed import GOOD, GUARD, OPEN, UNOWNED, founder, write_stack
from tests.services.conftest import told, workspace_of

pytestmark = pytest.mark.usefixtures("opa")

#: Owners become mandatory, and open buckets are let be.
NEXT = GUARD.replace('input.acl == "public"', 'input.acl == "nobody"').replace("warn_owner", "deny_owner")
NEWER = Reference.parse("guard@2.0.0")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A group of prod stacks with the first guard, a second one that is enabled nowhere, and four stacks."""
    user = founder(tmp_path_factory.mktemp("impact"))
    user.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    user.publish("guard", "2.0.0", files={"policy.rego": NEXT})
    user.must("group", "new", "prod", "--add-stack", "*/prod", "--quiet")
    user.must("group", "new", "cloud", "--mode", "audit", "--entity-type", "accounts", "-q")
    user.must("enable", "guard@1.0.0", "--group", "prod", "--quiet")
    for stack, buckets in {
        "shop/prod": OPEN,
        "blog/prod": UNOWNED,
        "wiki/prod": GOOD,
        "shop/dev": OPEN,
    }.items():
        write_stack(user.top / "states", *stack.split("/"), buckets)
    return user.top


@pytest.fixture
def ada(tmp_path: Path, founded: Path) -> Iterator[Workspace]:
    """Ada's workspace on a copy of that registry; the backend is in the variable of the Pulumi CLI."""
    found = workspace_of(tmp_path, founded, PULUMI_BACKEND_URL=(founded / "states").as_uri())
    yield found
    found.close()


def test_members_are_judged_by_both_versions(ada: Workspace) -> None:
    """Each finding that changes is given with its level; nothing is kept, and only the backend is said."""
    impact = compare_versions(ada, NEWER, "prod")
    assert (impact.pack, impact.group.name, impact.before, impact.after) == (
        "guard",
        "prod",
        "1.0.0",
        "2.0.0",
    )
    assert [(each.stack, each.before, each.after) for each in impact.stacks] == [
        ("organization/blog/prod", "allowed", "denied"),
        ("organization/shop/prod", "denied", "allowed"),
        ("organization/wiki/prod", "allowed", "allowed"),
    ]
    effects = {each.stack: [(e.change, e.finding.policy) for e in each.effects] for each in impact.stacks}
    assert effects["organization/blog/prod"] == [("fails", "deny_owner"), ("passes", "warn_owner")]
    assert effects["organization/shop/prod"] == [("passes", "deny_open")]
    assert (impact.worse, impact.lost, impact.counts["fails"], impact.counts["passes"]) == (1, 0, 1, 2)
    assert impact_json(impact)["summary"]["worse"] == 1
    assert not list((Path(ada.cwd) / "registry").glob("reports/**/*"))
    [said] = told(ada).said
    assert said.startswith("backend file://") and said.endswith(", from PULUMI_BACKEND_URL")


def test_any_version_is_compared_with(ada: Workspace) -> None:
    """So the version that the group runs may be the new one."""
    back = compare_versions(ada, Reference.parse("guard@1.0.0"), "prod", present=NEWER, jobs=1)
    assert (back.before, back.after, back.worse) == ("2.0.0", "1.0.0", 1)
    assert [each.stack for each in back.stacks if each.is_worse] == ["organization/shop/prod"]


def test_what_cannot_be_compared_is_refused(ada: Workspace) -> None:
    """Another pack, a version that is not there, a group without stacks, no backend: before anything runs."""
    with pytest.raises(UsageError, match="is not a version of guard"):
        compare_versions(ada, NEWER, "prod", present=Reference.parse("other@1.0.0"))
    with pytest.raises(NotFound):
        compare_versions(ada, Reference.parse("guard@9.0.0"), "prod")
    with pytest.raises(NotFound):
        compare_versions(ada, NEWER, "gone")
    with pytest.raises(UsageError, match="takes no stacks"):
        compare_versions(ada, NEWER, "cloud")


def test_a_stack_that_cannot_be_read_is_lost_alone(ada: Workspace, tmp_path: Path) -> None:
    """It says why, and the others are compared."""
    states = tmp_path / "states"
    write_stack(states, "wiki", "prod", GOOD)
    write_stack(states, "bad", "prod", GOOD).write_text("{")
    impact = compare_versions(ada, NEWER, "prod", backend=states.as_uri())
    assert [(each.stack, bool(each.error)) for each in impact.stacks] == [
        ("organization/bad/prod", True),
        ("organization/wiki/prod", False),
    ]
    assert impact.lost == 1
