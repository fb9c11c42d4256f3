"""A running opa: stopped when it takes too long, and its end is never a pass."""

from __future__ import annotations

import pytest

from packreg.opa.judge import (
    OpaVerdict,
    PolicyFailure,
)
from packreg.opa.program import OpaFailure
from packreg.opa.service import TookTooLong
from tests.opa.packs import judge_of, messages
from tests.opa.resources import DEMO, bucket


def test_a_rule_that_runs_for_ever_takes_no_other_with_it() -> None:
    """The first resources are answered, the endless one is stopped, and what follows is judged again."""
    with judge_of(
        'deny["m"] { input.slow; numbers.range(1, 100000)[_] + numbers.range(1, 100000)[_] < 0 }'
    ) as judge:
        resources = [bucket(f"b{number}", slow=number == 3) for number in range(6)]
        outcomes = [
            outcome for outcome in judge.resources(resources, seconds=6) if isinstance(outcome, OpaVerdict)
        ]
        assert 0 < len(outcomes) <= 3
        with pytest.raises(TookTooLong):
            judge.resources([resources[3]], seconds=0.5)
        assert messages(judge, resources[4]) == []


def test_when_opa_is_gone_it_is_said() -> None:
    """Never a pass."""
    with judge_of('deny["m"]') as judge:
        judge._service._process.kill()
        with pytest.raises(OpaFailure, match=r"opa gave no answer: .*signal 9"):
            judge.resources([DEMO[0]])


def test_an_answer_that_is_too_large_is_not_read() -> None:
    """A policy that says more than 64 MiB of one resource is an error of it; the others are judged."""
    doubled = "\n".join(f'x{n + 1} := concat("", [x{n}, x{n}])' for n in range(16))
    rules = f'x0 := "{"y" * 1024}"\n{doubled}\ndeny[x16] {{ input.acl == "public" }}'
    with judge_of(rules) as judge:
        [good] = judge.resources([bucket("a", acl="private")])
        [bad] = judge.resources([bucket("b", acl="public")], seconds=600)
    assert good == OpaVerdict() and isinstance(bad, PolicyFailure)
    assert "'deny' cannot be evaluated: the answer takes more than 64 MiB" in str(bad)
