"""`required` and `why`: what must run, and how that came about."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from packreg.cli.context import CommandContext
from packreg.groups.entities import stack_entity
from packreg.services.decisions import Decisions
from tests.cli.conftest import Done, User
from tests.cli.governed import GOOD, founder, moved_in, write_stack, write_tags
from tests.cli.kept import keep
from tests.cli.test_documented_json import assert_has, first
from tests.reports.findings import guard
from tests.reports.kept import stored

pytestmark = pytest.mark.usefixtures("opa")
STACK = "shop/prod"


pytestmark = pytest.mark.usefixtures("opa")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with three versions of guard and one of limits, and two groups that ask for them."""
    user = founder(tmp_path_factory.mktemp("office"))
    for name, version in (("guard", "1.0.0"), ("guard", "1.1.0"), ("guard", "2.0.0"), ("limits", "1.0.0")):
        user.publish(name, version, run=version.startswith("1") and name == "guard")
    (user.top / "strict.json").write_text('{"deny": "mandatory"}')
    owner = (
        "--owner",
        "platform team",
        "--contact",
        "#platform",
        "--description",
        "what production must pass",
    )
    user.must("group", "new", "prod", "--add-stack", "*/prod", *owner, "--quiet")
    user.must("enable", "guard@^1", "--config", "strict.json", "--group", "prod", "--quiet")
    user.must("enable", "--yes", "limits@latest", "--quiet")
    return user.top


@pytest.fixture
def office(user: User, founded: Path) -> User:
    """Somebody with a copy of that registry, which is theirs to change."""
    (user.directory / "lax.json").write_text('{"deny": "advisory"}')
    return moved_in(user, founded)


def test_what_a_stack_must_run(office: User) -> None:
    """Each pack once, in the version that counts, with the group and what it asks for."""
    done = office.must("required", STACK)
    assert done.out.splitlines() == [
        "organization/shop/prod\tpreventative\tguard\t1.1.0\tprod\t^1",
        "organization/shop/prod\tpreventative\tlimits\t1.0.0\tdefault-preventative-policy-group\tlatest",
    ]
    assert "nothing is required of organization/shop/prod in audit mode: no pack is enabled in" in done.err
    assert office.must("required", "acme/shop/dev", "--mode", "preventative").out.split("\t")[2] == "limits"


def test_what_cannot_be_had_is_4(office: User) -> None:
    """It is named with its group, and what can be had is printed."""
    office.must("remove", "limits@1.0.0", "--yes", "--reason", "wrong")
    done = office("required", STACK)
    assert done.code == 4
    assert (
        "group default-preventative-policy-group: limits@latest: limits has no published version" in done.err
    )
    assert "guard" in done.out
    assert office("why", STACK, "--json").code == 4


def test_why_a_pack_runs_as_it_does(office: User) -> None:
    """Who asked, what lost to which rule, and each policy layer by layer."""
    office.must("enable", "--yes", "guard@1.0.0", "--config", "lax.json", "--quiet")
    done = office.must("why", STACK, "--pack", "guard", "--mode", "preventative")
    lines = done.out.splitlines()
    assert lines[0] == "organization/shop/prod, revision 5 of governance"
    assert lines[2] == "preventative: default-preventative-policy-group, prod"
    assert lines[3:7] == [
        "  member of default-preventative-policy-group (rule: everyone)",
        "  member of prod (rule: */prod), owned by platform team: #platform",
        "    what production must pass",
        "  guard@1.1.0",
    ]
    assert lines[7].startswith("    asked for by prod: ^1, modified 20")
    assert "default-preventative-policy-group asks for 1.0.0 (1.0.0), modified 20" in lines[8]
    assert lines[8].endswith(": the newest version runs")
    assert lines[9:] == [
        "    deny: mandatory",
        "      the pack's own defaults: mandatory",
        "      group prod: mandatory",
    ]


def test_a_stricter_entry_that_lost_is_warned_of_or_refused(office: User) -> None:
    """The default group's mandatory policy loses to a later entry that only advises."""
    office.must("enable", "--yes", "guard@1.1.0", "--quiet")
    office.must("enable", "guard@1.1.0", "--config", "lax.json", "--group", "prod", "--quiet")
    done = office.must("required", STACK, "--mode", "preventative")
    assert "deny is mandatory, not advisory [stricter-lost]" in done.err
    strict = office("required", STACK, "--mode", "preventative", "--strict-conflicts", "--json")
    assert strict.code == 4
    [mode] = strict.json()["modes"]
    assert [pack["pack"] for pack in mode["packs"]] == ["limits"]
    assert [problem["code"] for problem in mode["problems"]] == ["stricter-lost"]
    office.must("group", "settings", "--strict-conflicts", "--quiet")
    assert office("required", STACK, "--mode", "preventative").code == 4


