"""The GitHub Action: bash runs its steps as a runner would, with the inputs that a job gives."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import User
from tests.cli.conftest import user as user  # a fixture
from tests.cli.governed import GUARD, write_stack
from tests.pages import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
_INPUT = re.compile(r"\$\{\{ inputs\.([a-z]+) \}\}")
_WANTED = re.compile(r"contains\(format\(' \{0\} ', inputs\.commands\), ' ([a-z]+) '\)")


class Job:
    """A job in `directory` of a user, on a runner whose temporary directory is `temp`."""

    def __init__(self, user: User, action: Path, temp: Path) -> None:
        self.user, self.action, self.temp = user, action, temp
        self.variables = user.top / "github-env"
        self.variables.touch()

    def run(self, *, install: bool = False, **inputs: str) -> dict[str, tuple[int, str]]:
        """The steps that run with these inputs, by name: exit code and output, until one fails."""
        given = {name: str(said["default"]) for name, said in ACTION["inputs"].items()} | inputs
        ended: dict[str, tuple[int, str]] = {}
        for step in STEPS if install else STEPS[1:]:
            condition = step.get("if", "")
            wanted = _WANTED.search(condition)
            if "run" not in step or (wanted and f" {wanted[1]} " not in f" {given['commands']} "):
                continue
            if condition == "inputs.registry != ''" and not given["registry"]:
                continue
            assert not condition or wanted or condition == "inputs.registry != ''", condition
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
                cwd=self.user.directory,
                env=self._environment(step.get("env", {}), given),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
            )
            ended[step["name"]] = done.returncode, done.stdout
            if done.returncode:
                break
        return ended

    def _environment(self, of_step: dict[str, str], given: dict[str, str]) -> dict[str, str]:
        path = self.temp / "github-path"
        environ = self.user.environ | {"GITHUB_PATH": str(path), "GITHUB_ENV": str(self.variables)}
        kept = re.findall(r"^(\w+)<<(\S+)\n(.*?)\n\2$", self.variables.read_text(), re.DOTALL | re.MULTILINE)
        environ |= {name: value for name, _, value in kept}
        if path.exists():
            environ["PATH"] = os.pathsep.join([*path.read_text().split(), environ["PATH"]])
            del environ["PYTHONPATH"]  # from here on packreg is what was installed
        for name, value in of_step.items():
            said = value.replace("${{ github.action_path }}", str(self.action))
            said = said.replace("${{ runner.temp }}", str(self.temp))
            environ[name] = _INPUT.sub(lambda found: given[found[1]], said)
            assert "${{" not in environ[name], f"what is {value}?"
        return environ


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The action's checkout, and a runner's temporary directory in which its first step installed packreg.

    What packreg needs is what the tests have: pip finds it on the path, and packreg by a .pth file.
    """
    top = tmp_path_factory.mktemp("action")
    action, temp = top / "packreg", top / "temp"
    for place in (action, temp, top / "work", top / "user"):
        place.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "action.yml"):
        shutil.copy(ROOT / name, action)
    shutil.copytree(ROOT / "src", action / "src", ignore=shutil.ignore_patterns("__pycache__"))
    user = User(top / "work", top, pytest.CaptureFixture, pytest.MonkeyPatch())  # type: ignore[arg-type]
    ended = Job(user, action, temp).run(install=True, commands="", python=sys.executable)
    assert ended == {"Install packreg": (0, "")}
    [packages] = (temp / "packreg").glob("lib/python*/site-packages")
    (packages / "tests.pth").write_text("\n".join(p for p in sys.path if p.endswith("site-packages")))
    return action, temp


@pytest.fixture
def job(user: User, runner: tuple[Path, Path]) -> Job:
    """A job in an empty workspace."""
    return Job(user, *runner)


@pytest.mark.usefixtures("opa")
def test_a_pack_is_checked_tested_and_published(job: Job) -> None:
    """packreg comes from the action's own checkout, and the steps that were asked for run in order."""
    job.user.must("new", "opa", "guard", "-q")
    registry = str(job.user.top / "my registry")
    job.user.must("--registry", registry, "init", "-q")
    ended = job.run(commands="publish test check", directory="guard", registry=registry)
    steps = ["Name the registry", "Check the pack", "Test the pack", "Publish the pack"]
    assert [*ended] == steps and {code for code, _ in ended.values()} == {0}, ended
    assert "passed: 2 passed" in ended["Test the pack"][1]
    assert [*(Path(registry) / "packs").iterdir()]
    [scripts] = (job.temp / "github-path").read_text().split()
    assert Path(scripts, "packreg").read_text().startswith(f"#!{scripts}/python")
    assert job.run(commands="check", directory="nowhere")["Check the pack"][0] == 2


@pytest.mark.usefixtures("opa")
def test_an_audit_leaves_findings_for_code_scanning(job: Job) -> None:
    """Violations do not fail the job; they are in the file that the last step uploads."""
    user, pack = job.user, job.user.top / "guard"
    user.extra["PACKREG_REGISTRY"] = str(user.top / "registry")
    user.must("init", "-q")
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: opa\nversion: 1.0.0\n")
    (pack / "policy.rego").write_text(GUARD)
    user.must("publish", pack, "-q")
    user.must("group", "new", "audits", "--mode", "audit", "--add-stack", "shop/prod")
    user.must("enable", "guard@1.0.0", "--group", "audits")
    write_stack(user.top / "states", "shop", "prod", {"logs": {"acl": "public"}})
    given = {"commands": "audit", "backend": (user.top / "states").as_uri()}
    for chosen in ("", "shop/prod"):
        ended = job.run(**given, stacks=chosen)
        assert ended["Audit stacks"][0] == 0, ended
        results = json.loads((user.directory / "packreg.sarif").read_text())["runs"][0]["results"]
        assert {found["ruleId"].rpartition(":")[2].rpartition("/")[2] for found in results} >= {"deny_open"}
    refused = job.run(**given, stacks="--registry=elsewhere")["Audit stacks"]
    assert refused == (2, "error: '--registry=elsewhere' is no stack\n")
    assert job.run(**given, stacks="shop/none")["Audit stacks"][0] != 0


def test_nothing_that_a_job_gives_becomes_part_of_a_script() -> None:
    """Inputs reach scripts as variables only, packreg by no name, and other actions at a version."""
    for step in STEPS:
        assert "${{" not in step.get("run", ""), step["name"]
        assert step.get("shell", "bash") == "bash" and ("run" in step) == ("shell" in step)
        assert "run" in step or re.fullmatch(r"[\w./-]+@v[0-9]+", step["uses"])
        assert not re.search(r"pip install(?! --quiet \"\$ACTION\")", step.get("run", ""))
        used = {*re.findall(r"inputs\.([a-z]+)", str(step))}
        assert used <= ACTION["inputs"].keys()
    assert {*re.findall(r"inputs\.([a-z]+)", str(STEPS))} == ACTION["inputs"].keys()


def test_it_is_what_github_takes_for_an_action() -> None:
    """The keys are those of GitHub's metadata syntax for composite actions, and no others."""
    assert ACTION.keys() == {"name", "description", "inputs", "runs"}
    assert ACTION["runs"]["using"] == "composite" and ACTION["runs"].keys() == {"using", "steps"}
    for said in ACTION["inputs"].values():
        assert said.keys() == {"description", "default"} and all(isinstance(v, str) for v in said.values())
    for step in STEPS:
        assert step.keys() <= {"name", "if", "shell", "env", "run", "uses", "with"}
