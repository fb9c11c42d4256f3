"""What the real Pulumi CLI keeps in a self-managed backend is what we read there: tags, zstd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import cli_shell
from tests.e2e.governed import GOOD, OPEN, GovernedStack
from tests.e2e.user import FIXTURES, Pulumi, Shell, publish, with_registry


@pytest.fixture
def stack(registry: Shell, each_pulumi: Pulumi, tmp_path: Path) -> GovernedStack:
    """A stack with the guard, and a registry whose packs only stacks with the tag env=prod must run."""
    there = with_registry(registry, tmp_path)
    publish(there, FIXTURES / "opa-guard", tmp_path / "opa-guard")
    for mode in ("preventative", "audit"):
        there.must(f"packreg group new {mode} --mode {mode} --add-tag env=prod")
        there.must(f"packreg enable opa_guard@latest --group {mode}")
    shell = cli_shell(there, each_pulumi, tmp_path)
    code, guard = shell.answer("packreg guard --quiet")
    assert code == 0
    made = GovernedStack(shell, "shop", guard.strip())
    made.write(open=OPEN)
    shell.must("pulumi stack init dev --non-interactive")
    return made


def test_tags_decide_wherever_somebody_asks(stack: GovernedStack) -> None:
    """`pulumi stack tag set` makes the guard deny; each of our commands finds the stack in the group."""
    code, output = stack.up()
    assert code == 0 and "no policy pack is enforced" in output, output
    stack.plain.must("pulumi stack tag set env prod --stack dev")
    code, output = stack.up()
    assert code != 0 and "opa_guard@v" in output, output

    def answer(line: str) -> Any:
        code, out = stack.plain.answer(line)
        assert code in (0, 3), out
        return json.loads(out)

    for line in ("packreg why shop/dev", "packreg required shop/dev"):
        found = answer(f"{line} --json")
        assert found["tags"]["env"] == "prod"
        assert [len(mode["packs"]) for mode in found["modes"]] == [1, 1]
    [listed] = answer("packreg required --all --json")
    assert [len(mode["packs"]) for mode in listed["modes"]] == [1, 1]
    stack.plain.must("pulumi stack export --stack dev > state.json")
    assert answer("packreg enforce shop/dev --state state.json --json")["verdict"] == "denied"
    assert answer("packreg audit --all --json")["entities"][0]["verdict"] == "not-compliant"
    assert answer("packreg impact opa_guard --group audit --json")["summary"]["stacks"] == 1
    stack.plain.must("pulumi stack tag rm env --stack dev")
    assert answer("packreg audit --all --json")["entities"][0]["verdict"] == "nothing-required"


def test_a_backend_packed_with_zstd_is_read(stack: GovernedStack) -> None:
    """Checkpoints and the history of updates alike, and the newest form of a checkpoint counts."""
    stack.write(logs=GOOD)
    assert stack.up()[0] == 0
    stack.plain.must("pulumi stack tag set env prod --stack dev")
    stack.write(open=OPEN)
    packed = {"PULUMI_DIY_BACKEND_ZSTD": "true", "PULUMI_OPTION_POLICY_PACK": ""}
    code, output = stack.run("pulumi up --yes --non-interactive --stack dev", **packed)
    assert code == 0, output
    kept = Path(stack.shell.environment["PULUMI_BACKEND_URL"].removeprefix("file://")) / ".pulumi"
    assert (kept / "stacks" / "shop" / "dev.json.zst").read_bytes().startswith(b"\x28\xb5\x2f\xfd")
    code, output = stack.plain.answer("packreg audit --all --json")
    [found] = json.loads(output)["entities"]
    assert (code, found["verdict"]) == (0, "not-compliant"), output
    assert found["unguarded"], "the last update is in a packed history"
