"""Reading Rego files: what they hold, and what is said of those that cannot be read."""

from __future__ import annotations

import pytest

from packreg.analysis.opa.modules import MAX_FILE, MAX_NESTING, calls, imports, read_modules, too_deep
from packreg.pack.problems import Problems
from tests.analysis.opa.packs import examined

GOOD = "package p\n\ndeny[m] { m := input.a }\n"


def codes(files: dict[str, str | bytes]) -> list[tuple[str, str]]:
    """(code, where) of every error."""
    return [(problem.code, problem.where) for problem in examined(files)[1].errors]


def test_heads_say_what_a_rule_makes() -> None:
    """Names, kinds and lines of all rules are found, also of Rego v1 by import."""
    source = (
        "package a.b\nimport future.keywords.contains\nimport future.keywords.if\n"
        'set1["x"]\nset2 contains "x" if { input.a }\nobj[x] = 1 { x := input.b }\nfn(x) = x\nval = 3\n'
        "flag { input.c }\ndefault flag = false\nq.r = 1\n"
    )
    (module,) = read_modules({"x.rego": source.encode()}, Problems())
    assert module.package == ("a", "b")
    assert [(head.name, head.kind, head.line) for head in module.rules] == [
        ("set1", "set", 4),
        ("set2", "set", 5),
        ("obj", "object", 6),
        ("fn", "function", 7),
        ("val", "value", 8),
        ("flag", "value", 9),
        ("flag", "default", 10),
        ("q.r", "value", 11),
    ]


def test_calls_and_imports_are_found_everywhere() -> None:
    """Calls inside of comprehensions, heads, else branches and arguments are all seen."""
    source = (
        "package p\nimport data.lib.tool as t\nimport input.x\n"
        'deny[upper(m)] { m := concat(lower("a"), [trim(x, " ") | x := t.f(1)]) }\n'
        "g(x) = y { y := x } else = abs(x) { not data.lib.h(2) }\n"
    )
    (module,) = read_modules({"x.rego": source.encode()}, Problems())
    names = {".".join(path) for path, _ in calls(module)}
    assert names == {"upper", "concat", "lower", "trim", "t.f", "abs", "data.lib.h"}
    assert imports(module) == {"t": ("data", "lib", "tool"), "x": ("input", "x")}


@pytest.mark.parametrize(
    ("source", "code", "where"),
    [
        ("package p\n\ndeny[m] { m := }\n", "rego-syntax", "x.rego:3"),
        ("deny[m] { true }\n", "rego-syntax", "x.rego:1"),
        ("", "rego-syntax", "x.rego"),
        (b"package p\n# \xff\n", "rego-encoding", "x.rego:2"),
        ("package p\n" + "a = " + "[" * 5000, "rego-too-deep", "x.rego:2"),
        ("package p\n" + "#" * (MAX_FILE + 1), "rego-too-large", "x.rego"),
        ("package p\n" + "x = 1\n" * 110_000, "rego-syntax", "x.rego"),
        ("package p\na := " + "x" * 70_000, "rego-syntax", "x.rego"),
        ("package p\n\x00\ndeny[m] { m := 1 }", "rego-encoding", "x.rego:2"),
    ],
    ids=["no value", "no package", "empty", "not UTF-8", "deep", "large", "long", "wide", "null byte"],
)
def test_files_that_cannot_be_read_are_said(source: str | bytes, code: str, where: str) -> None:
    """Each gives one error with its place, and the other files are examined all the same."""
    found = codes({"x.rego": source, "y.rego": "package p\nwarn[m] { m := nothing_like_it(1) }\n"})
    assert [name for name, _ in found] == [code, "rego-unknown-function"]
    assert found[0][1].startswith(where)


def test_packages_must_agree() -> None:
    """Every file of another package is named, tests too: Pulumi's analyzer loads none of them then."""
    found = codes({"a.rego": GOOD, "b_test.rego": "package p_test\n", "c/d.rego": "package q\n"})
    assert found == [("rego-packages", "b_test.rego"), ("rego-packages", "c/d.rego")]


def test_a_pack_without_rego_is_refused() -> None:
    """There is nothing to judge with."""
    assert codes({"PulumiPolicy.yaml": "runtime: opa"}) == [("rego-missing", "")]


def test_byte_order_mark_is_accepted() -> None:
    """Windows editors write one."""
    assert codes({"x.rego": b"\xef\xbb\xbf" + GOOD.encode()}) == []


def test_brackets_in_texts_and_comments_do_not_nest() -> None:
    """Only brackets of the language count."""
    many = "[" * 500
    assert too_deep(f'a = "{many}\\"{many}" # {many}\nb = `{many}`\n') == 0
    assert too_deep("\n" + "(" * MAX_NESTING) == 0
    assert too_deep("\n" + "{" * (MAX_NESTING + 1)) == 2
