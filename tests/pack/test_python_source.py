"""One Python file read without running it: what surely happens, and why it does not compile."""

from __future__ import annotations

import sys

import pytest

from packreg.pack.python_source import MAX_PYTHON, newer_syntax, read_python

IMPORT = "from pulumi_policy import PolicyPack\n"


def _modules(source: str, *, entry: bool = False) -> list[str]:
    return [found.module for found in read_python(source.encode(), entry=entry).imports]


@pytest.mark.parametrize(
    "block",
    [
        "def rule():",
        "async def rule():",
        "if ready():",
        "for x in y:",
        "while ready():",
        "with suppress(ImportError):",
        "try:\n    pass\nexcept KeyError:",
        "match x:\n  case 1:",
    ],
)
def test_what_stands_in_a_block_is_not_sure(block: str) -> None:
    """Functions, conditions, loops, suppressions and handlers may never run."""
    assert _modules(f"import a\n{block}\n    import b\n") == ["a"]


def test_what_always_runs_is_sure() -> None:
    """A class body, a try that expects something else, its end, and the part of the entry for programs."""
    source = (
        "class A:\n    import a\ntry:\n    import b\nexcept KeyError:\n    pass\nfinally:\n    import c\n"
    )
    assert _modules(source) == ["a", "b", "c"]
    main = 'if __name__ == "__main__":\n    import a\n'
    assert _modules(main, entry=True) == ["a"]
    assert _modules(main) == []


def test_imports_behind_the_pack_do_not_count() -> None:
    """The constructor of a pack serves the engine and never returns."""
    assert _modules(IMPORT + 'PolicyPack("a", [])\nimport b\n') == ["pulumi_policy"]


@pytest.mark.parametrize(
    "call", ["x = lambda: {}", "x = {} if y else 1", "x = y and {}", "x = [{} for y in z]", "def f(): {}"]
)
def test_a_pack_that_may_not_be_made_is_not_certain(call: str) -> None:
    """It is found, for its name, and no error can be made of it."""
    [pack] = read_python((IMPORT + call.format('PolicyPack("a", [])') + "\n").encode()).packs
    assert (pack.name, pack.line, pack.certain) == ("a", 2, False)


def test_what_cannot_be_read_says_nothing() -> None:
    """Long files, NULs and deep nesting are passed over; a syntax error has a place."""
    assert read_python(b"#" * (MAX_PYTHON + 1)) == read_python(b"")
    assert read_python(b"-" * 50_000 + b"1").imports == ()
    fault = read_python(b"a = 1\nb = = 2\n").fault
    assert fault is not None and (fault.line, fault.column) == (2, 5)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="this Python does not read it")
def test_syntax_of_a_newer_python_is_known() -> None:
    """`type X = int` is read here, and refused by 3.11."""
    fault = newer_syntax(b"type X = int\n", (3, 11))
    assert fault is not None and fault.line == 1
    assert newer_syntax(b"X = int\n", (3, 11)) is None
