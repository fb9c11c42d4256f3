"""`doctor` says beforehand which programs required packs need, and whether they are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import User


@pytest.fixture
def governed(user: User) -> User:
    """Somebody whose groups require two OPA packs and one of Node.js, and whose PATH has neither program."""
    user.publish("guard", "1.0.0")
    user.publish("guard", "1.1.0")
    user.publish("limits", "2.0.0")
    names = user.top / "packs" / "names"
    names.mkdir()
    (names / "PulumiPolicy.yaml").write_text("runtime: nodejs\n")
    dependencies = {"@pulumi/policy": "^1.20.0"}
    package = {"name": "names", "version": "3.0.0", "main": "index.js", "dependencies": dependencies}
    (names / "package.json").write_text(json.dumps(package))
    start = 'const { PolicyPack } = require("@pulumi/policy");\nnew PolicyPack("names", { policies: [] });\n'
    (names / "index.js").write_text(start)
    user.must("publish", names, "--no-run", "--no-lock", "--quiet")
    user.must("enable", "guard@1.0.0", "--yes", "--quiet")
    user.must("group", "new", "prod", "--add-stack", "*/prod", "--quiet")
    user.must("enable", "guard@^1", "--group", "prod", "--quiet")
    user.must("enable", "limits@2.0.0", "--group", "prod", "--quiet")
    user.must("enable", "names@3.0.0", "--group", "prod", "--quiet")
    user.extra["PATH"] = str(user.top / "no-programs")
    return user


def checks(user: User) -> dict[str, dict[str, Any]]:
    """What `doctor` says, by topic."""
    found = user.must("doctor", "--no-probe", "--json").json()
    assert found["ok"] == all(check["level"] != "fail" for check in found["checks"])
    return {check["topic"]: check for check in found["checks"]}


def old_opa(place: Path) -> Path:
    """A program that says it is an OPA of long ago."""
    place.mkdir()
    program = place / "opa"
    program.write_text("#!/bin/sh\necho Version: 0.70.0\n")
    program.chmod(0o755)
    return program


def test_programs_that_required_packs_need(governed: User) -> None:
    """A program that is missing for packs of any group is a failure that names them; else it is a warning."""
    found = checks(governed)
    assert found["opa"]["level"] == found["node"]["level"] == found["npm"]["level"] == "fail"
    packs = "3 required packs (guard@1.0.0, guard@1.1.0, limits@2.0.0)"
    assert found["opa"]["message"] == f"not found, and {packs} need it"
    assert found["node"]["message"] == "not found, and 1 required pack (names@3.0.0) needs it"
    assert "tools.opa" in found["opa"]["fix"] and "cache import" in found["opa"]["fix"]
    governed.must("disable", "names", "--group", "prod", "--yes", "--quiet")
    assert checks(governed)["node"]["level"] == "warn"


def test_a_program_that_is_there(governed: User, opa: str) -> None:
    """Its version, its path and the packs that need it are shown, and one that is too old does not do."""
    governed.extra["PATH"] = str(Path(opa).parent)
    check = checks(governed)["opa"]
    assert check["level"] == "ok" and check["message"].startswith("Version: ")
    assert f"at {opa}; 3 required packs (" in check["message"]
    governed.extra["PATH"] = str(old_opa(governed.top / "old").parent)
    check = checks(governed)["opa"]
    assert check["level"] == "fail" and "is OPA 0.70.0; at least " in check["fix"]


def test_an_operators_analyzer_stands_for_opa(governed: User) -> None:
    """Where another analyzer judges OPA packs, a missing opa is in the way of `check` only."""
    governed.extra["PACKREG_OPA_ANALYZER"] = "/bin/true"
    found = checks(governed)
    assert (found["opa_analyzer"]["level"], found["opa"]["level"]) == ("ok", "warn")
    governed.extra["PACKREG_OPA_ANALYZER"] = "no-such-analyzer"
    assert checks(governed)["opa_analyzer"]["level"] == "fail"


def test_a_setting_that_names_no_program(governed: User) -> None:
    """It fails that check, and the others are still looked at."""
    config = governed.top / "user" / ".config" / "packreg" / "packreg.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[tools]\nopa = "no-such-opa"\n')
    found = checks(governed)
    assert found["opa"]["level"] == "fail" and "no-such-opa" in found["opa"]["message"]
    assert {"git", "pulumi", "node"} <= found.keys()


def test_a_required_pack_that_no_python_can_run(governed: User) -> None:
    """It is a failure that names the pack and both versions, before a deployment needs it."""
    directory = governed.top / "ahead"
    directory.mkdir()
    (directory / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
    (directory / "__main__.py").write_text("from pulumi_policy import PolicyPack\nPolicyPack('ahead', [])\n")
    (directory / "pyproject.toml").write_text(
        '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.40"\n'
        'dependencies = ["pulumi-policy>=1,<2"]\n'
    )
    governed.must("publish", directory, "--no-run", "--no-lock", "--quiet")
    governed.must("enable", "ahead@1.0.0", "--yes", "--quiet")
    found = [
        each
        for each in governed("doctor", "--no-probe", "--json").json()["checks"]
        if each["topic"] == "python"
    ]
    assert [each["level"] for each in found] == ["ok", "fail"]
    assert "ahead@1.0.0 requires Python >=3.40, and what there is" in found[1]["message"]
