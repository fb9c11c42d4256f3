"""What an entity must run and why, asked of the use case: no pack needs to run for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.groups.model import Entity
from packreg.services.explain import (
    explain_required,
    required_json,
    required_of_backend,
    required_packs,
    why_json,
)
from packreg.services.workspace import Workspace
from tests.cli.governed import GOOD, founder, write_stack, write_tags
from tests.services.conftest import told, workspace_of

pytestmark = pytest.mark.usefixtures("opa")

PROD = Entity("stack", "organization/shop/prod")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two groups ask for guard, one version of which says what policies it has; a group by tags for extra."""
    user = founder(tmp_path_factory.mktemp("explain"))
    user.publish("guard", "1.0.0")
    user.publish("guard", "1.1.0", run=True)
    user.publish("extra", "1.0.0")
    user.must("group", "new", "prod", "--add-stack", "*/prod", "--quiet")
    user.must("group", "new", "tagged", "--add-tag", "env=prod", "--quiet")
    user.must("enable", "--yes", "guard@1.0.0", "--quiet")
    user.must("enable", "guard@^1", "--group", "prod", "--quiet")
    user.must("enable", "extra@1.0.0", "--group", "tagged", "--quiet")
    return user.top


@pytest.fixture
def ada(tmp_path: Path, founded: Path) -> Iterator[Workspace]:
    """Ada's workspace on a copy of that registry."""
    found = workspace_of(tmp_path, founded)
    yield found
    found.close()


def test_what_must_run_mode_by_mode(ada: Workspace) -> None:
    """The version that counts, with the group that asked; nothing in the other mode."""
    preventative, audit = required_packs(ada, PROD)
    assert [(each.pack, str(each.version), each.winner.group) for each in preventative.packs] == [
        ("guard", "1.1.0", "prod")
    ]
    assert (audit.mode, audit.packs, audit.nothing) == ("audit", (), True)
    assert [each.mode for each in required_packs(ada, PROD, ("audit",))] == ["audit"]
    document = json.loads(json.dumps(required_json([preventative, audit])))
    assert document["entity"] == PROD.name and document["modes"][0]["packs"][0]["asked"] == "^1"


def test_why_a_pack_runs(ada: Workspace) -> None:
    """Who lost to which rule, and each policy's layers; a record without policies is a problem of its own."""
    [found] = explain_required(ada, PROD, ("preventative",))
    [(pack, explanation)] = found.packs
    assert [(lost.asked.group, lost.rule) for lost in pack.lost] == [
        ("default-preventative-policy-group", "newer-version")
    ]
    assert [(each.policy, each.level) for each in explanation.policies] == [("deny", "mandatory")]
    document = json.loads(json.dumps(why_json([found])))
    assert document["modes"][0]["packs"][0]["lost"][0]["rule"] == "newer-version"
    [dev] = explain_required(ada, Entity("stack", "organization/shop/dev"), ("preventative",))
    [(_, unknown)] = dev.packs
    assert [problem.code for problem in unknown.problems] == ["no-metadata"]


def test_a_pack_that_is_not_required_is_elsewhere(ada: Workspace) -> None:
    """The groups that have it are named, of the same mode only; one that nobody has is nowhere."""
    preventative, audit = explain_required(ada, PROD, pack="extra")
    assert (preventative.packs, preventative.elsewhere) == ([], ["tagged"])
    assert (audit.packs, audit.elsewhere) == ([], [])
    assert all(each.elsewhere == [] for each in explain_required(ada, PROD, pack="none"))


def test_every_stack_of_a_backend(ada: Workspace, tmp_path: Path) -> None:
    """Each by its own tags and those that are given; one whose tags cannot be read is named."""
    states = tmp_path / "states"
    for stack in ("shop/prod", "shop/dev", "blog/prod"):
        write_stack(states, *stack.split("/"), GOOD)
    write_tags(states, "shop/dev", env="prod")
    write_tags(states, "blog/prod").write_text("{")
    found, unread = required_of_backend(ada, ("preventative",), backend="file://states")
    packs = {each.entity.name: [pack.pack for pack in each.packs] for [each] in found}
    assert packs == {
        "organization/shop/dev": ["extra", "guard"],
        "organization/shop/prod": ["guard"],
    }
    assert len(unread) == 1 and unread[0].startswith("organization/blog/prod: ")
    tagged, _ = required_of_backend(ada, ("preventative",), backend="file://states", tags={"env": "prod"})
    assert all("extra" in [pack.pack for pack in each.packs] for [each] in tagged)
    assert told(ada).warned == []


def test_a_backend_without_projects_is_refused(ada: Workspace, tmp_path: Path) -> None:
    """Its stacks' names are not known before they are read."""
    legacy = tmp_path / "legacy" / ".pulumi" / "stacks"
    legacy.mkdir(parents=True)
    (legacy / "prod.json").write_text("{}")
    with pytest.raises(UsageError, match="has the legacy layout"):
        required_of_backend(ada, backend="file://legacy")
