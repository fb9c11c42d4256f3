"""Paths that a manifest names, and the words that were meant; the rest is in test_manifest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.manifest import parse_manifest
from packreg.pack.problems import Problems
from packreg.pack.runtime import inside_pack, virtualenv_problem


@pytest.mark.parametrize(
    ("text", "path"),
    [("a", "a"), ("./a/", "a"), ("a//b/./c", "a/b/c"), (".", ""), ("", ""), (".venv", ".venv")],
)
def test_paths_inside_the_pack_are_normalised(text: str, path: str) -> None:
    """A path that stays inside comes back in its shortest form, the root as an empty text."""
    assert inside_pack(text) == (path, "")


@given(st.text(st.sampled_from("ab./\\~-: ;\0\né"), max_size=12))
def test_a_virtualenv_path_is_never_anything_but_plain_segments(text: str) -> None:
    """Whatever is accepted is a relative path of plain segments that no tool takes for an option."""
    path, problem = virtualenv_problem(text)
    assert bool(path) != bool(problem)
    if path:
        assert not path.startswith(("-", "/", "~"))
        assert all(segment not in ("", ".", "..") for segment in path.split("/"))
        assert path.isascii()
        assert path.isprintable()
        assert not set(path) & set("\\:; ~")


@pytest.mark.parametrize(
    "text",
    ["..", "a/../..", "/", "/a", "//a", "C:", "c:/a", "~", "~a/b", "a/..", "a\\b", "a\0b", "con", "a. /b"],
)
def test_paths_that_leave_the_pack_or_are_none_everywhere_are_refused(text: str) -> None:
    """Absolute paths, drives, home directories, any "..", and what the pack itself could not hold."""
    assert inside_pack(text)[1]


@pytest.mark.parametrize(
    ("name", "since", "hint"),
    [
        ("go", "since 3.176.0", "--policy-pack"),
        ("bun", "since 3.227.0", "runtime: nodejs"),
        ("executable", "since 3.255.0", "--policy-pack"),
        ("dotnet", "no policies in it either", "python, nodejs or opa"),
        ("java", "no policies in it either", "python, nodejs or opa"),
    ],
)
def test_other_runtimes_are_known_for_what_they_are(name: str, since: str, hint: str) -> None:
    """The message says that packreg does not run them, since when Pulumi does, and what to do."""
    problems = Problems()
    assert parse_manifest(f"runtime: {name}\n".encode(), problems) is None
    [problem] = problems.errors
    assert f"packreg does not run packs of the runtime {name}" in problem.message
    assert since in problem.message and hint in problem.hint
