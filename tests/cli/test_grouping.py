"""`group`, `enable`, `disable`, `waiver`, as somebody types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from packreg.cli.context import CommandContext
from packreg.pack.metadata import PackInfo, PolicyInfo, Schema
from packreg.registry.record import Source
from packreg.services.clock import open_registry
from tests.cli.conftest import User
from tests.registry.packs import pack

DEFAULT = "default-preventative-policy-group"
AUDIT = "default-audit-policy-group"


POLICIES = (
    PolicyInfo("deny", "mandatory", schema=Schema({"regions": {"type": "array"}})),
    PolicyInfo("keep", "mandatory", tags=("no-waivers",)),
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with two versions of a pack, and of one whose metadata nobody knows."""
    directory = tmp_path_factory.mktemp("published") / "registry"
    registry = open_registry(str(directory))
    registry.init()
    for name, version in (("guard", "1.0.0"), ("guard", "1.1.0"), ("old", "1.0.0")):
        info = PackInfo(name, version, POLICIES, supports_config=True) if name == "guard" else None
        registry.publish(
            pack(name, version), lock=None, source=Source(), publisher="Ann", tool="a test", metadata=info
        )
    return directory


@pytest.fixture
def governor(user: User, published: Path) -> User:
    """A user of a copy of that registry."""
    user.extra["PACKREG_REGISTRY"] = str(shutil.copytree(published, user.top / "registry"))
    user.must("init")
    return user


def entry_of(user: User, group: str, pack: str) -> dict[str, object]:
    """What a group says of a pack."""
    packs = user.must("group", "get", group, "--json").json()["packs"]
    [found] = [each for each in packs if each["name"] == pack]
    assert isinstance(found, dict)
    return found


def test_init_creates_the_default_groups_once(user: User) -> None:
    """A new registry has both default groups, init again changes nothing, and an old one gets them."""
    assert user("group", "ls").code == 6
    CommandContext(user.environ).registry().init()  # as it was left by a packreg that wrote no governance
    assert user("group", "ls").code == 6
    assert user.must("init", "--json").json()["groups"] == [AUDIT, DEFAULT]
    assert user.must("init", "--json").json()["groups"] == [AUDIT, DEFAULT]
    after = user.must("group", "ls", "--json").json()
    assert [each["name"] for each in after["groups"]] == [AUDIT, DEFAULT]
    assert after["revision"] == 1
    assert user.must("group", "history", AUDIT, "--json").json() == []


def test_a_configuration_of_version_2_means_the_same_wherever_it_is_read(governor: User) -> None:
    """`enable`, group files and `validate-config` take both forms; exceptions are refused, and why."""
    settings = {"all": "advisory", "environments": ["base"]}
    nested: dict[str, object] = {"version": 2, "policies": {"all": "advisory"}, "environments": ["base"]}
    (governor.directory / "base.yaml").write_text("values: {policyConfig: {keep: advisory}}")
    governor.must("env", "set", "base", "base.yaml")
    for group, content in (("flat", settings), ("nested", nested)):
        (governor.directory / "c.json").write_text(json.dumps(content))
        governor.must("group", "new", group, "--add-stack", "*/prod")
        governor.must("enable", "guard@1.0.0", "--group", group, "--config", "c.json")
        governor.must("validate-config", "guard@1.0.0", "--config", "c.json")
    flat, of_version_2 = (entry_of(governor, group, "guard") for group in ("flat", "nested"))
    assert of_version_2["config"] == flat["config"] == {"all": "advisory"}
    assert of_version_2["environments"] == flat["environments"] == ["base"]

    nested["exceptions"] = {"E-1": {"reason": "no", "match": [{"policies": ["keep"], "targets": ["urn:x"]}]}}
    (governor.directory / "c.json").write_text(json.dumps(nested))
    del nested["environments"]
    written = {"groups": {"nested": {"packs": {"guard": {"version": "1.0.0", "config": nested}}}}}
    (governor.directory / "group.yaml").write_text(json.dumps(written))
    for words in (
        ("enable", "guard@1.0.0", "--group", "nested", "--config", "c.json"),
        ("validate-config", "guard@1.0.0", "--config", "c.json"),
        ("group", "apply", "group.yaml"),
    ):
        done = governor(*words)
        assert done.code in (2, 4), words
        assert "exceptions are not accepted here" in done.err
        assert "packreg waiver add" in done.err
    assert entry_of(governor, "nested", "guard") == of_version_2