def test_a_yanked_version_that_is_pinned_is_warned_of(office: User) -> None:
    """It runs, and `latest` goes back to the one before."""
    office.must("enable", "guard@1.1.0", "--group", "prod", "--quiet")
    office.must("yank", "guard@1.1.0", "--reason", "wrong", "--quiet")
    done = office.must("required", STACK)
    assert "guard 1.1.0 was yanked, and runs because it is named exactly" in done.err
    office.must("enable", "guard@^1", "--group", "prod", "--quiet")
    assert "\tguard\t1.0.0\t" in office.must("required", STACK).out


def test_environments_are_a_layer_and_secrets_stay_hidden(office: User) -> None:
    """Their revision is named, and a secret is "[secret]" everywhere."""
    office.extra["PACKREG_PASSPHRASE"] = "correct horse"
    (office.directory / "prod.yaml").write_text(
        "values:\n  policyConfig:\n    deny:\n      enforcementLevel: advisory\n"
        "      token: {fn::secret: swordfish}\n      days: 3\n"
    )
    office.must("env", "set", "prod", "prod.yaml", "--quiet")
    office.must("enable", "guard@^1", "--no-config", "--environment", "prod", "--group", "prod", "--quiet")
    done = office.must("why", STACK, "--pack", "guard", "--mode", "preventative")
    assert "    environments: prod@1" in done.out
    assert 'environment prod@1: advisory {"days": 3, "token": "[secret]"}' in done.out.replace("3.0", "3")
    document = office.must("why", STACK, "--json").json()
    assert "swordfish" not in json.dumps(document) + done.out + done.err
    del office.extra["PACKREG_PASSPHRASE"]
    closed = office.must("why", STACK, "--pack", "guard")
    assert "[environment-closed]" in closed.out
    assert "PACKREG_PASSPHRASE" in json.dumps(office.must("why", STACK, "--json").json())


def test_a_pack_without_metadata_cannot_be_explained(office: User) -> None:
    """That is said; what runs is still printed."""
    office.must("enable", "guard@2.0.0", "--group", "prod", "--quiet")
    done = office.must("why", STACK, "--pack", "guard")
    assert "  guard@2.0.0" in done.out
    assert "does not say what policies it has [no-metadata]" in done.out


def test_why_a_pack_does_not_run(office: User) -> None:
    """The groups that have it are named, if there are any."""
    done = office.must("why", "shop/dev", "--pack", "guard", "--mode", "preventative")
    assert done.out.splitlines()[-1] == "  guard is not required; it is in prod, of which this is no member"
    done = office.must("why", "shop/dev", "--pack", "other", "--mode", "audit")
    assert done.out.splitlines()[-1] == "  other is not required"


def test_accounts_and_tags(office: User) -> None:
    """An account is decided about by its name, a stack by a tag that it has."""
    office.must(
        "group",
        "new",
        "cloud",
        "--mode",
        "audit",
        "--entity-type",
        "accounts",
        "--add-account",
        "aws/*",
        "--quiet",
    )
    office.must("enable", "limits@latest", "--group", "cloud", "--quiet")
    assert "aws/production\taudit\tlimits" in office.must("required", "--account", "aws/production").out
    office.must("group", "edit", "prod", "--add-tag", "stage=prod*", "--quiet")
    assert "guard" in office.must("required", "shop/live", "--tag", "stage=production").out
    assert "guard" not in office.must("required", "shop/live", "--tag", "stage=dev").out


def test_a_place_without_a_registry_is_no_answer(user: User) -> None:
    """Nobody may read "nothing is required" where nobody asked the registry."""
    done = user("required", STACK)
    assert (done.code, done.out) == (6, "")
    assert "there is no registry" in done.err


