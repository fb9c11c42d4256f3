"""What `check` and `publish` are told about an OPA pack."""

from __future__ import annotations

import sys

import pytest

from packreg.opa.check import opa_problems
from packreg.pack.files import File
from packreg.pack.problems import Problems
from tests.opa.packs import files_of


def problems_of(opa: str, files: dict[str, bytes], *, memory: int = 0) -> Problems:
    """What is wrong with these files."""
    problems = Problems()
    opa_problems({path: File(data) for path, data in files.items()}, problems, opa, memory=memory)
    return problems


def test_good_packs_have_no_errors(opa: str) -> None:
    """The packs of these tests pass."""
    for name in ("kinds", "admission"):
        assert problems_of(opa, files_of(name)).errors == []


def test_all_that_is_wrong_is_told_at_once(opa: str) -> None:
    """Every Rego file is looked at, other files are not, and places are kept."""
    found = problems_of(
        opa,
        {
            "a.rego": b"package p\n\ndeny[m] { m := }\n",
            "dir/b.rego": b"package p\nwarn[m] {\n",
            "README.md": b"\xff",
        },
    )
    assert {(problem.code, problem.where) for problem in found.errors} == {
        ("rego-syntax", "a.rego:3"),
        ("rego-syntax", "dir/b.rego:3"),
    }


def test_rules_that_contradict_each_other_are_found_by_evaluating_once(opa: str) -> None:
    """A rule with two values is no fault to a compiler; it stops each deployment, so it stops the check."""
    rules = b'package p\nx = 1 { true }\nx = 2 { true }\ndeny["m"] { x == 1 }\n'
    [problem] = problems_of(opa, {"a.rego": rules}).errors
    assert problem.code == "rego-evaluation"
    assert "the policy 'deny' cannot be evaluated: a.rego:3: " in problem.message


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of another process")
def test_a_rule_that_wants_all_memory_is_ended(opa: str) -> None:
    """A check gives `opa` so much memory and no more, and says what became of it."""
    rules = b'package p\ndeny["m"] { count(numbers.range(1, 3000000000)) > 0 }\n'
    [problem] = problems_of(opa, {"a.rego": rules}, memory=256 << 20).errors
    assert "memory" in problem.message


def test_a_file_that_is_too_large_is_not_looked_through(opa: str) -> None:
    """A syntax tree takes many times the memory of its file, so there is a bound, and a way out."""
    rules = b"".join(b'deny["%d"] { input.a == "%d" }\n' % (number, number) for number in range(40_000))
    [problem] = problems_of(opa, {"a.rego": b"package p\n" + rules}).errors
    assert (problem.code, problem.where) == ("rego-too-large", "a.rego")
    assert problem.hint == "split it into several files"


def test_thousands_of_rules_are_looked_through(opa: str) -> None:
    """A chain of rules, each needing the next, is no recursion."""
    chain = "".join(f"r{index} {{ r{index + 1} }}\n" for index in range(2000))
    files = {"a.rego": f'package p\n{chain}r2000 {{ true }}\ndeny["m"] {{ r0 }}\n'.encode()}
    assert problems_of(opa, files).errors == []