def test_a_group_has_an_owner(governor: User) -> None:
    """`new` and `edit` say who owns a group and where they are, `get`, `ls` and an export show it."""
    governor.must("group", "new", "prod", "--owner", "platform team", "--description", "production")
    governor.must("group", "edit", "prod", "--contact", "#platform", "--description", "")
    shown = governor.must("group", "get", "prod").out.splitlines()
    assert shown[1:3] == ["owner: platform team", "contact: #platform"]
    assert "platform team" in governor.must("group", "ls").out
    assert '    owner: "platform team"' in governor.must("group", "export", "prod").out.splitlines()
    found = governor.must("group", "get", "prod", "--json").json()
    assert (found["owner"], found["contact"], found["description"]) == ("platform team", "#platform", "")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["enable", "gard"], 6, "no pack 'gard'"),
        (["enable", "guard@9.0.0"], 6, "no version 9.0.0"),
        (["enable", "guard@^9"], 6, "no version in ^9"),
        (["enable", "guard", "--group", "default-preventative"], 6, "did you mean default-preventative"),
        (["enable", "guard@sha256:" + "0" * 64], 2, "not digests"),
        (["enable", "guard", "--config", "missing.json"], 2, "missing.json"),
        (["enable", "guard", "--config", "bad.json"], 4, "bad.json"),
        (["enable", "guard", "--config", "wrong.json"], 4, "guard@1.1.0: deny.regions"),
        (["enable", "guard", "-e", "no such env"], 2, "no such env"),
        (["enable", "guard", "-e", "missing"], 6, "missing"),
        (["disable", "guard"], 6, "does not have the pack"),
        (["group", "new", AUDIT], 2, "already"),
        (["group", "new", "a", "--entity-type", "accounts"], 2, "stacks only"),
        (["group", "new", "a", "--add-stack", "prod"], 2, "project/stack"),
        (["group", "new", "Prod!"], 2, "Prod!"),
        (["group", "new", "a", "--owner", "a\nb"], 2, "the owner"),
        (["group", "edit", DEFAULT, "--add-stack", "a/b"], 2, "cannot be edited"),
        (["group", "edit", DEFAULT, "--name", "x"], 2, "always there"),
        (["group", "edit", DEFAULT], 2, "nothing to change"),
        (["group", "rm", DEFAULT, "--yes"], 2, "always there"),
        (["group", "rm", "none", "--yes"], 6, "none"),
        (["group", "get", "none"], 6, "none"),
        (["group", "get", DEFAULT, "--at", "99"], 6, "99"),
        (["group", "promote", AUDIT, "--to", DEFAULT, "--yes"], 2, "no packs"),
        (["group", "apply"], 2, "no file"),
        (["group", "apply", "missing.yaml"], 2, "missing.yaml"),
        (["group", "settings", "--unwaivable", "x"], 2, "pack:policy"),
        (["group", "settings", "--waivable", "x:y"], 6, "not listed"),
        (["waiver", "rm", "w-1"], 6, "no waiver"),
        (["waiver", "add", "guard", "--stack", "a/b", "--expires", "1d", "--reason", "x"], 2, "PACK:POLICY"),
        (["waiver", "add", "guard:deny", "--expires", "1d", "--reason", "x"], 2, "a stack, an account"),
        (["waiver", "add", "guard:deny", "--stack", "a/b", "--expires", "2d", "--reason", " "], 2, "reason"),
        (["waiver", "add", "guard:deny", "--stack", "b", "--expires", "9999d", "--reason", "x"], 2, "366"),
        (
            ["waiver", "add", "guard:keep", "--stack", "a/b", "--expires", "2d", "--reason", "x"],
            2,
            "no-waivers",
        ),
        (["waiver", "add", "gard:p", "--stack", "a/b", "--expires", "1d", "--reason", "x"], 6, "no pack"),
    ],
    ids=lambda value: "-".join(map(str, value))[:60] if isinstance(value, list) else "",
)
def test_what_cannot_be_is_refused_in_words(governor: User, words: list[str], code: int, says: str) -> None:
    """Each mistake has its exit code and its sentence, no traceback, and leaves governance as it was."""
    (governor.directory / "bad.json").write_text("{")
    (governor.directory / "wrong.json").write_text('{"deny": {"regions": "eu"}}')
    done = governor(*words)
    assert (done.code, says in done.err) == (code, True), done
    assert "Traceback" not in done.err
    assert governor.must("group", "ls", "--json").json()["revision"] == 1


def test_a_configuration_is_checked_for_every_version_of_a_range(governor: User) -> None:
    """A level for an unknown policy warns for all versions that could run; a version nobody ran is said."""
    (governor.directory / "c.json").write_text('{"denny": "advisory"}')
    done = governor.must("enable", "--yes", "guard@^1", "--config", "c.json", "--json").json()
    [warning] = done["warnings"]
    assert warning["code"] == "config-unknown-policy"
    assert "guard@1.1.0 and 1.0.0" in warning["message"]
    assert warning["hint"] == "did you mean deny?"
    [unknown] = governor.must("enable", "--yes", "old@latest", "--json").json()["warnings"]
    assert (unknown["code"], "old@1.0.0" in unknown["message"]) == ("no-metadata", True)


def test_a_configuration_is_checked_with_its_environments(governor: User) -> None:
    """What an environment gives counts, right or wrong; one that cannot be opened here is a warning."""
    file = governor.directory / "e.yaml"
    file.write_text("values: {policyConfig: {'guard:deny': {regions: eu}}}")
    governor.must("env", "set", "bad", file)
    done = governor("enable", "--yes", "guard@latest", "-e", "bad")
    assert (done.code, "deny.regions" in done.err) == (4, True)
    (governor.directory / "c.json").write_text('{"deny": {"regions": ["eu"]}}')
    governor.must("enable", "--yes", "guard@latest", "-e", "bad", "--config", "c.json")
    file.write_text("values: {policyConfig: {keep: advisory}, token: {'fn::secret': hush}}")
    governor.extra["PACKREG_PASSPHRASE"] = "a long enough phrase"
    governor.must("env", "set", "secret", file)
    governor.must("enable", "--yes", "guard@latest", "-e", "secret")
    del governor.extra["PACKREG_PASSPHRASE"]
    done = governor.must("enable", "--yes", "guard@1.0.0", "-e", "secret", "--json")
    assert [warning["code"] for warning in done.json()["warnings"]] == ["environment-not-opened"]
    assert "hush" not in done.out + done.err


def test_a_replica_says_that_it_is_read_only(user: User, tmp_path: Path) -> None:
    """Groups are edited in the home registry."""
    user.must("init", "--role", "replica")
    assert user("group", "new", "a").code == 9
    done = user("group", "ls")
    assert done.code == 6
    assert "replication" in done.err
