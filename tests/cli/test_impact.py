"""`impact`: two versions of a pack over the stacks of a group."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import User
from tests.cli.governed import GOOD, GUARD, OPEN, UNOWNED, founder, moved_in, write_stack, write_tags
from tests.cli.test_documented_json import assert_has, first

pytestmark = pytest.mark.usefixtures("opa")

#: Owners become mandatory, open buckets are let be, and long names are refused.
NEXT = GUARD.replace('input.acl == "public"', 'input.acl == "nobody"').replace("warn_owner", "deny_owner")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A group of prod stacks with the first guard, and a second one that is not enabled anywhere."""
    user = founder(tmp_path_factory.mktemp("impact"))
    user.publish("guard", "1.0.0", files={"policy.rego": GUARD}, run=True)
    user.publish("guard", "2.0.0", files={"policy.rego": NEXT}, run=True)
    user.must("group", "new", "prod", "--add-stack", "*/prod", "--quiet")
    user.must("enable", "guard@1.0.0", "--group", "prod", "--quiet")
    backend = user.top / "states"
    for project, stack, buckets in (
        ("shop", "prod", OPEN),
        ("blog", "prod", UNOWNED),
        ("wiki", "prod", GOOD),
        ("shop", "dev", UNOWNED),
    ):
        write_stack(backend, project, stack, buckets)
    return user.top


@pytest.fixture
def office(user: User, founded: Path) -> User:
    """Somebody with that registry, and the backend in a variable."""
    moved_in(user, founded)
    user.extra["PULUMI_BACKEND_URL"] = (founded / "states").as_uri()
    return user


IMPACT = ("impact", "guard@2.0.0", "--group", "prod")


def test_what_would_newly_fail_and_pass(office: User) -> None:
    """Stacks whose verdict or findings change, with the findings; one that stays as it is is only counted."""
    done = office.must(*IMPACT)
    assert done.err == f"backend {office.extra['PULUMI_BACKEND_URL']}, from PULUMI_BACKEND_URL\n"
    assert done.out.splitlines() == [
        "guard 1.0.0 -> 2.0.0 in prod (preventative)",
        "",
        "organization/blog/prod  allowed -> denied",
        "    fails    [mandatory]  deny_owner  (demo:index:Bucket: mine)",
        "        it has no owner",
        "    passes   [advisory]  warn_owner  (demo:index:Bucket: mine)",
        "",
        "organization/shop/prod  denied -> allowed",
        "    passes   [mandatory]  deny_open  (demo:index:Bucket: open)",
        "",
        "1 of 3 stacks would be newly denied: 1 newly fail, 0 stricter, 2 newly pass, 0 laxer, "
        "0 cannot be evaluated",
    ]
    assert not list((office.top / "registry").glob("reports/**/*")), "nothing is kept"


def test_the_configuration_of_the_group_counts(office: User) -> None:
    """A level that the group sets is the level of both; back and forth, stricter is laxer."""
    (office.directory / "lax.json").write_text('{"all": "advisory"}')
    office.must("enable", "guard@1.0.0", "--config", "lax.json", "--group", "prod", "--quiet")
    found = office.must(*IMPACT, "--json").json()
    assert {stack["after"] for stack in found["stacks"]} == {"allowed"}
    assert found["summary"]["worse"] == 0 and found["summary"]["fails"] == 1
    office.must("enable", "guard@1.0.0", "--no-config", "--group", "prod", "--quiet")


def test_a_pack_that_is_not_in_the_group_is_all_new(office: User) -> None:
    """So is one whose present version cannot be had, which is said; `--from` compares with any version."""
    office.must("disable", "guard", "--group", "prod", "--quiet")
    found = office.must(*IMPACT, "--json").json()
    assert (found["from"], found["summary"]["worse"], found["summary"]["passes"]) == ("", 1, 0)
    again = office.must("impact", "guard@1.0.0", "--from", "guard@2.0.0", "--group", "prod", "--json").json()
    assert (again["from"], again["to"]) == ("2.0.0", "1.0.0")
    assert [stack["stack"] for stack in again["stacks"] if stack["before"] != stack["after"]] == [
        "organization/blog/prod",
        "organization/shop/prod",
    ]


