"""Leaving out rule bodies changes the time, never the result."""

from __future__ import annotations

import json
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.analysis.opa.dispatch import MAX_ENGINES, Dispatch
from packreg.analysis.opa.guard import guarded_engine
from packreg.analysis.opa.rules import RulePack
from tests.analysis.opa.packs import rules_of

RULES = """package p
deny["a"] { input.type == "a" }
deny["b"] { "b" == input.type; input.size > 1 }
deny[m] { input.type == "c"; input.kind.name == "x"; m := sprintf("%s", [input.size]) }
deny["also b"] { input.type = "b"; input.kind.name == "y" }
deny[m] { input["type"] == "a"; m := to_number(input.size) }
deny["two"] { input.type == "a"; input.type == "b" }
warn["x"] { input.kind.name == "x" }
warn["every"] { input.size == 2 }
violation["helped"] { is_a; input.type == "a" }
violation["y"] { input.type == "b"; input.kind.name == "y" }
is_a { input.type == "a" }
deny_seen["s"] { input.type == "a" }
deny_seen["t"] { input.type == "b" }
warn_sees["sees"] { count(deny_seen) == 0 }
deny_list = ["l"] { input.type == "a" }
warn_with["w"] { input.type == "a" with input.type as "a" }
warn_with["v"] { input.type == "a" with input.type as "a" }
"""

_INPUT = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["a", "b", "c", "d", "", 1, None, ["a"]]),
        "kind": st.sampled_from([{"name": "x"}, {"name": "y"}, {"name": None}, "x", {}, []]),
        "size": st.sampled_from([0, 2, "3", "many", None]),
    },
)


@cache
def _pack() -> RulePack:
    return rules_of(a=RULES)


@cache
def _dispatch() -> Dispatch:
    return Dispatch(_pack())


@cache
def _whole():  # type: ignore[no-untyped-def]
    return guarded_engine(_pack().modules)


@settings(max_examples=150, deadline=None)
@given(_INPUT)
def test_results_are_those_of_the_whole_pack(input: dict[str, object]) -> None:
    """For every input each policy has the value that all modules together give it."""
    engine, can = _dispatch().choose(input)
    engine.set_input(json.dumps(input))
    _whole().set_input_json(json.dumps(input))
    for rule in _pack().rules:
        wanted = json.loads(_whole().eval_rule_as_json(f"data.p.{rule.name}"))
        if can is not None and rule.name not in can:
            assert wanted == [], rule.name
        else:
            assert json.loads(engine.evaluate(rule.name)) == wanted, rule.name


def test_policies_that_cannot_hold_are_not_evaluated() -> None:
    """That is where the time is saved."""
    _, can = _dispatch().choose({"type": "elsewhere"})
    assert can is not None and "deny" not in can and "violation" not in can
    assert {"warn", "deny_seen", "warn_sees", "deny_list", "warn_with"} <= can
    _, can = _dispatch().choose({"type": "b"})
    assert can is not None and "deny" in can


def test_too_many_kinds_of_input_are_judged_by_the_whole_pack() -> None:
    """Memory stays bounded; the results stay right."""
    kinds = MAX_ENGINES + 10
    rules = "".join(f'deny["{i}"] {{ input.type == "t{i}" }}\n' for i in range(kinds))
    dispatch = Dispatch(rules_of(a=f"package p\n{rules}"))
    for index in range(kinds):
        engine, _ = dispatch.choose({"type": f"t{index}"})
        engine.set_input(json.dumps({"type": f"t{index}"}))
        assert json.loads(engine.evaluate("deny")) == [str(index)]


@pytest.mark.parametrize("early", [True, False])
def test_configuration_reaches_all_engines(early: bool) -> None:
    """Those that were made before, and those made after."""
    rules = 'deny[m] { input.type == "a"; m := data.config.deny.x }\ndeny[m] { input.type == "b"; m := 1 }\n'
    dispatch = Dispatch(rules_of(a=f"package p\n{rules}"))
    if early:
        dispatch.choose({"type": "a"})
    dispatch.configure({"deny": {"x": "new"}})
    engine, _ = dispatch.choose({"type": "a"})
    engine.set_input('{"type": "a"}')
    assert json.loads(engine.evaluate("deny")) == ["new"]
