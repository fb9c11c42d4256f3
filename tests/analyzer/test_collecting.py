"""A pack's replies become its findings, and no known secret comes out with them."""

from __future__ import annotations

import json
from pathlib import Path

from packreg.analyzer.evaluation import evaluate
from packreg.states.state import read_state
from tests.analyzer.packs import BUCKET, Sdks, python_source, runnable


def test_known_secrets_do_not_come_out(sdks: Sdks, tmp_path: Path) -> None:
    """A policy that writes a secret value into its message is heard, without the value."""
    source = """
        from pulumi_policy import PolicyPack, ResourceValidationPolicy

        def leak(args, report):
            report(f"the password is {args.props['password']}")
            raise RuntimeError(f"no: {args.props['password']}")

        def tell(args, report):
            report(f"it is {args.props['password']}")

        PolicyPack("leaks", policies=[
            ResourceValidationPolicy("leak", "d", leak), ResourceValidationPolicy("tell", "d", tell)])
    """
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    urn = f"urn:pulumi:dev::shop::{BUCKET}::b"
    inputs = {"password": {**secret, "plaintext": '"correct horse"'}}
    resource = {"urn": urn, "type": BUCKET, "custom": True, "id": "1", "inputs": inputs}
    state = {"version": 3, "deployment": {"resources": [resource]}}
    pack = runnable(python_source(tmp_path / "leaks", source), python=sdks.python)
    result = evaluate(read_state(json.dumps(state).encode(), "state.json"), [pack]).packs[0]
    assert [v.message for v in result.violations] == ["d\nit is [secret]"]
    assert "no: [secret]" in result.errors[0].why
    assert "horse" not in repr(result)
