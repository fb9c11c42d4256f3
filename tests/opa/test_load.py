"""A pack's files, and what is wrong with them."""

from __future__ import annotations

import pytest

from tests.opa.packs import judging, messages
from tests.opa.resources import DEMO


@pytest.mark.parametrize(
    "rules", ['deny = "text"', "deny { true }", 'deny = {"a": 1}', 'deny[x] = 1 { x := "a" }']
)
def test_values_that_are_no_sets_are_warned_of_once(rules: str) -> None:
    """As in Pulumi's analyzer they are no violation; unlike there it is said."""
    said: list[str] = []
    with judging({"a.rego": f"package p\n{rules}\n".encode()}, said=said) as judge:
        for _ in range(3):
            assert messages(judge, DEMO[0]) == []
    assert len(said) == 1 and said[0].startswith("warning[opa/not-a-set] a.rego:2: the policy deny")
