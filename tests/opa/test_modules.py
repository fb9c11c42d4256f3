"""Reading Rego files with `opa`: what they hold, and what it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from packreg.opa.modules import Module, Staged, input_keys, read_modules
from packreg.opa.service import private_folder
from packreg.pack.problems import Problems
from tests.opa.expressions import REFUSED_BY_OPA
from tests.opa.packs import examined, rules_of

GOOD = "package p\n\ndeny[m] { m := input.a }\n"


def codes(files: dict[str, str | bytes]) -> list[tuple[str, str]]:
    """(code, where) of every error."""
    return [(problem.code, problem.where) for problem in examined(files)[1].errors]


def parsed(opa: str, source: str) -> Module:
    """The one module of x.rego."""
    problems = Problems()
    with private_folder() as folder:
        [module] = read_modules(Staged(opa, Path(folder), {"x.rego": source.encode()}), problems)
    assert not problems.errors
    return module


def test_heads_say_what_a_rule_makes(opa: str) -> None:
    """Names, kinds and lines of all rules are found, also of Rego v1 by import."""
    module = parsed(
        opa,
        "package a.b\nimport future.keywords.contains\nimport future.keywords.if\n"
        'set1["x"]\nset2 contains "x" if { input.a }\nobj[x] = 1 { x := input.b }\nfn(x) = x\nval = 3\n'
        "flag { input.c }\ndefault flag = false\nq.r = 1\n",
    )
    assert module.package == ("a", "b")
    assert [(head.name, head.kind, head.line) for head in module.rules] == [
        ("set1", "set", 4),
        ("set2", "set", 5),
        ("obj", "object", 6),
        ("fn", "function", 7),
        ("val", "value", 8),
        ("flag", "value", 9),
        ("flag", "default", 10),
        ("q.r", "object", 11),
    ]


@pytest.mark.parametrize(
    ("source", "code", "where"),
    [
        ("package p\n\ndeny[m] { m := }\n", "rego-syntax", "dir/x.rego:3"),
        ("deny[m] { true }\n", "rego-syntax", "dir/x.rego:1"),
        ("", "rego-syntax", "dir/x.rego"),
        (b'package p\ndeny["\xff"]\n', "rego-syntax", "dir/x.rego:2"),
        ("package p\na = " + "[" * 200_000, "rego-syntax", "dir/x.rego:2"),
        ('package p\ndeny[m] { m := concat(",") }\n', "rego-type-error", "dir/x.rego:2"),
        ('package p\ndeny["m"] { startswith(1, "a") }\n', "rego-type-error", "dir/x.rego:2"),
        ('package p\ndeny["m"] { not input.x[i] == 1 }\n', "rego-unsafe-var-error", "dir/x.rego:2"),
        ("package p\nf(x) = f(x)\ndeny[m] { m := f(1) }\n", "rego-recursion", "dir/x.rego:2"),
        ("package p\ndeny[m] { m := nothing_like_it(1) }\n", "rego-unknown-function", "dir/x.rego:2"),
        ('package p\ndeny["a"]\ndeny = "b"\n', "rego-type-error", "dir/x.rego:2"),
        ("package p\n# METADATA\n# title: [\ndeny[1]\n", "rego-syntax", "dir/x.rego:3"),
        ("package p\ndefault deny = 1\ndefault deny = 2\n", "rego-type-error", "dir/x.rego:2"),
    ],
)
def test_what_opa_refuses_is_refused(source: str | bytes, code: str, where: str) -> None:
    """With its place in the pack's own words, whatever kind of fault it is."""
    assert (code, where) in codes({"dir/x.rego": source, "y.rego": GOOD})


@pytest.mark.parametrize("expression", REFUSED_BY_OPA)
def test_calls_with_arguments_of_another_type_are_refused(expression: str) -> None:
    """OPA's type checker sees that they can never give a value."""
    assert codes({"a.rego": f"package p\ndeny[m] {{ m := {expression} }}\n"}) == [
        ("rego-type-error", "a.rego:2")
    ]


@pytest.mark.parametrize(
    "call",
    [
        'http.send({"method": "get", "url": "http://localhost"})',
        'net.lookup_ip_addr("localhost")',
        "opa.runtime()",
        'json.match_schema({}, {"$ref": "http://localhost/"})',
        'json.verify_schema({"$ref": "file:///etc/passwd"})',
        "{x | x := 1 with http.send as f}",
    ],
)
def test_functions_that_reach_out_are_refused(call: str) -> None:
    """Network, files and environment are closed to rules, however they ask for them."""
    found = codes({"a.rego": f"package p\nf(x) = x\ndeny[m] {{ m := {call} }}\n"})
    assert [where for _, where in found] == ["a.rego:3"]


