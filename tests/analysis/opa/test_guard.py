"""Guards: built-in functions that fail are undefined, and nothing else changes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.analysis.opa.builtins import engine_builtins
from packreg.analysis.opa.engine import Engine, EngineFailure
from packreg.analysis.opa.guard import guarded_engine, guarded_source, plain_engine
from tests.analysis.opa.packs import rules_of


def evaluate(rules: str, input: object) -> object:
    """The value of deny, or "<undefined>"."""
    pack = rules_of(a=f"package p\n{rules}\n")
    engine = Engine(pack.package, plain_engine(pack.modules), lambda: guarded_engine(pack.modules))
    engine.configure({})
    engine.set_input(json.dumps(input))
    return json.loads(engine.evaluate("deny"))


def guarded(body: str) -> str:
    """A body with guards."""
    (module,) = rules_of(a=f"package p\ndeny[m] {{ {body} }}\n").modules
    text = guarded_source(module, engine_builtins(), set(), operators=True)
    return text.split("{ ", 1)[1].rsplit(" }", 1)[0].replace("data.packreg_guard.", "§")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("m := to_number(input.a)", "m := §call_to_number_1(input.a)"),
        ("m := input.a / 2", "m := §divide(input.a , 2)"),
        ("m := (input.a + 1) * (2 - 1)", "m := §multiply((§add(input.a , 1)) , (§subtract(2 , 1)))"),
        ('m := "a" + 1 - 2', 'm := §subtract(§add("a" , 1) , 2)'),
        ('m := 1 - "}é"', 'm := §subtract(1 , "}é")'),
        ('m := {"a"} | {"b"} & {"c"}', 'm := §union({"a"} , §intersection({"b"} , {"c"}))'),
        ("m := -input.a", "m := §negate(input.a)"),
        ("m := upper(lower(`a`))", "m := §call_upper_1(§call_lower_1(`a`))"),
        ("m := count({1, 2} - {1})", "m := §call_count_1(§subtract({1, 2} , {1}))"),
        ("[m, _] := walk(input.a)", "[m, _] := §call_walk_1(input.a)[_]"),
        ('m := input["a-b"] - 1', 'm := §subtract(input["a-b"] , 1)'),
        ("m := 3 # 1 / 0\n", "m := 3 # 1 / 0\n"),
    ],
)
def test_guards_stand_where_calls_and_operators_are(body: str, text: str) -> None:
    """Nested, in parentheses, beside texts: the rewritten source is exactly the meant one."""
    assert guarded(body) == text


@pytest.mark.parametrize(
    ("rules", "value"),
    [
        ('deny[m] { m := to_number(input.s) }\ndeny["other"]', ["other"]),
        ('deny["x"] { not bad }\nbad { to_number(input.s) > 1 }', ["x"]),
        ("deny[m] { m := [y | y := to_number(input.l[_])] }", [[1, 3]]),
        ('deny[m] { m := f(input.s) }\nf(x) = y { y := to_number(x) } else = "else" { true }', ["else"]),
        (
            'deny["x"] { 1 / input.z > 0 }\ndeny["y"] { 6 % 4 == 2; 5.5 % 2 == 1 }\n'
            'deny["z"] { 7 % 4 == 3; not g }\ng { 1 % 0 }',
            ["z"],
        ),
        ("deny[m] { x := upper(input.l[_]); m := x }", ["1", "A", "3"]),
        ("deny = x { x := to_number(input.s) }", "<undefined>"),
        ('default deny = "d"\ndeny = x { x := to_number(input.s) }', "d"),
        ("deny[m] { count(input.z, m) }", "fails"),
    ],
)
def test_failing_builtins_are_undefined(rules: str, value: object) -> None:
    """As in OPA: a failing expression is no value, and everything around it goes on."""
    input = {"s": "abc", "l": ["1", "a", "3"], "z": 0}
    if value == "fails":
        with pytest.raises(EngineFailure):
            evaluate(rules, input)
    elif isinstance(value, list):
        found = evaluate(rules, input)
        assert isinstance(found, list) and sorted(map(str, found)) == sorted(map(str, value))
    else:
        assert evaluate(rules, input) == value


def test_own_functions_are_not_taken_for_builtins() -> None:
    """A function of the pack that is called as a built-in one is the pack's."""
    assert evaluate("upper(x) = y { y := [x] }\ndeny[m] { m := upper(1) }", {}) == [[1]]


def test_sets_of_objects_pass_through_guards() -> None:
    """Arguments need not have a form outside of Rego."""
    rules = 'deny[m] { x := {{"a": 1}, {"b": {2}}}; m := count(x); not to_number("x") }'
    assert evaluate(rules, {}) == [2]


_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text('ab1 "\\\n{}é', max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=6,
)
_CALLS = [
    "upper(input.a)",
    "count(input.a)",
    "concat(input.a, input.b)",
    "input.a + input.b",
    "input.a / input.b",
    "input.a - input.b",
    "to_number(input.a)",
    "max(input.a)",
    "object.get(input.a, input.b, 1)",
    "split(input.a, input.b)",
    "array.concat(input.a, input.b)",
    "json.unmarshal(input.a)",
    "sort(input.a)",
]


@cache
def _engines() -> tuple[Any, Any]:
    pack = rules_of(a="package p\n" + "".join(f"deny_{i}[m] {{ m := {c} }}\n" for i, c in enumerate(_CALLS)))
    return plain_engine(pack.modules), guarded_engine(pack.modules)


@settings(max_examples=60, deadline=None)
@given(_VALUE, _VALUE)
def test_guarded_and_plain_agree_where_nothing_fails(a: object, b: object) -> None:
    """For all values: what the plain engine can evaluate is the same with guards; the rest is undefined."""
    text = json.dumps({"a": a, "b": b})
    plain, safe = _engines()
    plain.set_input_json(text)
    safe.set_input_json(text)
    for index in range(len(_CALLS)):
        path = f"data.p.deny_{index}"
        try:
            wanted = plain.eval_rule_as_json(path)
        except RuntimeError:
            wanted = "[]"
        assert safe.eval_rule_as_json(path) == wanted, _CALLS[index]
