"""The oldest and the newest Python SDK that still install, and what they differ in."""

from __future__ import annotations

from pathlib import Path

import pytest

from packreg.analysis.evaluation import evaluate
from packreg.analysis.program import Stack
from tests.analysis.packs import buckets, install_sdk, python_source, runnable

PACK = """
    import pulumi
    from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

    # a pack may ask for its stack while it is loaded
    LOADED = f"{pulumi.get_project()}/{pulumi.get_stack()} {pulumi.Config('shop').require('limit')}"

    def resource(args, report):
        if args.props.get("raises"):
            raise ValueError("cannot")
        report(f"{args.name} {LOADED}")

    def stack(args, report):
        report(f"{len(args.resources)} resources")

    PolicyPack("any-sdk", [
        ResourceValidationPolicy("resource", "r", resource, EnforcementLevel.MANDATORY),
        ResourceValidationPolicy("healthy", "h", lambda args, report: None),
        StackValidationPolicy("stack", "s", stack),
    ], EnforcementLevel.ADVISORY)
"""


@pytest.mark.parametrize("version", ["1.3.0", "1.21.0"])
def test_a_pack_runs_with_the_sdk(version: str, tmp_path: Path) -> None:
    """Without ConfigureStack, policy types or Remediate the findings are the same; the stack is known."""
    python = install_sdk(tmp_path, f"pulumi-policy=={version}")
    config = Stack("dev", "shop", "acme", config={"shop:limit": "7"}, tags={"a": "b"})
    pack = runnable(python_source(tmp_path / "any-sdk", PACK), python=python, stack=config)
    [result] = evaluate(buckets("a", "b"), [pack]).packs
    assert result.errors == ()
    found = [(v.policy, v.level, v.message) for v in result.violations]
    assert found == [
        ("resource", "mandatory", "r\na shop/dev 7"),
        ("resource", "mandatory", "r\nb shop/dev 7"),
        ("stack", "advisory", "s\n2 resources"),
    ]
    types = {policy.type for policy in result.info.policies} if result.info else set()
    assert types == ({"unknown"} if version == "1.3.0" else {"resource", "stack"})

    [raised] = evaluate(buckets("a", raises=True), [pack]).packs
    assert [(e.policy, "cannot" in e.why) for e in raised.errors] == [("resource", True)]
    assert [v.policy for v in raised.violations] == ["stack"]
