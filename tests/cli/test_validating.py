"""`validate-config` with a real pack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.analyzer.packs import install
from tests.cli.conftest import User


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with a configurable pack, and a home where it is installed."""
    root = tmp_path_factory.mktemp("shop")
    install(root, ("python-guard",))
    return root


@pytest.fixture
def author(user: User, shop: Path) -> User:
    """A user of that registry and that home."""
    user.extra |= {"PACKREG_REGISTRY": str(shop / "registry"), "PACKREG_HOME": str(shop / "home")}
    user.extra["XDG_STATE_HOME"] = str(shop / "state")
    return user


def write(user: User, name: str, content: object) -> None:
    """Write a configuration file."""
    (user.directory / name).write_text(json.dumps(content))


def test_what_each_policy_gets(author: User) -> None:
    """Levels and properties of all layers together, those of the pack among them."""
    write(author, "base.json", {"all": "advisory", "bucket-kept-long-enough": {"minimumDays": 10}})
    write(author, "more.json", {"bucket-acl-private": "disabled"})
    command = ("validate-config", "python-guard", "--config", "base.json", "--config", "more.json")
    assert author.must(*command).out.splitlines() == [
        "bucket-acl-private\tdisabled\t{}",
        "bucket-has-owner\tadvisory\t{}",
        'bucket-kept-long-enough\tadvisory\t{"minimumDays": 10}',
        "bucket-names-unique\tadvisory\t{}",
    ]
    document = author.must(*command, "--json").json()
    assert (document["pack"], document["version"], document["warnings"]) == ("python-guard", "1.0.0", [])
    assert document["policies"][2]["properties"] == {"minimumDays": 10}


def test_everything_wrong_is_said_with_4(author: User) -> None:
    """A value that a schema refuses is exit code 4, in words and as a problem of the JSON document."""
    write(author, "bad.json", {"bucket-kept-long-enough": {"minimumDays": 0}})
    done = author("validate-config", "python-guard", "--config", "bad.json", "--json")
    assert done.code == 4
    assert "bucket-kept-long-enough.minimumDays" in done.err
    [problem] = done.json()["error"]["problems"]
    assert (problem["code"], problem["where"]) == ("config-value", "bad.json")


def test_what_does_nothing_is_warned_of(author: User) -> None:
    """A policy that the pack does not have is valid, and a warning says what was probably meant."""
    write(author, "config.json", {"bucket-has-owners": "mandatory"})
    done = author.must("validate-config", "python-guard", "--config", "config.json")
    assert "the pack has no such policy" in done.err
    assert "hint: did you mean bucket-has-owner?" in done.err


@pytest.mark.usefixtures("opa")
def test_a_published_pack_is_neither_installed_nor_run(user: User) -> None:
    """Its policies and their schemas are in its record, and nothing else comes to this machine."""
    schema = {"deny_all": {"properties": {"days": {"type": "integer", "minimum": 1, "default": 7}}}}
    rego = 'package guard\n\nimport rego.v1\n\ndeny_all contains "no" if input.x\n'
    files = {"policy.rego": rego, "config-schema.json": json.dumps(schema)}
    user.publish("guard", "1.2.0", run=True, files=files)
    user.extra["PACKREG_HOME"] = str(user.top / "home of somebody else")
    write(user, "good.json", {"deny_all": {"enforcementLevel": "advisory", "days": 3}})
    write(user, "bad.json", {"deny_all": {"days": 0}})
    done = user.must("validate-config", "guard", "--config", "good.json", "--json")
    assert done.err == ""
    assert done.json()["version"] == "1.2.0"
    assert done.json()["policies"] == [{"policy": "deny_all", "level": "advisory", "properties": {"days": 3}}]
    user.must("validate-config", "guard@1.2.0", "--config", "good.json", "--offline")
    bad = user("validate-config", "guard", "--config", "bad.json")
    assert bad.code == 4
    assert "deny_all.days: must be at least 1, not 0" in bad.err
    write(user, "mend.json", {"deny_all": "remediate"})
    mend = user("validate-config", "guard", "--config", "mend.json")
    assert mend.code == 4
    assert "mend.json: deny_all: cannot be set to remediate" in mend.err
    assert [kept["kind"] for kept in user.must("cache", "list", "--json").json()] == ["records"]


def test_a_release_without_its_policies_is_run_and_that_is_said(author: User) -> None:
    """Releases of older versions, and those with --no-run, can be validated all the same."""
    write(author, "config.json", {})
    done = author.must("validate-config", "python-guard@1.0.0", "--config", "config.json")
    assert "python-guard@1.0.0 was published without its policies" in done.err
    assert done.out.startswith("bucket-acl-private\tmandatory\t{}\n")


def test_a_file_for_one_pack_is_misuse(author: User) -> None:
    """There is one pack, so `PACK=FILE` is refused."""
    write(author, "config.json", {})
    done = author("validate-config", "python-guard", "--config", "x=config.json")
    assert done.code == 2
    assert "--config PACK=FILE is for several packs" in done.err
