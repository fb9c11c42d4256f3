"""Packs that are run once when they are published: python, nodejs and opa, with the real SDKs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from packreg.install.home import Home
from packreg.install.tools import Tools
from packreg.pack.metadata import PackInfo
from packreg.pack.version import Version
from tests.analyzer.packs import FIXTURES
from tests.cli.conftest import Done, User, write_pack

PYTHON = """\
import os
from pulumi_policy import PolicyPack, ResourceValidationPolicy

policy = ResourceValidationPolicy(name="{policy}", description="d", validate=lambda args, report: None)
{before}
PolicyPack({name}, [policy])
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose environments all tests here share."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def author(user: User, home: Path) -> User:
    """A user with this machine's package indexes and their caches, and that home."""
    others = ("PACKREG_", "XDG_", "PYTHON", "PYTEST_")
    user.extra |= {name: value for name, value in os.environ.items() if not name.startswith(others)}
    user.extra |= {"PACKREG_HOME": str(home), "PACKREG_REGISTRY": str(user.top / "registry")}
    user.extra["XDG_STATE_HOME"] = f"{home}-state"
    user.must("init", "--quiet")
    return user


def python(
    author: User, name: str = '"guard"', *, policy: str = "p", before: str = "", version: str = "1.0.0"
) -> Path:
    """A Python pack that calls itself this expression."""
    directory = author.directory / "guard"
    directory.mkdir(exist_ok=True)
    (directory / "PulumiPolicy.yaml").write_text(f"runtime: python\nversion: {version}\n")
    (directory / "requirements.txt").write_text("pulumi-policy>=1.20,<2\n")
    (directory / "__main__.py").write_text(PYTHON.format(name=name, policy=policy, before=before))
    return directory


def refused(done: Done, code: str) -> str:
    """What was said about the one problem with this code that a publish was refused for."""
    assert done.code == 7, done.err
    [problem] = done.json()["error"]["problems"]
    assert problem["code"] == code
    return f"{problem['message']}\n{problem['hint']}"


def nothing_published(author: User) -> bool:
    """Whether the registry is as it was: not there."""
    return author.must("list").out == ""


@pytest.mark.parametrize("runtime", ["python", "nodejs"])
def test_everything_that_an_sdk_says_is_in_the_record(author: User, runtime: str) -> None:
    """Levels, texts, frameworks and schemas arrive from the real SDK, which runs elsewhere."""
    shutil.copytree(FIXTURES / f"{runtime}-kinds", author.directory / "kinds")
    metadata = author.must("publish", "kinds", "--json").json()["metadata"]
    assert metadata["name"] == f"{runtime}-kinds"
    assert Version(metadata["sdk"].removeprefix("v"))
    policies = {policy["name"]: policy for policy in metadata["policies"]}
    private = policies["private"]
    assert (private["level"], private["type"], private["severity"]) == ("mandatory", "resource", "high")
    assert private["framework"] == {
        "name": "Demo Framework",
        "version": "1.2",
        "reference": "D-7",
        "specification": "Keep it private",
    }
    assert private["schema"]["properties"]["allowed"]["default"] == ["private"]
    assert policies["tagged"]["level"] == "remediate"
    assert policies["unique"]["type"] == "stack"
    assert not list((author.directory / "kinds").glob("venv"))
    shown = author.must("info", f"{runtime}-kinds").out
    assert "  private " in shown
    assert "A bucket has an allowed access list." in shown


@pytest.mark.usefixtures("opa")
def test_an_opa_pack_runs_by_our_own_analyzer(user: User) -> None:
    """Names, levels and titles come from the Rego; `--dry-run` shows them, and writes nothing."""
    shutil.copytree(FIXTURES / "opa-guard", user.directory / "guard")
    shown = user.must("publish", "guard", "--dry-run").out
    assert "policy    deny_public_acl  mandatory  resource  A bucket is never open to the public." in shown
    assert nothing_published(user)
    metadata = user.must("publish", "guard", "--json").json()["metadata"]
    assert [(policy["name"], policy["level"]) for policy in metadata["policies"]] == [
        ("deny_public_acl", "mandatory"),
        ("warn_no_owner", "advisory"),
    ]


def test_a_pack_with_a_lock_of_uv_runs_where_its_environment_is(author: User) -> None:
    """Its environment is at another place than that of other packs: when published, and when installed."""
    directory = python(author)
    (directory / "requirements.txt").unlink()
    (directory / "pyproject.toml").write_text(
        '[project]\nname = "guard"\nversion = "1.0.0"\nrequires-python = ">=3.11"\n'
        'dependencies = ["pulumi-policy>=1.20,<2"]\n'
    )
    uv = Tools(Home(author.top), author.environ).uv
    assert uv, "the tests' environment has uv"
    subprocess.run([uv, "lock", "--quiet"], cwd=directory, env=author.environ, check=True)
    metadata = author.must("publish", "guard", "--json").json()["metadata"]
    assert [policy["name"] for policy in metadata["policies"]] == ["p"]
    resource = '{"type": "demo:index:Bucket", "name": "b", "properties": {}}\n'
    (author.directory / "resources.jsonl").write_text(resource)
    author.must("analyze", "guard@1.0.0", "--resources", "resources.jsonl")
    author.must("analyze", "./guard", "--resources", "resources.jsonl")


