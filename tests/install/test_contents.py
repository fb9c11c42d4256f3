"""What a directory holds, listed and compared: nothing that differs is taken for the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from packreg.install.contents import compare, digest_of, is_compiled, list_contents


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with a file of each kind."""
    root = tmp_path / "root"
    (root / "a" / "__pycache__").mkdir(parents=True)
    (root / "a" / "one.py").write_text("one")
    (root / "a" / "__pycache__" / "one.pyc").write_text("compiled")
    (root / "run").write_text("#!/bin/sh\n")
    (root / "run").chmod(0o755)
    (root / "link").symlink_to("run")
    return root


def rewritten(root: Path) -> None:
    """Other bytes of the same size, with the time of the last write put back."""
    file = root / "a" / "one.py"
    status = file.stat()
    file.write_text("two")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced_by_a_link(root: Path) -> None:
    """A link to a file of the same bytes."""
    (root / "a" / "one.py").rename(root.parent / "one.py")
    (root / "a" / "one.py").symlink_to(root.parent / "one.py")


def relinked(root: Path) -> None:
    """A link to somewhere else."""
    (root / "link").unlink()
    (root / "link").symlink_to("a")


def moved(root: Path) -> None:
    """A whole directory under another name."""
    (root / "a").rename(root / "b")


def a_file_for_a_directory(root: Path) -> None:
    """What lay below it is missing."""
    moved(root)
    (root / "b").rename(root.parent / "b")
    (root / "a").write_text("")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rewritten, "a/one.py was changed"),
        (lambda root: (root / "a" / "one.py").chmod(0o755), "a/one.py was changed"),
        (replaced_by_a_link, "a/one.py was changed"),
        (relinked, "link was changed"),
        (lambda root: (root / "run").unlink(), "run is missing"),
        (lambda root: (root / "more").symlink_to("run"), "more was added"),
        (lambda root: os.mkfifo(root / "more"), "more was added"),
        (moved, "a/__pycache__/one.pyc is missing, and 3 more"),
        (a_file_for_a_directory, "a/__pycache__/one.pyc is missing, and 2 more"),
    ],
)
def test_each_difference_is_seen_and_said(root: Path, change: Callable[[Path], object], said: str) -> None:
    """Bytes, kinds, links, and what is there: the first difference by name, and how many more there are."""
    files = list_contents(str(root))
    change(root)
    found = compare(str(root), files)
    assert not found.same and found.renewed is None
    assert str(found) == said


def test_what_was_not_touched_is_the_same(root: Path) -> None:
    """Nothing differs, and there is nothing to renew."""
    found = compare(str(root), list_contents(str(root)))
    assert found.same and found.renewed is None and str(found) == "nothing differs"


def test_other_times_of_the_same_bytes_are_renewed(root: Path) -> None:
    """A copy is the same; the new list spares the next comparison, and has the same digest."""
    files = list_contents(str(root))
    for path in ("run", "a/one.py"):
        os.utime(root / path, (1, 1))
    found = compare(str(root), files)
    assert found.same and found.renewed is not None and found.renewed != files
    again = compare(str(root), found.renewed)
    assert again.same and again.renewed is None
    assert digest_of(found.renewed) == digest_of(files)


def test_what_is_left_out_is_neither_listed_nor_compared(root: Path) -> None:
    """Whole directories and single files."""
    leave = frozenset(("a", "link"))
    files = list_contents(str(root), leave)
    assert files.keys() == {"run"}
    rewritten(root)
    (root / "link").unlink()
    assert compare(str(root), files, leave).same


def test_what_was_listed_and_is_left_out_later_is_a_difference(root: Path) -> None:
    """Nobody hides a change by leaving out what is held to its contents."""
    assert not compare(str(root), list_contents(str(root)), frozenset(("a",))).same


def test_a_directory_that_cannot_be_read_differs(tmp_path: Path) -> None:
    """Comparing never raises."""
    assert compare(str(tmp_path / "none"), {}).changed == ["."]


def test_the_digest_is_of_contents_alone(root: Path) -> None:
    """Compiled modules and times do not count; bytes, names, kinds and links do."""
    before = digest_of(list_contents(str(root)))
    (root / "a" / "__pycache__" / "one.pyc").write_text("other")
    os.utime(root / "run", (1, 1))
    assert digest_of(list_contents(str(root))) == before
    digests = {before}
    for change in (relinked, rewritten, lambda root: (root / "run").chmod(0o644), moved):
        change(root)
        digests.add(digest_of(list_contents(str(root))))
    assert len(digests) == 5


@pytest.mark.parametrize(
    ("path", "compiled"),
    [("a/__pycache__/x.pyc", True), ("__pycache__/x", True), ("__pycache__/a/x", False), ("x.pyc", False)],
)
def test_only_what_python_puts_aside_counts_as_compiled(path: str, compiled: bool) -> None:
    """Python itself reads nothing deeper there, and a `.pyc` elsewhere is code like any other."""
    assert is_compiled(path) == compiled
