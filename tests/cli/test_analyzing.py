"""`analyze` with real packs over real resources: what it prints, and which exit code."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest

from tests.analyzer.packs import BUCKET, FIXTURES, installed_once
from tests.cli.conftest import User
from tests.states.test_secrets import SALT, TOKEN

pytestmark = pytest.mark.usefixtures("opa")

SARIF = Path(__file__).parents[1] / "reports" / "sarif-schema-2.1.0.json"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
ROOT = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
CLEAN = {"acl": "private", "owner": "me", "retentionDays": 30}
PACKS = ("python-guard@1.0.0", "nodejs-guard@1.0.0", "opa_guard@1.0.0")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with the guards of all runtimes, and a home where they are installed."""
    return installed_once(tmp_path_factory, ("python-guard", "nodejs-guard", "opa-guard"))[0]


@pytest.fixture
def judge(user: User, shop: Path) -> User:
    """A user of that registry and that home."""
    user.extra |= {"PACKREG_REGISTRY": str(shop / "registry"), "PACKREG_HOME": str(shop / "home")}
    user.extra["XDG_STATE_HOME"] = str(shop / "state")
    return user


def state(user: User, buckets: Mapping[str, Mapping[str, Any]], **deployment: object) -> Path:
    """A state with the stack and these buckets."""
    resources: list[dict[str, object]] = [{"urn": ROOT, "type": "pulumi:pulumi:Stack", "custom": False}]
    for name, inputs in buckets.items():
        urn = f"urn:pulumi:dev::shop::{BUCKET}::{name}"
        resources.append(
            {
                "urn": urn,
                "type": BUCKET,
                "custom": True,
                "id": name,
                "inputs": inputs,
                "outputs": inputs,
                "parent": ROOT,
            }
        )
    path = user.directory / "state.json"
    path.write_text(json.dumps({"version": 3, "deployment": {"resources": resources, **deployment}}))
    return path


def broken(user: User, shop: Path, name: str) -> Path:
    """A copy of a broken Python pack, with the environment of a healthy one."""
    place = user.directory / name
    shutil.copytree(FIXTURES / "broken" / name, place)
    [venv] = (shop / "home" / "packs").glob("*/python-guard/*/venv")
    (place / "venv").symlink_to(venv)
    return place


def test_packs_of_every_runtime_at_once(judge: User) -> None:
    """Each pack stands under its own name with its counts, in the order given; violations deny with 3."""
    state(judge, {"open": {"acl": "public-read"}, "good": CLEAN})
    done = judge("analyze", *PACKS, "--state", "state.json")
    assert (done.code, done.err) == (3, "")
    assert (
        done.out
        == """\
Policies:
    ❌ python-guard@1.0.0  (4 policies: 1 passed, 3 failed)
        - [mandatory]  bucket-acl-private  (demo:index:Bucket: open)
          A bucket is never open to the public.
          open has the access list 'public-read'; write 'private'.
        - [advisory]  bucket-has-owner  (demo:index:Bucket: open)
          A bucket says who owns it.
          open has no owner.
        - [advisory]  bucket-kept-long-enough  (demo:index:Bucket: open)
          What is in a bucket is kept for some days.
          open keeps its content for 0 days, fewer than 7.
    ❌ nodejs-guard@1.0.0  (2 policies: 0 passed, 2 failed)
        - [mandatory]  bucket-acl-private  (demo:index:Bucket: open)
          A bucket is never open to the public.
          open has the access list 'public-read'; write 'private'.
        - [advisory]  bucket-has-owner  (demo:index:Bucket: open)
          A bucket says who owns it.
          open has no owner.
    ❌ opa_guard@1.0.0  (2 policies: 0 passed, 2 failed)
        - [mandatory]  deny_public_acl  (demo:index:Bucket: open)
          open has the access list 'public-read'; write 'private'.
        - [advisory]  warn_no_owner  (demo:index:Bucket: open)
          open has no owner.

7 of 8 policies failed, 1 passed
denied by policy: 3 mandatory violations, 4 advisory violations, 0 remediations (3 packs over 3 resources)
"""
    )