def test_a_name_that_only_the_running_pack_knows_is_learned(author: User) -> None:
    """Source without a literal name is published under the name that it gives itself, in lower case."""
    python(author, '"Gu" + "ard"')
    checked = author.must("check", "guard", "--json").json()
    assert (checked["ok"], checked["name"]) == (True, None)
    assert [problem["code"] for problem in checked["warnings"]] == ["name-unknown"]
    assert author.must("publish", "guard", "--json").json()["name"] == "guard"
    done = author("publish", "guard", "--no-run", "--json")
    assert "give it with --name" in refused(done, "name-unknown")


def test_the_same_again_does_not_run_the_pack(author: User) -> None:
    """What is published already is found before anything is started, also if it would not start any more."""
    stop = author.top / "stop"
    python(author, before=f"assert not os.path.exists({str(stop)!r})")
    first = author.must("publish", "guard", "--json").json()
    stop.touch()
    again = author.must("publish", "guard", "--json").json()
    assert (first["already"], again["already"]) == (False, True)
    assert again["metadata"] == first["metadata"]


def test_a_pack_under_another_name_is_refused(author: User) -> None:
    """A release is called what its policies' findings are called."""
    python(author)
    done = author("publish", "guard", "--name", "other", "--json")
    assert "the running pack calls itself 'guard', not other" in refused(done, "name-differs")
    assert nothing_published(author)


def test_metadata_that_cannot_be_is_refused(author: User) -> None:
    """Two policies of one name, and a name that cannot be spelled, would make configurations ambiguous."""
    directory = python(author, policy="p ")
    assert "the policy 'p '" in refused(author("publish", "guard", "--json"), "policy-name")
    main = directory / "__main__.py"
    main.write_text(main.read_text().replace("[policy]", "[policy, policy]"))
    assert "2 policies are called 'p '" in refused(author("publish", "guard", "--json"), "bad-metadata")
    assert nothing_published(author)


def test_a_pack_that_does_not_start_is_refused_with_what_it_wrote(author: User) -> None:
    """The author sees the traceback, and no way around it is offered; nothing was written."""
    python(author, before="__import__('no_such_module')")
    done = author("publish", "guard", "--json")
    assert "ModuleNotFoundError: No module named 'no_such_module'" in refused(done, "load-failed")
    assert "--no-run" not in done.out + done.err
    assert "guard/__main__.py" not in done.err, "the author's directory took no part"
    assert nothing_published(author)
    record = author.must("publish", "guard", "--no-run", "--json").json()
    assert record["metadata"] is None
    assert record["notes"] == ["published without running the pack: its policies are not in the record"]


def test_a_pack_that_reads_a_stack_when_it_is_loaded_hears_that_there_is_none(author: User) -> None:
    """The hint says where to read a stack's configuration instead."""
    python(author, before="import pulumi; pulumi.Config().require('owner')")
    done = author("publish", "guard", "--json")
    assert "there is no stack: read it inside the policies" in refused(done, "load-failed")


def test_without_opa_an_opa_pack_is_neither_checked_nor_published(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both say what to install; --no-run publishes it unseen, and says that."""
    monkeypatch.setenv("PATH", "/nowhere")
    write_pack(user.directory / "guard", "guard", "1.0.0")
    for command in ("check", "publish"):
        done = user(command, "guard")
        assert done.code == 10
        assert "opa is not on the PATH" in done.err and "hint: install OPA 1.6 or later" in done.err
    assert "the Rego files were not checked" in user.must("publish", "guard", "--no-run").err


@pytest.mark.usefixtures("opa")
def test_a_function_that_reaches_out_is_found_by_check_and_publish(user: User) -> None:
    """Rules may not reach the network; the pack stops here, and not when it judges."""
    rego = 'package guard\n\nimport rego.v1\n\ndeny contains "no" if http.send(input.a).body == "x"\n'
    write_pack(user.directory / "guard", "guard", "1.0.0", files={"policy.rego": rego})
    assert user("check", "guard").code == 7
    assert "http.send" in refused(user("publish", "guard", "--json"), "rego-unknown-function")


@pytest.mark.usefixtures("opa")
def test_a_function_that_another_analyzer_may_allow_is_warned_of(user: User) -> None:
    """With the operator's own analyzer, that one decides: `check` warns, and `publish` asks it."""
    rego = 'package guard\n\nimport rego.v1\n\ndeny contains "no" if http.send(input.a).body == "x"\n'
    write_pack(user.directory / "guard", "guard", "1.0.0", files={"policy.rego": rego})
    user.extra["PACKREG_OPA_ANALYZER"] = "no-such-analyzer"
    [warning] = user.must("check", "guard", "--json").json()["warnings"]
    assert warning["code"] == "rego-unknown-function"
    done = user("publish", "guard")
    assert done.code == 2
    assert "no-such-analyzer is not on the PATH" in done.err


def test_metadata_type_is_the_one_that_every_room_reads(author: User) -> None:
    """What was published is what a program reads from the record."""
    from packreg import open_registry
    from packreg.pack.reference import Reference

    python(author)
    author.must("publish", "guard")
    url = author.must("config", "--json").json()["location"]["url"]
    metadata = open_registry(url).resolve(Reference.parse("guard")).record.metadata
    assert isinstance(metadata, PackInfo)
    assert [policy.name for policy in metadata.policies] == ["p"]
