"""`packreg analyze` finds what the real `pulumi policy analyze` finds: the same packs, the same states."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.states.state import read_state
from tests.e2e.conftest import cli_shell
from tests.e2e.judging import Pack, compared
from tests.e2e.states import AWS, DEMO, KUBERNETES, ROOT, SHOP, bucket, written
from tests.e2e.user import FIXTURES, Pulumi, Shell, Stack, publish
from tests.opa.packs import PACKS as RULES
from tests.states.recordings import PROGRAM, STATES

OWN = Path(__file__).parent / "packs"
KINDS = ("python-kinds", "nodejs-kinds", "typescript-kinds")
MIRRORS = ("python-mirror", "nodejs-mirror", "opa-mirror")
#: What packreg reads and the CLI refuses: a checkpoint without its backend, a byte order mark.
READ_ALL_THE_SAME = ("checkpoint-file", "bom")

Installed = Callable[..., Pack]


@pytest.fixture(scope="module")
def shell(node: None, registry: Shell, pulumi: Pulumi, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell with both programs."""
    return cli_shell(registry, pulumi, tmp_path_factory.mktemp("analyze"))


@pytest.fixture(scope="module")
def installed(registry: Shell, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Gives the pack of a directory, published and installed once, with a configuration if there is one."""
    places: dict[Path, Pack] = {}

    def install(source: Path, config: object = None, *, name: str = "") -> Pack:
        if source not in places:
            copy = tmp_path_factory.mktemp("packs") / source.name
            reference = publish(registry, source, copy, name=name)
            place = Path(registry.must(f"packreg path {reference}").strip())
            places[source] = Pack(reference.partition("@")[0], place)
        return places[source]._replace(config="" if config is None else json.dumps(config))

    return install


@pytest.fixture(scope="module")
def kinds(installed: Installed) -> list[Pack]:
    """Packs with every kind of policy."""
    return [installed(FIXTURES / name) for name in KINDS]


def test_every_kind_of_policy(shell: Shell, kinds: list[Pack], tmp_path: Path) -> None:
    """Resource and stack policies of each level, remediations, severities: the same in each language."""
    found = compared(shell, written(SHOP, tmp_path / "shop.json"), kinds, ["correct horse battery staple"])
    assert found.code == 3
    for name in KINDS:
        assert found.fired(name) == {"private", "owned", "tagged", "website", "unique", "few"}
        assert {violation.level for violation in found.violations[name]} == {"mandatory", "advisory"}
        assert [remediation.policy for remediation in found.remediations[name]] == [
            "tagged",
            "encrypt",
            "tagged",
            "encrypt",
        ]
        assert "has the access list '[secret]'" in str(found.violations[name])


@pytest.mark.parametrize(
    ("config", "fires", "code"),
    [
        ({"all": "advisory"}, {"private", "owned", "tagged", "website", "off", "unique", "few"}, 0),
        ({"all": "disabled"}, set(), 0),
        ({"all": "disabled", "owned": "mandatory"}, {"owned"}, 3),
        ({"all": "disabled", "few": {"enforcementLevel": "remediate"}}, {"few"}, 3),
        ({"all": "disabled", "tagged": "remediate"}, {"tagged"}, 3),
        ({"all": "disabled", "encrypt": "remediate"}, set(), 0),
        ({"all": "disabled", "tagged": "mandatory", "encrypt": "mandatory"}, {"tagged"}, 3),
        (
            {"all": "disabled", "private": {"enforcementLevel": "advisory", "allowed": ["public-read"]}},
            {"private"},
            0,
        ),
    ],
)
def test_configured_policies(
    shell: Shell, kinds: list[Pack], tmp_path: Path, config: object, fires: set[str], code: int
) -> None:
    """Levels and properties from a configuration file reach each pack as they do from the CLI."""
    packs = [pack._replace(config=json.dumps(config)) for pack in kinds]
    found = compared(shell, written(SHOP, tmp_path / "shop.json"), packs, ["correct horse battery staple"])
    assert found.code == code
    assert all(found.fired(name) == fires for name in KINDS)


@pytest.mark.parametrize("config", [{"private": {"allowed": "public-read"}}, {"private": "always"}, []])
def test_a_configuration_that_the_cli_refuses_is_no_verdict(
    shell: Shell, kinds: list[Pack], tmp_path: Path, config: object
) -> None:
    """Both fail, and packreg does not call it a denial."""
    state, file = written(SHOP, tmp_path / "shop.json"), tmp_path / "config.json"
    file.write_text(json.dumps(config))
    pack = kinds[0].directory
    line = f"pulumi policy analyze --file '{state}' --policy-pack '{pack}' --policy-pack-config '{file}'"
    assert shell.run(line)[0] == 1
    assert shell.run(f"packreg analyze '{pack}' --state '{state}' --config '{file}'")[0] == 4


def test_the_oldest_sdks(shell: Shell, installed: Installed, tmp_path: Path) -> None:
    """Packs with the oldest SDKs that can be had find the same; the others here have the newest."""
    state = written(SHOP, tmp_path / "shop.json")
    for config in (None, {"all": "mandatory", "private": {"allowed": ["public-read"]}}):
        packs = [installed(OWN / f"{language}-oldest", config) for language in ("python", "nodejs")]
        found = compared(shell, state, packs, ["correct horse battery staple"])
        assert found.code == 3
        assert found.violations.keys() == {"python-oldest", "nodejs-oldest"}
        assert all(found.fired(name) == {"private", "unique"} for name in found.violations)


def test_a_urn_that_stands_twice(shell: Shell, kinds: list[Pack], tmp_path: Path) -> None:
    """Both resources are judged, and found by stack policies, as by the CLI."""
    given = {"acl": "public-read", "owner": "ada", "tags": {"managed": "yes"}, "encrypted": True}
    open_one, private = bucket("twice", given), bucket("twice", {**given, "acl": "private"})
    state = written([*SHOP, private, open_one, open_one], tmp_path / "twice.json")
    found = compared(shell, state, kinds, ["correct horse battery staple"])
    at_it = [v for v in found.violations[KINDS[0]] if v.policy == "private" and v.urn.endswith("::twice")]
    assert len(at_it) == 2


def test_an_asset_without_its_content(shell: Shell, kinds: list[Pack], tmp_path: Path) -> None:
    """The SDKs cannot read one that has a hash alone, an empty text: neither program calls that a verdict."""
    asset = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "hash": "h"}
    given = {"acl": "private", "owner": "ada", "tags": {"managed": "yes"}, "encrypted": True}
    state = written([ROOT, bucket("empty", {**given, "content": asset})], tmp_path / "empty.json")
    pack = kinds[0].directory
    code, output = shell.run(f"pulumi policy analyze --file '{state}' --policy-pack '{pack}'")
    assert code != 0 and "Invalid asset encountered" in output
    code, output = shell.answer(f"packreg analyze '{pack}' --state '{state}'")
    assert code == 4 and "Invalid asset encountered" in output


def test_a_stack_in_a_backend(stack: Stack, kinds: list[Pack], tmp_path: Path) -> None:
    """After an update, the stack in its backend and its export are judged alike, and as the CLI does."""
    stack.write(logs={"acl": "public-read"}, more={"acl": "private", "owner": "ada", "bucketName": "logs"})
    stack.shell.must("pulumi up --yes --skip-preview --non-interactive --stack dev")
    stack.shell.must(f"pulumi stack export --stack dev --file '{tmp_path / 'export.json'}'")
    found = compared(stack.shell, tmp_path / "export.json", kinds[:2], stack="organization/shop/dev")
    assert {v.policy for name in KINDS[:2] for v in found.violations[name]} > {"private", "tagged", "few"}


def test_a_preview(stack: Stack, registry: Shell, installed: Installed, tmp_path: Path) -> None:
    """`pulumi preview --json --show-sames` holds enough to find what packs found in that preview."""
    pack = installed(FIXTURES / "python-guard")
    stack.write(logs={"acl": "private"})
    stack.shell.must("pulumi up --yes --skip-preview --non-interactive --stack dev")
    stack.write(logs={"acl": "private"}, more={"acl": "public-read", "bucketName": "x", "retentionDays": 3})
    code, output = stack.shell.run(
        f"pulumi preview --non-interactive --stack dev --policy-pack '{pack.directory}'"
    )
    assert code != 0
    theirs = re.findall(r"- \[(\w+)\]  (\S+)  \((\S+): (\S+)\)", output.partition("Policies:")[2])
    preview = tmp_path / "preview.json"
    stack.shell.must(f"pulumi preview --non-interactive --stack dev --json --show-sames > '{preview}'")
    code, output = stack.shell.answer(
        f"packreg analyze '{pack.directory}' --preview '{preview}' --format json"
    )
    assert code == 3
    [found] = json.loads(output)["packs"]
    ours = [
        (v["level"], v["policy"], v["resource_type"], v["urn"].rpartition("::")[2])
        for v in found["violations"]
    ]
    assert ours and sorted(ours) == sorted(theirs)


def test_rego_rules(shell: Shell, installed: Installed, tmp_path: Path) -> None:
    """deny, violation, warn and their stack forms, with METADATA and configuration, served to the CLI too."""
    limit = {"deny": {"enforcementLevel": "mandatory", "limit": 10}, "warn_name": "mandatory"}
    found = compared(shell, written(DEMO, tmp_path / "s.json"), [installed(RULES / "kinds", limit)])
    assert found.code == 3
    fired = {"deny", "deny_half", "deny_listed", "violation", "warn_name", "warn_numbers", "stack_deny"}
    assert fired < found.fired("kinds")
    found = compared(
        shell,
        written(DEMO, tmp_path / "s.json"),
        [installed(RULES / "kinds", {"all": "advisory", "deny": {"limit": 10}, "warn_name": "disabled"})],
    )
    assert found.code == 0
    assert "warn_name" not in found.fired("kinds")


def test_admission_reviews(shell: Shell, installed: Installed, tmp_path: Path) -> None:
    """Gatekeeper's inputs and parameters."""
    config = {"violation": {"enforcementLevel": "mandatory", "repositories": ["good/", "better/"]}}
    pack = installed(RULES / "admission", config)
    found = compared(shell, written(KUBERNETES, tmp_path / "s.json"), [pack])
    assert found.code == 3
    [name] = found.violations
    assert found.fired(name) == {"violation", "deny_privileged", "stack_warn"}


@pytest.mark.parametrize(
    "state", sorted(STATES.glob("*.requests.jsonl")), ids=lambda path: path.name.split(".")[0]
)
def test_every_recorded_state(shell: Shell, installed: Installed, kinds: list[Pack], state: Path) -> None:
    """All that policies can see, value by value, and what policies of every kind say of it."""
    packs = [kinds[0], *(installed(OWN / name) for name in MIRRORS)]
    file = state.with_name(state.name.replace(".requests.jsonl", ".json"))
    found = compared(shell, file, packs, read_state(file.read_bytes(), file.name).known_secrets)
    assert bool(found.violations) == (state.read_text() != "")


@pytest.mark.parametrize(
    "state",
    sorted(path for path in STATES.glob("*.refused.txt") if path.name[:-12] not in READ_ALL_THE_SAME),
    ids=lambda path: path.name.split(".")[0],
)
def test_a_state_that_the_cli_refuses_is_no_verdict(shell: Shell, kinds: list[Pack], state: Path) -> None:
    """Both fail, and packreg does not call it a denial."""
    file = state.with_name(state.name.replace(".refused.txt", ".json"))
    pack = kinds[0].directory
    assert shell.run(f"pulumi policy analyze --file '{file}' --policy-pack '{pack}'")[0] == 1
    assert shell.run(f"packreg analyze '{pack}' --state '{file}'")[0] == 4


@pytest.mark.parametrize("passphrase", ["x", "wrong"])
def test_a_programs_state_with_secrets(
    shell: Shell, installed: Installed, kinds: list[Pack], passphrase: str
) -> None:
    """Options of every kind, a component, assets; secrets that can be decrypted, and that cannot."""
    shell = replace(shell, environment={**shell.environment, "PULUMI_CONFIG_PASSPHRASE": passphrase})
    packs = [kinds[0], *(installed(OWN / name) for name in MIRRORS)]
    state = PROGRAM / "state.json"
    secrets = read_state(state.read_bytes(), "s.json", passphrase=passphrase).known_secrets
    assert bool(secrets) == (passphrase == "x")
    compared(shell, state, packs, secrets)


def test_awsguard(shell: Shell, installed: Installed, tmp_path: Path) -> None:
    """Pulumi's own policies for AWS find the same, over resources that break them and ones that do not."""
    pack = installed(OWN / "aws-guard", name="pulumi-awsguard")
    found = compared(shell, written(AWS, tmp_path / "s.json"), [pack], ["correct horse battery staple"])
    assert found.code == 3
    assert len(found.fired("pulumi-awsguard")) == 19
    assert {"mandatory", "advisory"} == {v.level for v in found.violations["pulumi-awsguard"]}
    quiet = {"cmk-backing-key-rotation-enabled", "s3-bucket-logging-enabled"}
    clean = {v.urn.rpartition("::")[2] for v in found.violations["pulumi-awsguard"] if v.policy in quiet}
    assert clean == {"still", "logs"}