def test_packs_of_one_name_are_told_apart_by_their_paths(judge: User, shop: Path) -> None:
    """Two directories of one pack, as when its next version is tried beside the last, in every format."""
    for name in ("old", "new"):
        broken(judge, shop, "python-raises").rename(judge.directory / name)
    state(judge, {"logs": {"acl": "public-read"}})
    done = judge("analyze", "./old", "./new", "--state", "state.json", "--json")
    found = done.json()["packs"]
    assert [pack["name"] for pack in found] == ["python-raises (./old)", "python-raises (./new)"]
    text = judge("analyze", "./old", "./new", "--state", "state.json").out
    assert "python-raises (./old)@" in text and "python-raises (./new)@" in text
    [alone] = judge("analyze", "./old", "--state", "state.json", "--json").json()["packs"]
    assert alone["name"] == "python-raises"


def test_every_format_of_the_same_findings(judge: User) -> None:
    """SARIF passes its schema, JUnit loads in a reader, JSON and the others name the same violations."""
    state(judge, {"open": {"acl": "public-read"}})
    outputs = {}
    for output in ("json", "sarif", "junit", "github", "markdown"):
        done = judge("analyze", "opa_guard", "--state", "state.json", "-o", output)
        assert (done.code, done.err) == (3, "")
        outputs[output] = done.out
    document = json.loads(outputs["json"])
    assert document["verdict"] == "denied"
    [pack] = document["packs"]
    found = [(violation["policy"], violation["level"]) for violation in pack["violations"]]
    assert found == [("deny_public_acl", "mandatory"), ("warn_no_owner", "advisory")]
    log = json.loads(outputs["sarif"])
    jsonschema.Draft4Validator(json.loads(SARIF.read_text("utf-8"))).validate(log)
    assert [result["ruleId"] for result in log["runs"][0]["results"]] == [policy for policy, _ in found]
    [suite] = junitparser.JUnitXml.fromstring(outputs["junit"].encode())
    assert (suite.tests, suite.failures, suite.errors) == (2, 1, 0)
    assert outputs["github"].startswith(
        "::error title=opa_guard@1.0.0%3A deny_public_acl::demo:index:Bucket: open"
    )
    assert "- **mandatory** `deny_public_acl` on `demo:index:Bucket: open`" in outputs["markdown"]
    assert json.loads(judge("analyze", "opa_guard", "--state", "state.json", "--json").out) == document


@pytest.mark.parametrize(
    ("acl", "fail_on", "code"),
    [
        ("public", "mandatory", 3),
        ("public", "never", 0),
        ("private", "mandatory", 0),
        ("private", "advisory", 3),
        ("private", "never", 0),
    ],
)
def test_what_denies(judge: User, acl: str, fail_on: str, code: int) -> None:
    """Exit code 3 is for violations at the level asked for and nothing else."""
    state(judge, {"bucket": {"acl": acl}})
    done = judge("analyze", "opa_guard", "--state", "state.json", "--fail-on", fail_on)
    assert done.code == code
    assert ("denied by policy" if code else "allowed") in done.out.splitlines()[-1]


@pytest.mark.parametrize("fail_on", ["advisory", "mandatory", "never"])
def test_a_broken_pack_is_4_whatever_others_found(judge: User, shop: Path, fail_on: str) -> None:
    """A policy that raises makes it 4 at every level; the violations of all packs are still shown."""
    broken(judge, shop, "python-raises")
    state(judge, {"bad": {"acl": "public"}})
    done = judge(
        "analyze", "./python-raises", "opa_guard", "--state", "state.json", "--fail-on", fail_on, "--json"
    )
    assert done.code == 4
    raised, fine = done.json()["packs"]
    assert [error["code"] for error in raised["errors"]] == ["policy-raised"]
    assert [violation["policy"] for violation in raised["violations"]] == ["bucket-acl-private"]
    assert fine["violations"][0]["policy"] == "deny_public_acl"
    assert done.json()["verdict"] == "not-evaluated"


def test_a_pack_that_does_not_start_is_4(judge: User, shop: Path) -> None:
    """Its name, the reason and the end of its log are shown, apart from violations; nothing passes."""
    broken(judge, shop, "python-import-error")
    state(judge, {"good": CLEAN})
    done = judge("analyze", "./python-import-error", "--state", "state.json")
    assert done.code == 4
    assert "❌ python-import-error@1.0.0  (did not run)" in done.out
    assert "could not be evaluated:" in done.out
    assert "passed" not in done.out


