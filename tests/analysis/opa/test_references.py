"""Rules that need themselves, unknown functions, and what of the input rules look at."""

from __future__ import annotations

import pytest

from packreg.analysis.opa.builtins import engine_builtins
from packreg.analysis.opa.references import input_keys, referred_rules
from tests.analysis.opa.packs import examined, rules_of


@pytest.mark.parametrize(
    "rules",
    [
        "f(x) = f(x)\ndeny[m] { m := f(1) }",
        "f(x) = y { y := f(x + 1) }\ndeny[m] { m := f(1) }",
        "deny[m] { m := warn[_] }\nwarn[m] { m := deny[_] }",
        "deny[m] { m := data.p.deny[_] }",
        'deny[m] { m := data["p"].deny[_] }',
        "deny[m] { x := input.name; m := data.p[x] }",
        "a { not b }\nb { not c }\nc { not a }\ndeny[m] { a; m := 1 }",
        "default a = false\na = [x | x := a]\ndeny[m] { m := a }",
    ],
)
def test_recursion_is_refused(rules: str) -> None:
    """OPA refuses rules that need themselves; this engine would exhaust its stack on some of them."""
    _, problems = examined({"a.rego": f"package p\n{rules}\n"})
    assert "rego-recursion" in {problem.code for problem in problems.errors}


def test_recursion_by_import_is_refused() -> None:
    """An import of the own package is another name for its rules."""
    source = "package p\nimport data.p.f as g\nf(x) = y { y := g(x) }\ndeny[m] { m := f(1) }\n"
    _, problems = examined({"a.rego": source})
    assert "rego-recursion" in {problem.code for problem in problems.errors}


def test_long_chains_are_no_recursion() -> None:
    """A thousand rules, each needing the next, are fine, and so is one needed twice."""
    chain = "".join(f"r{i} {{ r{i + 1}; r{i + 1} }}\n" for i in range(1000))
    _, problems = examined({"a.rego": f"package p\n{chain}r1000 {{ true }}\ndeny[m] {{ r0; m := 1 }}\n"})
    assert not problems.errors


@pytest.mark.parametrize(
    "call",
    [
        'crypto.sha256("a")',
        "io.jwt.decode(input.a)",
        "any([true])",
        "nosuch(1)",
        "data.lib.f(1)",
        "data.p.f(1)",
    ],
)
def test_unknown_functions_are_found_beforehand(call: str) -> None:
    """A function that neither the engine nor the pack has is an error with its place, wherever it stands."""
    source = f"package p\ndeny[m] {{\n  m := [x | x := {call}][0]\n}}\n"
    _, problems = examined({"a.rego": source})
    assert [(problem.code, problem.where) for problem in problems.errors] == [
        ("rego-unknown-function", "a.rego:3")
    ]


def test_known_functions_pass() -> None:
    """Built-ins, own functions, own ones by their full name and print are known."""
    rules_of(a='package p\nimport data.p.f\nf(x) = x\ndeny[m] { print("x"); m := data.p.f(f(upper("a"))) }\n')
    assert {"sprintf", "walk", "print", "regex.match"} <= engine_builtins()


@pytest.mark.parametrize(
    ("rules", "keys"),
    [
        ("deny[m] { m := input.a.b[input.c] }", {"a", "c"}),
        ('deny[m] { m := input["a"]; input.props.x }', {"a", "props"}),
        ("deny[m] { m := input }", None),
        ("deny[m] { m := input[input.a] }", None),
        ("deny[m] { walk(input, [_, m]) }", None),
        ("deny[m] { x := input.a; m := x.b with input as {} }", None),
        ("deny[m] { m := 1 }", set()),
    ],
)
def test_input_keys(rules: str, keys: set[str] | None) -> None:
    """The members that rules can look at are told only where nothing else can be meant."""
    assert input_keys(rules_of(a=f"package p\n{rules}\n").modules) == keys


def test_imports_of_the_input_count() -> None:
    """`import input.x` looks at x, `import input` at all of it."""
    assert input_keys(rules_of(a="package p\nimport input.x as y\ndeny[m] { m := y }\n").modules) == {"x"}
    assert input_keys(rules_of(a="package p\nimport input as i\ndeny[m] { m := i.a }\n").modules) is None


@pytest.mark.parametrize(
    ("rules", "referred"),
    [
        ('deny["a"]\nwarn["b"]', set()),
        ('deny["a"]\nwarn["b"] { count(deny) > 0 }', {"deny"}),
        ('deny["a"]\nwarn["b"] { data.p.deny[_] }', {"deny"}),
        ('deny["a"]\nwarn["b"] { x := data.config.k }', set()),
        ('deny["a"]\nwarn["b"] { x := data.p }', {"deny", "warn"}),
        ('deny["a"]\nwarn["b"] { x := data[input.k] }', {"deny", "warn"}),
    ],
)
def test_referred_rules(rules: str, referred: set[str]) -> None:
    """A rule is referred to by name, in full, or by anything that takes the package as a value."""
    pack, _ = examined({"a.rego": f"package p\n{rules}\n"})
    assert pack is not None
    assert referred_rules(pack.modules) == referred
