"""What cannot be read is no pass: rules about secrets, where nobody gave the key, or a preview hides them."""

from __future__ import annotations

import csv
import json
import os
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, User
from tests.cli.conftest import user as user
from tests.cli.governed import BUCKET, GUARD, founder, moved_in, write_stack, write_state
from tests.cli.secret_states import PASSPHRASE, secret, with_provider

#: Whether it is open is a secret.
OPEN: dict[str, Mapping[str, Any]] = {"site": {"acl": secret("public"), "owner": "ada"}}
PLAIN: dict[str, Mapping[str, Any]] = {"site": {"acl": "private", "owner": "ada"}}
FORMATS = ("text", "json", "sarif", "junit", "github", "markdown")


pytestmark = pytest.mark.usefixtures("opa")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry in which every stack must pass guard, before and after."""
    founding = founder(tmp_path_factory.mktemp("secrets"))
    founding.publish("guard", "1.0.0", files={"policy.rego": GUARD})
    founding.must("enable", "--yes", "guard@latest", "--quiet")
    founding.must("enable", "--yes", "guard@latest", "--group", "default-audit-policy-group", "--quiet")
    return founding.top


@pytest.fixture
def office(user: User, founded: Path) -> User:
    """Somebody with that registry."""
    user.extra["PULUMI_BACKEND_URL"] = "file://states"
    return moved_in(user, founded)


def enforce(office: User, buckets: Mapping[str, Any], *words: str, key: bool = False) -> Done:
    """The decision about a state, with the key or without."""
    with_provider(write_state(office.directory / "state.json", "shop", "dev", buckets))
    office.extra.pop("PULUMI_CONFIG_PASSPHRASE", None)
    if key:
        office.extra["PULUMI_CONFIG_PASSPHRASE"] = PASSPHRASE
    return office("enforce", "shop/dev", "--state", "state.json", *words)


def audit(office: User, buckets: Mapping[str, Any], *words: str, key: bool = False) -> Done:
    """The audit of a stack from before guard was required of updates, with the key or without."""
    state = write_stack(office.directory / "states", "shop", "dev", buckets)
    with_provider(state)
    os.utime(state, (1785542400,) * 2)  # 2026-08-01: its updates left no history, and nobody asked for any
    office.extra.pop("PULUMI_CONFIG_PASSPHRASE", None)
    if key:
        office.extra["PULUMI_CONFIG_PASSPHRASE"] = PASSPHRASE
    return office.must("audit", "--all", *words)


def test_a_deployment_is_not_allowed_for_want_of_the_key(office: User) -> None:
    """Whoever leaves out the passphrase of a state that is denied gets exit code 4, the names and the way."""
    assert enforce(office, OPEN, key=True).code == 3
    done = enforce(office, OPEN)
    assert done.code == 4
    assert "(site): hidden-secrets" in done.out and "they are of site" in done.out
    assert "PULUMI_CONFIG_PASSPHRASE" in done.out and "packreg guard" in done.out
    office.extra["PACKREG_FAIL_OPEN"] = "1"
    assert enforce(office, OPEN).code == 4, "failing open does not name secrets"


@pytest.mark.parametrize("form", FORMATS)
def test_who_allows_hidden_secrets_says_so_by_name(office: User, form: str) -> None:
    """The report then says it, and counts the resources apart, in every format."""
    done = enforce(office, OPEN, "--allow-hidden-secrets", "-o", form)
    assert done.code == 0
    assert ("hidden secrets" in done.out) or ("HiddenSecrets" in done.out) or ("hidden_secrets" in done.out)
    if form == "json":
        assert done.json()["totals"]["hidden"] == 1
        assert done.json()["hidden_secrets"]["allowed"] is True
    if form in ("text", "github", "markdown"):
        assert "allowed, 1 resource with hidden secrets that were explicitly allowed" in done.out


def test_a_preview_hides_every_secret(office: User) -> None:
    """`pulumi preview --json` writes "[secret]": what the same policy denies is not allowed by it."""
    root = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
    urn = f"urn:pulumi:dev::shop::{BUCKET}::site"
    state = {"urn": urn, "type": BUCKET, "custom": True, "parent": root}
    for acl, code in (("[secret]", 4), ("private", 0)):
        inputs = {"acl": acl, "owner": "ada"}
        steps = [
            {"op": "create", "urn": root, "newState": {"urn": root, "type": "pulumi:pulumi:Stack"}},
            {"op": "create", "urn": urn, "newState": {**state, "inputs": inputs}},
        ]
        (office.directory / "preview.json").write_text(json.dumps({"steps": steps, "changeSummary": {}}))
        assert office("enforce", "shop/dev", "--preview", "preview.json").code == code


@pytest.mark.parametrize(
    ("inputs", "outputs", "code"),
    [
        ({"acl": "private", "owner": "[secret]"}, None, 0),
        ({"acl": "private", "owner": "ada"}, {"password": secret("x")}, 0),
        ({"acl": "private", "owner": "ada"}, {"__meta": secret("x")}, 0),
        ({"acl": "private", "owner": {"name": secret("x")}}, None, 4),
    ],
    ids=["a literal text", "outputs, which no policy is shown", "the engine's own", "inside of an input"],
)
def test_only_secrets_count_that_a_policy_is_shown(
    office: User, inputs: dict[str, Any], outputs: dict[str, Any] | None, code: int
) -> None:
    """In a state the ciphertext tells what is a secret; this pack has no policy for whole stacks."""
    path = with_provider(write_state(office.directory / "state.json", "shop", "dev", {"site": inputs}))
    whole = json.loads(path.read_text())
    if outputs is not None:
        whole["deployment"]["resources"][1]["outputs"] = outputs
    path.write_text(json.dumps(whole))
    assert office("enforce", "shop/dev", "--state", "state.json").code == code


def test_secrets_of_a_provider_are_shown_with_what_uses_it(office: User) -> None:
    """A policy may look at the provider of a resource: its hidden token keeps both from being judged."""
    path = with_provider(write_state(office.directory / "state.json", "shop", "dev", PLAIN))
    whole = json.loads(path.read_text())
    urn = "urn:pulumi:dev::shop::pulumi:providers:demo::main"
    provider = {"urn": urn, "type": "pulumi:providers:demo", "custom": True, "id": "p"}
    whole["deployment"]["resources"].append({**provider, "inputs": {"token": secret("x")}})
    whole["deployment"]["resources"][1]["provider"] = f"{urn}::p"
    path.write_text(json.dumps(whole))
    done = office("enforce", "shop/dev", "--state", "state.json", "--json")
    assert done.code == 4
    names = [each.rpartition("::")[2] for each in done.json()["hidden_secrets"]["resources"]]
    assert sorted(names) == ["main", "site"]


def test_an_audit_without_the_key_is_no_compliance(office: User) -> None:
    """It says how many resources it could not read, on screen, in JSON, and in each format of the report."""
    done = audit(office, OPEN)
    assert "compliant, 1 resource with hidden secrets" in done.out
    assert "audited 1: 1 compliant with hidden secrets" in done.err
    found = office.must("audit", "--all", "--json").json()
    assert found["entities"][0]["hidden"] == 1
    assert (found["summary"]["compliant"], found["summary"]["compliant_with_hidden_secrets"]) == (0, 1)
    printed = {form: office.must("report", "--format", form).out for form in (*FORMATS, "csv", "html")}
    for form in ("text", "github", "markdown"):
        assert "compliant, 1 resource with hidden secrets" in printed[form], form
    assert json.loads(printed["json"])[0]["hidden_secrets"]["resources"] == [
        f"urn:pulumi:dev::shop::{BUCKET}::site"
    ]
    assert json.loads(printed["sarif"])["runs"][0]["properties"]["resourcesWithHiddenSecrets"] == 1
    named = {each.get("name"): each.get("value") for each in ET.fromstring(printed["junit"]).iter("property")}
    assert named["resources with hidden secrets"] == "1"
    [row] = csv.DictReader(printed["csv"].splitlines())
    assert (row["kind"], row["level"], row["urn"].rpartition("::")[2]) == ("hidden", "hidden", "site")
    assert "0 open, 1 resource with hidden secrets" in printed["html"]
    assert "1 resource with hidden secrets" in office.must("compliance").out
    assert "hidden" in office.must("findings", "ls", "--level", "hidden").out


def test_what_was_found_is_not_fixed_by_hiding_it(office: User) -> None:
    """Yesterday's violation stays open, run after run, until somebody can look again."""
    assert "not-compliant" in audit(office, OPEN, key=True).out
    for _ in range(3):
        done = audit(office, OPEN)
        assert "not-compliant, 1 resource with hidden secrets" in done.out
        [found] = office.must("findings", "ls", "--level", "mandatory", "--json").json()
        assert (found["status"], found["policy"]) == ("open", "deny_open")
        rows = list(csv.DictReader(office.must("report", "--format", "csv").out.splitlines()))
        assert [row["status"] for row in rows if row["policy"] == "deny_open"] == ["open"]
    assert "1 of 2 policies passed" in office.must("compliance").err
    mended = {"site": {"acl": secret("private"), "owner": "ada"}}
    assert "\tcompliant\t0" in audit(office, mended, key=True).out
    rows = list(csv.DictReader(office.must("report", "--format", "csv").out.splitlines()))
    assert {row["status"] for row in rows} == {"fixed"}


def test_the_key_given_later_is_used(office: User) -> None:
    """`--since last` does not pass over a stack that could not be read then, and can be now."""
    assert "1 resource with hidden secrets" in audit(office, OPEN).out
    assert "not-compliant" in audit(office, OPEN, "--since", "last", key=True).out


def test_analyze_goes_on_as_the_cli_does(office: User) -> None:
    """It judges what there is to see, and says what is not."""
    with_provider(write_state(office.directory / "state.json", "shop", "dev", OPEN))
    done = office("analyze", "guard", "--state", "state.json")
    assert done.code == 0
    assert "allowed, 1 resource with hidden secrets" in done.out and "they are of site" in done.out