def test_configuration_is_layered(judge: User) -> None:
    """Later files are stronger, and `PACK=FILE` reaches one pack only."""
    state(judge, {"open": {"acl": "public", "owner": "me", "retentionDays": 9}})
    files: dict[str, object] = {
        "all.json": {"all": "disabled"},
        "days.json": {
            "version": 2,
            "policies": {"bucket-kept-long-enough": {"enforcementLevel": "mandatory", "minimumDays": 10}},
        },
    }
    for name, content in files.items():
        (judge.directory / name).write_text(json.dumps(content))
    config = ("--config", "all.json", "--config", "python-guard=days.json")
    done = judge("analyze", "python-guard", "opa_guard", "--state", "state.json", *config, "--json")
    python, opa = done.json()["packs"]
    assert done.code == 3
    assert [violation["policy"] for violation in python["violations"]] == ["bucket-kept-long-enough"]
    assert python["violations"][0]["level"] == "mandatory"
    assert (python["counts"]["disabled"], opa["counts"]["disabled"]) == (3, 2)
    assert opa["violations"] == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is not JSON"),
        ('{"bucket-has-owner": "sometimes"}', 'the enforcement level must be one of "advisory"'),
        ('{"bucket-has-owner": 1}', "must be a level"),
        ('{"version": 2, "policies": {"bucket-has-owner": 1}}', "must be a level"),
        ('{"version": 2, "exceptions": {"E-1": {"reason": "none"}}}', "packreg waiver add"),
    ],
)
def test_a_bad_configuration_file_is_4_before_anything_runs(judge: User, content: str, why: str) -> None:
    """What is no configuration is refused with its place, and nothing is printed as a report."""
    state(judge, {"open": {"acl": "public"}})
    (judge.directory / "config.json").write_text(content)
    done = judge("analyze", "no-such-pack", "--state", "state.json", "--config", "config.json")
    assert (done.code, done.out) == (4, "")
    assert "config.json" in done.err
    assert why in done.err


def test_a_configuration_that_the_pack_refuses_is_4(judge: User) -> None:
    """A value against the pack's schema refuses the pack; the policy, the value and the file are named."""
    state(judge, {"good": CLEAN})
    (judge.directory / "config.json").write_text('{"bucket-kept-long-enough": {"minimumDays": 0}}')
    done = judge("analyze", "python-guard", "--state", "state.json", "--config", "config.json")
    assert done.code == 4
    assert "configuration-refused" in done.out
    assert "config.json: bucket-kept-long-enough.minimumDays" in done.out


def test_a_setting_without_effect_is_noted(judge: User) -> None:
    """A policy that the pack does not have is a note with the name that was probably meant."""
    state(judge, {"good": CLEAN})
    (judge.directory / "config.json").write_text('{"deny_public": "disabled"}')
    done = judge.must("analyze", "opa_guard", "--state", "state.json", "--config", "config.json")
    assert "config.json: deny_public: the pack has no such policy; this setting does nothing" in done.out
    assert "hint: did you mean deny_public_acl?" in done.out


def test_nothing_to_analyze_is_said(judge: User) -> None:
    """An empty state is 0, and neither the last line nor the notes call it a pass."""
    (judge.directory / "state.json").write_text('{"version": 3, "deployment": {"resources": []}}')
    done = judge.must("analyze", "opa_guard", "--state", "state.json")
    assert "there was nothing to analyze [nothing-to-analyze]" in done.out
    assert done.out.splitlines()[-1].startswith("nothing to analyze: 0 mandatory violations")


@pytest.mark.parametrize("output", ["text", "json", "sarif", "junit", "github", "markdown"])
def test_secrets_do_not_come_out(judge: User, output: str) -> None:
    """A secret that a policy wrote into its message is replaced, in every format."""
    acl = {**SECRET, "plaintext": json.dumps("public-hunter2")}
    state(judge, {"open": {"acl": acl}})
    done = judge("analyze", "python-guard", "--state", "state.json", "-o", output, "-v")
    assert done.code == 3
    assert "python-guard was asked in its own process" in done.err
    assert "hunter2" not in done.out + done.err
    assert "open has the access list '[secret]'" in done.out.replace("&apos;", "'")


WORD, NUMBER, KEY = "correct-horse", 314159265, "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA\n-----END KEY-----\n"

