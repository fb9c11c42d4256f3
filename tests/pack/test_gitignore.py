"""Ignore files mean what git says they mean, and git is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packreg.pack.gitignore import Decision, IgnoreFile
from packreg.pack.problems import Problems
from packreg.pack.select import select_files


@pytest.mark.parametrize(
    ("text", "path", "directory", "expected"),
    [
        ("*.log", "a/b.log", False, Decision(True, ".gitignore:1")),
        ("*.log", "a/b.txt", False, None),
        ("a\n!a", "a", False, Decision(False, ".gitignore:2")),
        ("/a", "b/a", False, None),
        ("b/a", "c/b/a", False, None),
        ("d/", "d", False, None),
        ("d/", "x/d", True, Decision(True, ".gitignore:1")),
        ("d", "d/x", False, None),
        ("d/**", "d/x", False, Decision(True, ".gitignore:1")),
        ("d/**", "d", True, None),
        ("**/x", "a/b/x", False, Decision(True, ".gitignore:1")),
        ("a/**/x", "a/x", False, Decision(True, ".gitignore:1")),
        ("# comment\n\n\\#x", "#x", False, Decision(True, ".gitignore:3")),
        ("\\!x", "!x", False, Decision(True, ".gitignore:1")),
        ("x   ", "x", False, Decision(True, ".gitignore:1")),
        ("x\\ ", "x ", False, Decision(True, ".gitignore:1")),
        ("x\r\ny\r\n", "y", False, Decision(True, ".gitignore:2")),
        ("\ufeffx", "x", False, Decision(True, ".gitignore:1")),
        ("x\\", "x", False, None),
        ("[", "[", False, None),
        ("[a-c]?", "bz", False, Decision(True, ".gitignore:1")),
        ("/\n!\n", "x", False, None),
        ("a\n!***/a", "a", False, Decision(False, ".gitignore:2")),
    ],
)  # fmt: skip
def test_a_line_decides_as_git_documents(
    text: str, path: str, directory: bool, expected: Decision | None
) -> None:
    """The last line that matches the path itself decides, and is named."""
    assert IgnoreFile(".gitignore", text.encode()).decide(path, directory=directory) == expected


def test_patterns_are_relative_to_their_file() -> None:
    """An ignore file in a subdirectory anchors its patterns there."""
    rules = IgnoreFile("sub/.gitignore", b"/x\n")
    assert rules.decide("sub/x", directory=False) == Decision(True, "sub/.gitignore:1")
    assert rules.decide("sub/y/x", directory=False) is None


def test_bytes_that_are_not_utf8_are_matched_as_they_are() -> None:
    """A pattern in another encoding matches the file name with the same bytes."""
    rules = IgnoreFile(".gitignore", b"\xfcber\n")
    assert rules.decide(os.fsdecode(b"\xfcber"), directory=False) == Decision(True, ".gitignore:1")


_NAME = st.sampled_from(["a", "b", "c.x", "a.x", "[a]", "b b", "-"])
_TREE = st.lists(st.lists(_NAME, min_size=1, max_size=3).map("/".join), min_size=1, max_size=8, unique=True)
_GLOB = st.sampled_from(
    ["a", "b", "*", "*.x", "?", "**", "[ab]", "[!a]", "[a-c].x", "a*", "c.x", "\\[a\\]", "b b", "***",
     "[[:alpha:]]", "[^[:digit:]-]"]
)  # fmt: skip
_LINE = st.builds(
    lambda bang, lead, parts, tail: bang + lead + "/".join(parts) + tail,
    st.sampled_from(["", "", "!"]), st.sampled_from(["", "", "/"]), st.lists(_GLOB, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " "]),
)  # fmt: skip
_IGNORE = st.lists(_LINE, max_size=4).map("\n".join)


@pytest.mark.skipif(shutil.which("git") is None, reason="no git")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tree=_TREE, root=_IGNORE, nested=st.dictionaries(st.sampled_from(["a", "a/b", "b"]), _IGNORE, max_size=2)
)
def test_the_selection_is_gits(tmp_path: Path, tree: list[str], root: str, nested: dict[str, str]) -> None:
    """For any tree and any ignore files, exactly the files are taken that git would add."""
    work = tmp_path / "work"
    shutil.rmtree(work, ignore_errors=True)
    _plant(work, tree, {"": root} | nested)
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    environment |= {"GIT_CEILING_DIRECTORIES": str(tmp_path)}
    subprocess.run(["git", "init", "-q"], cwd=work, check=True, env=environment)
    (work / ".git/info/exclude").write_text("")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        cwd=work, check=True, env=environment, capture_output=True, text=True,
    ).stdout  # fmt: skip
    problems = Problems()
    selection = select_files(work, problems)
    assert not problems.errors
    assert set(selection.files) == set(filter(None, listed.split("\0")))


def _plant(work: Path, tree: list[str], ignores: dict[str, str]) -> None:
    for path in tree:
        target = work / path
        if any(parent.is_file() for parent in target.parents) or target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path)
    work.mkdir(exist_ok=True)
    for directory, text in ignores.items():
        if (work / directory).is_dir():
            (work / directory / ".gitignore").write_text(text)
