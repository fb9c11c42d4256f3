"""Updates of the real Pulumi CLI that go past the guard are found by the next audit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import cli_shell
from tests.e2e.governed import GOOD, OPEN, GovernedStack
from tests.e2e.user import FIXTURES, Pulumi, Shell, publish, with_registry


@pytest.fixture
def stack(registry: Shell, each_pulumi: Pulumi, tmp_path: Path) -> GovernedStack:
    """A stack with the guard, which must pass an OPA pack; nothing is audited but the guard's work."""
    there = with_registry(registry, tmp_path)
    publish(there, FIXTURES / "opa-guard", tmp_path / "opa-guard")
    there.must("packreg enable opa_guard@1.0.0 --yes")
    shell = cli_shell(there, each_pulumi, tmp_path)
    code, guard = shell.answer("packreg guard --quiet")
    assert code == 0
    made = GovernedStack(shell, "shop", guard.strip())
    made.write(open=GOOD)
    shell.must("pulumi stack init dev --non-interactive")
    return made


def findings(stack: GovernedStack) -> list[str]:
    """What an audit finds, `policy: message`, the oldest first; it fails if there is anything."""
    code, output = stack.plain.answer("packreg audit --all --fail-on past-the-guard --json")
    count = json.loads(output)["summary"]["past_the_guard"]
    assert code == (3 if count else 0), output
    code, output = stack.plain.answer("packreg findings ls --pack packreg --json")
    found = [f"{each['policy']}: {each['message']}" for each in json.loads(output)] if count else []
    assert len(found) == count
    return found


def test_updates_past_the_guard_are_found(stack: GovernedStack, tmp_path: Path) -> None:
    """With the guard nothing is found, without it each update is, and what a history loses, too."""
    assert stack.up()[0] == 0
    stack.write(open=OPEN)
    code, output = stack.up()
    assert code != 0, output
    code, output = stack.up("--skip-preview")
    assert code != 0, output
    assert findings(stack) == []
    stack.plain.must("pulumi refresh --yes --non-interactive --stack dev")
    assert findings(stack) == []
    stack.plain.must("pulumi up --yes --non-interactive --stack dev")  # nobody set the variable
    [found] = findings(stack)
    assert found.startswith("past-the-guard: The update that ended at") and "no report of the guard" in found
    stack.write(open=GOOD)
    assert stack.up()[0] == 0
    assert len(findings(stack)) == 1, "a later update with the guard mends nothing"
    history = tmp_path / "backend" / ".pulumi" / "history" / "shop" / "dev"
    shutil.rmtree(history)
    found = findings(stack)[-1]
    assert [each.partition(":")[0] for each in findings(stack)] == ["history-lost", "past-the-guard"], found


def test_policy_exceptions_do_not_hide_an_update(stack: GovernedStack, tmp_path: Path) -> None:
    """Where the engine lets pass what the guard denied, the guard's own report says that it was denied."""
    stack.write(open=OPEN)
    urn = "urn:pulumi:dev::shop::demo:index:Bucket::open"
    names = ["deny_public_acl"]
    match = [{"policies": [name], "targets": [urn]} for name in names]
    exceptions = {"E-1": {"reason": "because", "match": match}}
    (tmp_path / "exceptions.json").write_text(json.dumps({"version": 2, "exceptions": exceptions}))
    code, output = stack.up(f"--policy-pack-config {tmp_path / 'exceptions.json'}")
    found = findings(stack)
    assert code != 0 or any("although the guard denied it" in each for each in found), (output, found)