LEAKY = """
import json, os, sys
from pulumi_policy import (
    EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy)

def secrets(args):
    return [args.props[name] for name in ("password", "pin", "key") if name in args.props]

def tell(args, report):
    for secret in secrets(args):
        report(f"{args.urn}: {secret} or {secret!r} or {json.dumps(secret)}")

def log(args, report):
    print(secrets(args), file=sys.stderr, flush=True)
    if "crash" in args.props:
        os._exit(3)

def fail(args, report):
    for secret in secrets(args):
        raise ValueError(f"{secret} " + "x" * 980 + f" {args.props['password']}")

def mend(args):
    if "password" in args.props:
        password = args.props["password"]
        return {**args.props, f"copy of {password}": password, "all": secrets(args)}

def stack(args, report):
    for resource in args.resources:
        report(f"{resource.name} has {dict(resource.props)}", resource.urn)
    raise ValueError([dict(resource.props) for resource in args.resources])

PolicyPack("leaky", policies=[
    ResourceValidationPolicy("tell", "d", tell), ResourceValidationPolicy("log", "d", log),
    ResourceValidationPolicy("fail", "d", fail),
    ResourceValidationPolicy("mend", "d", remediate=mend, enforcement_level=EnforcementLevel.REMEDIATE),
    StackValidationPolicy("stack", "d", stack)])
"""


@pytest.mark.parametrize("output", ["text", "json", "sarif", "junit", "github", "markdown"])
def test_no_known_secret_comes_out_of_anything(judge: User, shop: Path, output: str) -> None:
    """Not in messages, names, URNs, remediations, errors, logs, last words; all else is still said."""
    (broken(judge, shop, "python-raises") / "__main__.py").write_text(LEAKY)
    secret = {
        name: {**SECRET, "plaintext": json.dumps(value)}
        for name, value in (("password", WORD), ("pin", NUMBER), ("key", KEY))
    }
    state(judge, {f"for-{WORD}": {**secret, f"tag-{WORD}": "x"}, "last": {**secret, "crash": True}})
    done = judge("analyze", "./python-raises", "--state", "state.json", "-o", output, "-v")
    assert done.code == 4
    shown = done.out + done.err
    for part in (WORD, "horse", str(NUMBER), "BEGIN KEY", "MIIEpAIB", "correct-", "314159"):
        assert part not in shown
    for policy in ("tell", "fail", "mend", "stack"):
        assert policy in shown
    assert "for-[secret]" in shown.replace("&#91;", "[").replace("\\[", "[").replace("\\]", "]")


def test_a_passphrase_opens_the_secrets(judge: User) -> None:
    """It comes from the environment or a file of it; without it the note says what stays hidden."""
    state(
        judge,
        {"open": {"acl": {**SECRET, "ciphertext": TOKEN}}},
        secrets_providers={"type": "passphrase", "state": {"salt": SALT}},
    )
    command = ("analyze", "opa_guard", "--state", "state.json", "--json")
    assert [note["code"] for note in judge(*command).json()["notes"]] == ["hidden-secrets"]
    judge.extra["PULUMI_CONFIG_PASSPHRASE"] = "x"
    assert judge(*command).json()["notes"] == []
    del judge.extra["PULUMI_CONFIG_PASSPHRASE"]
    (judge.directory / "phrase").write_text("x\n")
    judge.extra["PULUMI_CONFIG_PASSPHRASE_FILE"] = "phrase"
    assert judge(*command).json()["notes"] == []
    judge.extra["PULUMI_CONFIG_PASSPHRASE_FILE"] = "gone"
    done = judge(*command)
    assert done.code == 2
    assert "PULUMI_CONFIG_PASSPHRASE_FILE cannot be read" in done.err


