"""Asking for a waiver: what an owner would run for it, and who that is."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from packreg.errors import NotFound, PackregError
from packreg.groups.editing import Listed
from packreg.groups.entities import stack_entity
from packreg.services.governance import read_governance
from packreg.services.groups import change_rules, enable_pack, new_group
from packreg.services.waiver_requests import WaiverRequest, request_waiver
from packreg.services.waivers import add_waiver
from packreg.services.workspace import Workspace
from tests.services.conftest import open_workspace

URN = "urn:pulumi:prod::web::a:b:C$d:e:F::it's [1]"


@pytest.fixture
def keeper(governed: Workspace) -> Workspace:
    """A workspace in June, with a group that requires `guard` of production."""
    governed.now = lambda: "2026-06-01T12:00:00Z"
    about = {"owner": "platform team", "contact": "#platform"}
    new_group(governed, "prod", Listed(stacks=("*/prod",)), about=about)
    new_group(governed, "other", Listed(stacks=("*/dev",)))
    for group in ("prod", "other"):
        enable_pack(governed, group, "guard@1.0.0", yes=True)
    return governed


def ask(
    workspace: Workspace, policy: str = "guard:deny", stack: str = "web/prod", **more: Any
) -> WaiverRequest:
    """Ask for a waiver for a stack."""
    return request_waiver(
        workspace, policy, stack_entity(stack), **{"reason": "it's a website", "owner": "Bob", **more}
    )


def test_what_is_asked_for_works_when_it_is_typed(keeper: Workspace) -> None:
    """Nothing is written; an owner who runs the command makes just the waiver that was asked for."""
    before = read_governance(keeper)
    asked = ask(keeper, resources=[URN, URN])
    assert read_governance(keeper) == before
    [line] = asked.commands
    program, *words = shlex.split(line)
    assert (program, words[:2]) == ("packreg", ["waiver", "add"])
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options == {
        "--stack": "organization/web/prod",
        "--resource": URN,
        "--expires": "30d",
        "--reason": "it's a website",
        "--owner": "Bob",
    }
    add_waiver(
        keeper,
        words[2],
        entity=options["--stack"],
        resource=options["--resource"],
        expires=options["--expires"],
        reason=options["--reason"],
        owner=options["--owner"],
    )
    [waiver] = read_governance(keeper).waivers.values()
    assert waiver.expires == asked.waivers[0].expires == "2026-07-01T12:00:00Z"


def test_it_is_for_the_owners_of_the_groups_that_require_the_pack(keeper: Workspace) -> None:
    """Groups of which the stack is no member, or that have not the pack, are not asked."""
    asked = ask(keeper)
    assert [str(each) for each in asked.groups] == ["prod (rule: */prod), owned by platform team: #platform"]
    assert [each.code for each in asked.warnings] == ["unseen"]
    found = json.loads(json.dumps(asked.as_json()))
    assert (found["resources"], found["stack"]) == ([], "organization/web/prod")
    assert [each["contact"] for each in found["groups"]] == ["#platform"]
    nobody = ask(keeper, stack="web/test")
    assert (list(nobody.groups), [each.code for each in nobody.warnings]) == ([], ["not-required", "unseen"])


def test_one_command_for_each_resource(keeper: Workspace) -> None:
    """A waiver is for one resource, so two take two commands."""
    assert len(ask(keeper, resources=["urn:a", "urn:b"]).commands) == 2


def test_when_it_ends_is_said_or_set(keeper: Workspace) -> None:
    """Without a word the setting counts, and with one that."""
    assert "--expires 2026-06-30 " in ask(keeper, expires="2026-06-30").commands[0]
    keeper.settings.values["waivers.expires"] = "2w"
    assert "--expires 2w " in ask(keeper).commands[0]


@pytest.mark.parametrize(
    ("policy", "more", "complaint"),
    [
        ("guard", {}, "not PACK:POLICY"),
        ("guard:denny", {}, "no policy 'denny'"),
        ("none:deny", {}, "none"),
        ("guard:keep", {}, "may not be waived"),
        ("guard:deny", {"expires": "2y"}, "2y"),
        ("guard:deny", {"expires": "2025-01-01"}, "in the past"),
        ("guard:deny", {"reason": " "}, "the reason"),
        ("guard:deny", {"resources": ["a\nb"]}, "the resource"),
        ("guard:deny", {"reason": "x" * 3000}, "too long"),
        ("guard:deny", {"stack": "web"}, "web"),
    ],
)
def test_what_cannot_be_waived_is_not_asked_for(
    keeper: Workspace, policy: str, more: dict[str, Any], complaint: str
) -> None:
    """The request is refused as the waiver would be."""
    with pytest.raises(PackregError, match=complaint):
        ask(keeper, policy, **more)


def test_settings_that_forbid_a_waiver_forbid_the_request(keeper: Workspace) -> None:
    """What the settings list as unwaivable is not asked for."""
    change_rules(keeper, None, ["guard:*"], [])
    with pytest.raises(PackregError, match="unwaivable"):
        ask(keeper)


def test_without_a_registry_nothing_can_be_asked(tmp_path: Any) -> None:
    """It is an error that says so."""
    with pytest.raises(NotFound):
        ask(open_workspace(tmp_path))
