"""A pack while it judges: configured, started again when it breaks, and given up."""

from __future__ import annotations

import json
from pathlib import Path

from packreg.analyzer.evaluation import evaluate
from packreg.states.resources import read_resources
from tests.analyzer.packs import BUCKET, Sdks, python_source, runnable, short

CRASHES = """
    import os
    from pulumi_policy import PolicyPack, ResourceValidationPolicy, StackValidationPolicy

    def crash(args, report):
        if args.props.get("crash"):
            os._exit(3)
        report(args.name)

    PolicyPack("crashes", policies=[
        ResourceValidationPolicy("crash", "d", crash),
        StackValidationPolicy("stack", "d", lambda args, report: None),
    ])
"""


def test_a_pack_that_crashes_too_often_is_given_up(sdks: Sdks, tmp_path: Path) -> None:
    """After three restarts the pack is not started again; what it did not judge is counted as not judged."""
    lines = [
        json.dumps({"type": BUCKET, "name": f"b{n}", "properties": {"crash": n in (2, 5, 8)}})
        for n in range(12)
    ]
    snapshot = read_resources("\n".join(lines).encode(), "resources.jsonl")
    pack = runnable(python_source(tmp_path / "crashes", CRASHES), python=sdks.python)
    [result] = evaluate(snapshot, [pack], in_flight=1).packs
    assert [short(v.urn) for v in result.violations] == ["b0", "b1", "b3", "b4"]
    first, given_up = result.errors
    assert (first.code, short(first.urn)) == ("crashed", "b2")
    assert (given_up.code, given_up.resources) == ("stopped", 7)
    assert "given up after it was restarted 3 times" in given_up.why
    assert "7 of 12 resources were not judged and the stack was not judged" in given_up.why
    policy, stack = result.policies
    assert (policy.failed, policy.errors, policy.passed) == (4, 8, 0)
    assert (stack.errors, stack.passed) == (1, 0)
    assert result.restarts == 3