def test_previews_lists_and_stacks_of_a_backend(judge: User) -> None:
    """The same violation is found in a preview, in JSON Lines, and in a checkpoint of a backend."""
    deployment = json.loads(state(judge, {"open": {"acl": "public"}}).read_text())["deployment"]
    steps = [{"op": "create", "urn": r["urn"], "newState": r} for r in deployment["resources"]]
    (judge.directory / "preview.json").write_text(
        json.dumps({"steps": steps, "changeSummary": {"create": 2}})
    )
    line = {"type": BUCKET, "name": "open", "properties": {"acl": "public"}}
    (judge.directory / "list.jsonl").write_text(json.dumps(line))
    stacks = judge.directory / "backend" / ".pulumi" / "stacks" / "shop"
    stacks.mkdir(parents=True)
    (stacks.parents[1] / "meta.yaml").write_text("version: 1\n")
    (stacks / "dev.json").write_text(
        json.dumps({"version": 3, "checkpoint": {"stack": "dev", "latest": deployment}})
    )
    places: Sequence[tuple[str, ...]] = (
        ("--preview", "preview.json"),
        ("--resources", "list.jsonl"),
        ("--stack", "shop/dev", "--backend", "file://backend"),
        ("--stack", "organization/shop/dev", "--backend", "file://backend"),
    )
    for place in places:
        done = judge("analyze", "opa_guard", *place, "--json")
        assert done.code == 3, done
        assert done.json()["packs"][0]["violations"][0]["policy"] == "deny_public_acl"
    judge.extra["PULUMI_BACKEND_URL"] = "file://backend"
    assert judge("analyze", "opa_guard", "--stack", "dev").code == 3


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["opa_guard"], 2, "say what to judge"),
        (["opa_guard", "--state", "a", "--preview", "b"], 2, "more than one thing to judge"),
        (
            ["opa_guard", "--state", "state.json", "--backend", "file://x"],
            2,
            "--backend needs --stack",
        ),
        (["opa_guard", "--stack", "shop/dev"], 2, "a stack needs its backend"),
        (["opa_guard", "--state", "gone.json"], 6, "gone.json"),
        (["./gone", "--state", "state.json"], 2, "there is no directory ./gone"),
        ([".", "--state", "state.json"], 2, ". is not a policy pack"),
        (["gone", "--state", "state.json"], 6, "gone"),
        (
            ["opa_guard", "--state", "state.json", "--config", "x=y"],
            2,
            "the configuration 'y' cannot be read",
        ),
        (["opa_guard", "--state", "state.json", "--config", "x=state.json"], 4, "state.json"),
        (["opa_guard", "--state", "state.json", "--json", "-o", "sarif"], 2, "two formats"),
        (["opa_guard", "--resources", "state.json"], 4, "state.json"),
    ],
)
def test_what_cannot_be_run_is_never_3(judge: User, words: list[str], code: int, why: str) -> None:
    """Misuse, a missing file or pack and a damaged file have their own codes, and print no report."""
    state(judge, {"open": {"acl": "public"}})
    done = judge("analyze", *words)
    assert done.code == code, done
    assert why in done.err


def test_a_directory_is_prepared_when_it_has_to_be(judge: User) -> None:
    """A pack without its dependencies gets them as `dev` would give them, and is judged with."""
    own = ("HOME", "UV_", "PIP_", "SSL_", "HTTP", "http", "NO_PROXY", "no_proxy")  # what uv is configured by
    judge.extra |= {name: value for name, value in os.environ.items() if name.startswith(own)}
    shutil.copytree(FIXTURES / "python-guard", judge.directory / "mine")
    state(judge, {"open": {"acl": "public"}})
    done = judge("analyze", "./mine", "--state", "state.json", "--json")
    assert done.code == 3, done
    [pack] = done.json()["packs"]
    assert (pack["name"], pack["version"], pack["counts"]["failed"]) == ("python-guard", "1.0.0", 3)
    assert (judge.directory / "mine" / "venv" / "bin" / "python").exists()


def test_workers_find_the_same(judge: User) -> None:
    """Two processes of a pack give the findings of one, in the same order."""
    state(judge, {f"b{number}": {"acl": "public"} for number in range(30)})
    one, two = (
        judge("analyze", "opa_guard", "--state", "state.json", "--workers", count, "--json").json()
        for count in ("1", "2")
    )
    assert one == two
    assert len(one["packs"][0]["violations"]) == 60


GREEDY = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def greedy(args, report):
    if "acl" in args.props:
        report(f"got {len(bytes(3 << 29)) >> 20} MiB")

PolicyPack("greedy", enforcement_level=EnforcementLevel.ADVISORY, policies=[
    ResourceValidationPolicy("greedy", "Wants 1.5 GiB.", greedy)])