def test_an_operator_may_allow_functions(opa: str) -> None:
    """Those that are named, and no others."""
    files = {"a.rego": b"package p\ndeny[m] { m := opa.runtime() }\n"}
    with private_folder() as folder:
        assert Staged(opa, Path(folder), files, ["opa.runtime"]).check() == []
    with private_folder() as folder:
        assert Staged(opa, Path(folder), files, ["http.send"]).check() != []


@pytest.mark.parametrize(
    "schema",
    [
        "{$ref: 'http://127.0.0.1:9/x'}",
        "{$ref: 'file://%s'}",
        "{$ref: '%s'}",
        '{"\\u0024ref": "file://%s"}',
        "{properties: {a: {allOf: [{type: object}, {$ref: 'file://%s#/properties/a'}]}}}",
        "{$id: 'file://%s', $ref: '#/definitions/a', definitions: {a: {type: object}}}",
    ],
)
@pytest.mark.parametrize("scope", ["rule", "document", "package", "subpackages"])
def test_a_schema_that_a_comment_names_is_not_read(tmp_path: Path, scope: str, schema: str) -> None:
    """OPA would read it while it checks, from the network or the disk: here nobody opens it."""
    named = tmp_path / "schema.json"
    os.mkfifo(named)  # whoever opens it waits
    comment = f"# METADATA\n# scope: {scope}\n# schemas:\n#   - input: {schema.replace('%s', str(named))}\n"
    head, rule = "package p\n", 'deny["m"] { input.a == 1 }\n'
    source = comment + head + rule if "package" in scope else head + comment + rule
    problems = examined({"a.rego": source, "b.rego": GOOD, "c.rego": "package p\nx := input.q"})[1]
    [problem] = problems.errors
    assert problem.code == "rego-schema-reference"
    assert problem.where == ("a.rego:1" if "package" in scope else "a.rego:2")


def test_a_schema_in_a_comment_counts() -> None:
    """One that is whole is held against the rules by OPA, also with references within itself."""
    comment = "# METADATA\n# schemas:\n#   - input: {$ref: '#/definitions/a', definitions: {a: {%s}}}\n"
    properties = "type: object, properties: {id: {type: string}}, additionalProperties: false"
    source = f'package p\n{comment % properties}deny["m"] {{ input.%s == "1" }}\n'
    assert not examined({"a.rego": source % "id"})[1].errors
    [problem] = examined({"a.rego": source % "zz"})[1].errors
    assert problem.message == "undefined ref: input.zz"


def test_rego_v1_without_its_import_is_told_the_way() -> None:
    """Pulumi's analyzer reads such a file as Rego v0 and fails; one line mends it."""
    source = 'package p\ndeny contains "m" if { input.x }\n'
    [problem] = examined({"a.rego": source})[1].errors
    assert (problem.code, problem.where) == ("rego-v1", "a.rego:2")
    assert "import rego.v1" in problem.hint
    mended = source.replace("package p\n", "package p\nimport rego.v1\n")
    assert not examined({"a.rego": mended})[1].errors


def test_packages_must_agree() -> None:
    """Every file of another package is named, tests too: Pulumi's analyzer loads none of them then."""
    found = codes({"a.rego": GOOD, "b_test.rego": "package p_test\n", "c/d.rego": "package q\n"})
    assert found == [("rego-packages", "b_test.rego"), ("rego-packages", "c/d.rego")]


def test_the_configurations_place_is_no_package() -> None:
    """`data.config` is what rules read their configuration from."""
    assert codes({"a.rego": 'package config\ndeny["x"]\n'}) == [("rego-packages", "a.rego")]


def test_a_pack_without_rego_is_refused() -> None:
    """There is nothing to judge with."""
    assert codes({"PulumiPolicy.yaml": "runtime: opa"}) == [("rego-missing", "")]


def test_byte_order_mark_is_accepted() -> None:
    """Windows editors write one."""
    assert codes({"x.rego": b"\xef\xbb\xbf" + GOOD.encode()}) == []


def test_odd_names_of_files_are_plain_to_opa() -> None:
    """A colon would be a prefix to it, and a dash an option."""
    assert (
        codes({"a:b.rego": GOOD, "-c.rego": GOOD, "d e.rego": "package p\nwarn[m] {"})[0][1] == "d e.rego:2"
    )


@pytest.mark.parametrize(
    ("rules", "keys"),
    [
        ("deny[m] { m := input.a.b[input.c] }", {"a", "c"}),
        ('deny[m] { m := input["a"]; input.props.x }', {"a", "props"}),
        ("deny[m] { m := input }", None),
        ("deny[m] { m := input[input.a] }", None),
        ("deny[m] { walk(input, [_, m]) }", None),
        ("deny[m] { x := input.a; m := x.b with input as {} }", None),
        ("deny[m] { x := [y | y := input.a][_]; m := {input.b: x} }", {"a", "b"}),
        ("deny[m] { m := f(input.a) }\nf(x) = y { y := x[input.b] } else = input.c", {"a", "b", "c"}),
        ("deny[m] { some k; input.a[k]; m := k }\ndefault x = 1", {"a"}),
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
