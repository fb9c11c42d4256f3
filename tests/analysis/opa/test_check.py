"""What `check` and `publish` are told about an OPA pack."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from packreg.analysis.opa import check
from packreg.analysis.opa.check import engine_installed, opa_problems
from packreg.analysis.opa.command import analyzer_command
from packreg.pack.files import File
from packreg.pack.problems import Problems
from tests.analysis.opa.packs import PACKS


def problems_of(files: dict[str, bytes], **more: float) -> Problems:
    """What is wrong with these files."""
    problems = Problems()
    opa_problems({path: File(data) for path, data in files.items()}, problems, **more)
    return problems


def test_good_packs_have_no_errors() -> None:
    """The packs of these tests pass; a rule in two files is a warning."""
    for name in ("kinds", "admission"):
        root = PACKS / name
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.*")}
        assert problems_of(files).errors == []
    assert engine_installed()


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Every file is looked at, other files are not, and places are kept."""
    found = problems_of(
        {
            "a.rego": b"package p\n\ndeny[m] { m := crypto.sha1(input.a) }\nf(x) = f(x)\n",
            "dir/b.rego": b"package p\nwarn[m] {\n",
            "config-schema.json": b"[]",
            "README.md": b"\xff",
        }
    )
    assert {(problem.code, problem.where) for problem in found.errors} == {
        ("rego-unknown-function", "a.rego:3"),
        ("rego-recursion", "a.rego:4"),
        ("rego-syntax", "dir/b.rego:2"),
        ("config-schema", "config-schema.json"),
    }


def test_an_engine_that_crashes_is_a_problem_of_the_pack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The process that reads the pack may die of it; the caller only hears of it."""
    crashing = tmp_path / "python"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashing.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(crashing))
    found = problems_of({"a.rego": b"package p\n"})
    assert [(problem.code, problem.message) for problem in found.errors] == [
        ("rego-engine", "the engine crashed on the Rego files (signal 11)")
    ]


def test_source_that_ends_the_engine_is_a_problem_of_the_pack() -> None:
    """The engine's parser recurses for each minus, and its process dies of too many."""
    found = problems_of({"a.rego": b"package p\nx = " + b"-" * 60_000 + b"1\n"})
    assert [problem.code for problem in found.errors] == ["rego-engine"]


def test_thousands_of_rules_are_looked_through() -> None:
    """A chain of rules, each needing the next, takes no more than a moment."""
    chain = "".join(f"r{index} {{ r{index + 1} }}\n" for index in range(5000))
    assert problems_of({"a.rego": f"package p\n{chain}r5000 {{ true }}\n".encode()}).errors == []


def test_an_engine_that_does_not_end_is_a_problem_of_the_pack() -> None:
    """Nobody waits for ever."""
    found = problems_of({"a.rego": b"package p\n"}, timeout=0.001)
    assert [problem.code for problem in found.errors] == ["rego-engine"]


def test_without_the_engine_it_is_said_that_nothing_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a pack may be published, but nobody is told that it is fine."""
    monkeypatch.setattr(check, "engine_installed", lambda: False)
    found = problems_of({"a.rego": b"nonsense"})
    assert found.errors == []
    assert [(problem.code, problem.hint) for problem in found.warnings] == [
        ("rego-unchecked", "pip install 'packreg[opa]'")
    ]


def test_command_lines() -> None:
    """Ours runs with the given interpreter; the operator's own is taken as it is."""
    ours = analyzer_command(python="/venv/bin/python")
    assert ours == ["/venv/bin/python", "-P", "-u", "-m", "packreg.analysis.opa"]
    own = analyzer_command(["/opt/pulumi-analyzer-policy-opa", "-v"])
    assert own == ["/opt/pulumi-analyzer-policy-opa", "-v"]