"""


def test_memory_is_limited_as_the_settings_say(judge: User, shop: Path) -> None:
    """A pack's own limit counts before that of all packs, and what is beyond it is an error of the policy."""
    for name in ("small", "large"):
        (broken(judge, shop, "python-raises").rename(judge.directory / name) / "__main__.py").write_text(
            GREEDY
        )
    text = '[analysis]\nmemory = "3GiB"\n[analysis.packs.small]\nmemory = "1GiB"\n'
    (judge.directory / "packreg.toml").write_text(text)
    state(judge, {"bucket": CLEAN})
    done = judge("analyze", "./small", "./large", "--state", "state.json", "--json")
    assert done.code == 4
    small, large = done.json()["packs"]
    assert [(e["code"], e["policy"]) for e in small["errors"]] == [("policy-raised", "greedy")]
    assert small["errors"][0]["why"] == "__main__.py:6: MemoryError"
    assert small["violations"] == []
    assert large["errors"] == [] and "got 1536 MiB" in large["violations"][0]["message"]


def test_time_is_limited_as_the_settings_say(judge: User, shop: Path) -> None:
    """A policy that never ends is an error after the seconds of its pack's setting."""
    broken(judge, shop, "python-loops")
    (judge.directory / "packreg.toml").write_text("[analysis.packs.python-loops]\ncall_seconds = 2\n")
    state(judge, {"bad": {"acl": "public"}})
    done = judge("analyze", "./python-loops", "--state", "state.json", "--json")
    assert done.code == 4
    [error] = done.json()["packs"][0]["errors"]
    assert (error["code"], "no answer within 2 s" in error["why"]) == ("no-answer", True)


@pytest.mark.parametrize("by", ["variable", "file"])
def test_the_operators_own_opa_analyzer_is_used(judge: User, by: str) -> None:
    """The program that the settings name gets the pack's directory and judges; no other pack is run by it."""
    program = judge.top / "own-opa"  # outside the project, whose authors are judged
    path = [entry for entry in sys.path if entry]
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = {path!r}\n"
        f"open({str(judge.directory / 'asked')!r}, 'a').write(f'{{sys.argv[1:]}}\\n')\n"
        "from packreg.opa.__main__ import main\nsys.exit(main())\n"
    )
    program.chmod(0o755)
    if by == "variable":
        judge.extra["PACKREG_OPA_ANALYZER"] = str(program)
    else:
        (judge.directory / "packreg.toml").write_text(f'[analysis]\nopa_analyzer = "{program}"\n')
    state(judge, {"open": {"acl": "public-read", "owner": "me"}})
    done = judge("analyze", "opa_guard", "python-guard", "--state", "state.json", "--json")
    assert done.code == 3, done
    assert [violation["policy"] for violation in done.json()["packs"][0]["violations"]] == ["deny_public_acl"]
    assert (judge.directory / "asked").read_text() == "['127.0.0.1:1', '.']\n"
    settings = {row["key"]: row["value"] for row in judge.must("config", "--json").json()["settings"]}
    assert settings["analysis.opa_analyzer"] == str(program)


def test_an_opa_analyzer_that_is_not_there_is_said(judge: User) -> None:
    """It is named, and nothing passes."""
    judge.extra["PACKREG_OPA_ANALYZER"] = "no-such-analyzer"
    state(judge, {"open": CLEAN})
    done = judge("analyze", "opa_guard", "--state", "state.json")
    assert done.code == 2
    assert "no-such-analyzer is not on the PATH" in done.err


@pytest.fixture
def stack_pack(judge: User, shop: Path) -> str:
    """A directory whose pack calls itself `StackPack`."""
    place = broken(judge, shop, "python-raises")
    program = (place / "__main__.py").read_text()
    (place / "__main__.py").write_text(program.replace('name="python-raises"', 'name="StackPack"'))
    return "./python-raises"


@pytest.mark.parametrize("output", ["text", "json", "sarif", "junit", "markdown", "github"])
def test_a_pack_is_called_as_the_registry_calls_it(judge: User, stack_pack: str, output: str) -> None:
    """A pack that calls itself `StackPack` is shown as `stackpack`, under which it is published and found."""
    state(judge, {"open": {"acl": "public-read"}})
    done = judge("analyze", stack_pack, "--state", "state.json", "-o", output)
    assert done.code == 3
    assert "stackpack" in done.out
    assert "StackPack" not in done.out


def test_other_commands_call_a_pack_the_same(judge: User, stack_pack: str) -> None:
    """`docs` and `validate-config` say `stackpack` too."""
    (judge.directory / "none.json").write_text("{}")
    validating = ("validate-config", stack_pack, "--config", "none.json", "--json")
    for words in (("docs", stack_pack), validating):
        done = judge(*words)
        assert done.code == 0
        assert "stackpack" in done.out
        assert "StackPack" not in done.out