def test_all_stacks_of_a_backend(office: User) -> None:
    """One decision each; the versions are asked for once."""
    for name in ("shop/prod", "shop/dev", "blog/prod"):
        path = office.directory / "state" / ".pulumi" / "stacks" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (office.directory / "state" / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    found = office.must("required", "--all", "--backend", "file://state", "--json").json()
    assert [each["entity"] for each in found] == [
        *("organization/blog/prod", "organization/shop/dev", "organization/shop/prod")
    ]
    assert [len(each["modes"][0]["packs"]) for each in found] == [2, 1, 2]


def test_requests_do_not_grow_with_the_stacks(office: User) -> None:
    """Four for governance and two for each pack (records, bundles), for one stack as for a thousand."""
    session = CommandContext(office.environ)
    decisions = Decisions.read(session)
    assert session.store.requests == 4
    for number in range(1000):
        required = decisions.required(stack_entity(f"shop-{number}/prod"), "preventative")
        assert len(required.packs) == 2
    assert session.store.requests == 8


def test_documents_have_the_shapes_that_are_documented(office: User) -> None:
    """Every member that the page names is there, and no other."""
    office.must("enable", "--yes", "guard@1.0.0", "--quiet")
    for name, chosen in (("required", []), ("why", ["--pack", "guard"])):
        document = office.must(name, STACK, "--mode", "preventative", *chosen, "--json").json()
        assert_has(document, first(name), name)
    [lost] = document["modes"][0]["packs"][0]["lost"]
    assert lost.keys() == {"group", "version", "asked", "modified", "rule"}


@pytest.fixture
def tagged(office: User) -> User:
    """Somebody with a group of tagged stacks, and a backend."""
    office.must("group", "new", "paid", "--add-tag", "plan=pa*", "--quiet")
    office.must("enable", "guard@1.0.0", "--group", "paid", "--quiet")
    write_stack(office.directory / "states", "shop", "dev", GOOD)
    write_tags(office.directory / "states", "shop/dev", plan="paid")
    return office


def guarded(done: Done) -> bool:
    """Whether guard is required."""
    return any(pack["pack"] == "guard" for mode in done.json()["modes"] for pack in mode["packs"])


@pytest.mark.parametrize("command", ["required", "why"])
def test_tags_are_read_from_the_backend(tagged: User, command: str) -> None:
    """What the guard is told of a stack, whoever asks is told too; what is given goes before it."""
    done = tagged.must(command, "shop/dev", "--backend", "file://states", "--json")
    assert guarded(done) and done.json()["tags"] == {"plan": "paid"}
    tagged.extra["PULUMI_BACKEND_URL"] = "file://states"
    assert guarded(tagged.must(command, "shop/dev", "--json"))
    assert not guarded(tagged.must(command, "shop/dev", "--tag", "plan=free", "--json"))


@pytest.mark.parametrize(
    ("backend", "stack", "why"),
    [
        ("", "shop/dev", "no backend is known"),
        ("file://states", "shop/new", "has no stack 'shop/new'"),
        ("https://api.pulumi.com", "shop/dev", "cannot ask Pulumi Cloud"),
        ("mem://states", "shop/dev", "another kind"),
        ("file://states", "acme/shop/dev", "cannot ask Pulumi Cloud"),
    ],
)
def test_tags_that_nobody_read_are_said(tagged: User, backend: str, stack: str, why: str) -> None:
    """Nothing is required is only said when it is known: which groups may have the stack, and why."""
    tagged.extra["PULUMI_BACKEND_URL"] = backend
    done = tagged.must("why", stack)
    assert f"paid may have organization/{stack}".replace("organization/acme", "acme") in done.err
    assert why in done.err
    assert "were not read" not in tagged.must("why", stack, "--mode", "audit").err
    assert "were not read" not in tagged.must("why", stack, "--tag", "plan=free").err


def test_all_stacks_have_their_own_tags(tagged: User) -> None:
    """A file of tags that is none is an error with exit code 4, and the other stacks are decided about."""
    write_stack(tagged.directory / "states", "shop", "bad", GOOD)
    write_tags(tagged.directory / "states", "shop/bad").write_text('{"version": 2}')
    done = tagged("required", "--all", "--backend", "file://states", "--json")
    assert done.code == 4
    assert [each["entity"] for each in done.json()] == ["organization/shop/dev"]
    assert "tags of a stack in the version 2" in done.err
    assert tagged("why", "shop/bad", "--backend", "file://states").code == 4


def test_a_legacy_stack_has_tags_of_its_own_project_only(tagged: User) -> None:
    """Its file says no project; the tags of another project's stack would decide about the wrong one."""
    folder = tagged.directory / "legacy" / ".pulumi" / "stacks"
    folder.mkdir(parents=True)
    states = tagged.directory / "states" / ".pulumi" / "stacks" / "shop"
    for file in states.iterdir():
        shutil.copy(file, folder)
    where = ("--backend", "file://legacy", "--json")
    assert guarded(tagged.must("why", "shop/dev", *where))
    done = tagged.must("why", "blog/dev", *where)
    assert not guarded(done) and "is of the project 'shop', not of 'blog'" in done.err


def test_a_stack_that_nobody_has_seen_is_told_so(office: User) -> None:
    """A decision follows from a name alone, so a misspelt one gets an answer too, and a near name."""
    assert "no run on organization/shop/prod is known\n" in office.must("why", STACK).err
    keep(office, stored(guard()))
    assert "no run on" not in office.must("why", "shop/dev").err
    assert "did you mean organization/shop/dev?" in office.must("why", "shop/dve").err