def test_another_group_that_decides_is_named(office: User) -> None:
    """What a newer version elsewhere makes of it is said, and changes nothing of the comparison."""
    office.publish("guard", "3.0.0", files={"policy.rego": GUARD})
    office.must("group", "new", "shops", "--add-stack", "shop/*", "--quiet")
    office.must("enable", "guard@3.0.0", "--group", "shops", "--quiet")
    notes = {each["stack"]: each["note"] for each in office.must(*IMPACT, "--json").json()["stacks"]}
    assert notes == {
        "organization/blog/prod": "",
        "organization/shop/prod": "guard 3.0.0 of the group shops still runs",
        "organization/wiki/prod": "",
    }


def test_a_version_that_cannot_judge_is_4(office: User) -> None:
    """It is said of each stack, beside stacks that cannot be read."""
    office.publish("guard", "4.0.0", files={"policy.rego": GUARD})
    [bundle] = (office.top / "registry" / "bundles" / "guard" / "4.0.0").rglob("*.tgz")
    bundle.write_bytes(b"x" * bundle.stat().st_size)
    done = office("impact", "guard@4.0.0", "--group", "prod")
    assert done.code == 4
    assert "organization/wiki/prod  allowed -> not-evaluated" in done.out
    assert "3 cannot be evaluated" in done.out and "unknown  [error]" in done.out
    states = office.top / "states"
    write_stack(states, "wiki", "prod", GOOD)
    write_stack(states, "bad", "prod", GOOD).write_text("{")
    office.extra["PULUMI_BACKEND_URL"] = states.as_uri()
    broken = office(*IMPACT, "--json")
    assert broken.code == 4
    assert [bool(each["error"]) for each in broken.json()["stacks"]] == [True, False]


def test_a_legacy_backend_is_read_for_the_projects(office: User) -> None:
    """Its layout knows no projects; what is no member is passed over once it was read."""
    legacy = office.top / "legacy"
    (legacy / ".pulumi" / "stacks").mkdir(parents=True)
    for stack, project in (("prod", "shop"), ("dev", "blog")):
        state = write_stack(office.top / "x", project, stack, OPEN).read_text()
        (legacy / ".pulumi" / "stacks" / f"{stack}.json").write_text(state)
    found = office.must(*IMPACT, "--backend", legacy.as_uri(), "--json").json()
    assert [stack["stack"] for stack in found["stacks"]] == ["organization/shop/prod"]


def test_members_by_tags_are_found(office: User) -> None:
    """By those that the backend keeps of a stack; with `--tag` all of its stacks have that one."""
    office.must("group", "edit", "prod", "--add-tag", "stage=prod", "--quiet")
    assert "of 3 stacks" in office.must(*IMPACT).out
    tagged = office.must(*IMPACT, "--tag", "stage=prod", "--quiet")
    assert tagged.err == "" and "of 4 stacks" in tagged.out
    states = office.top / "states"
    shutil.copytree(office.extra["PULUMI_BACKEND_URL"].removeprefix("file://"), states)
    write_tags(states, "shop/dev", stage="prod")
    done = office.must(*IMPACT, "--backend", states.as_uri())
    assert done.err == "" and "of 4 stacks" in done.out


def test_nothing_to_compare_is_said(office: User) -> None:
    """A group without a stack here is no empty success without a word."""
    office.must("group", "new", "else", "--add-stack", "else/*", "--quiet")
    done = office.must("impact", "guard@2.0.0", "--group", "else")
    assert "no stack of this backend is a member of else" in done.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("guard@9.9.9", "--group", "prod"), 6),
        (("guard@2.0.0", "--group", "nobody"), 6),
        (("guard@2.0.0", "--from", "limits@1.0.0", "--group", "prod"), 2),
        (("guard@2.0.0", "--group", "accounts"), 2),
    ],
)
def test_what_cannot_be_compared_is_refused(office: User, words: tuple[str, ...], code: int) -> None:
    """Before anything is run."""
    office.must("group", "new", "accounts", "--mode", "audit", "--entity-type", "accounts", "--quiet")
    done = office("impact", *words)
    assert (done.code, done.out) == (code, "")


def test_the_document_has_the_shape_that_is_documented(office: User) -> None:
    """Every member that the page names, and no other."""
    document = office.must(*IMPACT, "--json").json()
    document["stacks"] = [each for each in document["stacks"] if each["changes"]]
    assert_has(document, first("impact"), "impact")
