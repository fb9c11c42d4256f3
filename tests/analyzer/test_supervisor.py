"""The supervisor: the files that a program finds. How it ends what was started is in test_process."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from packreg.analyzer.private_files import nameless
from packreg.analyzer.supervisor import name_files, remove_files


def test_paths_are_read_from_the_start_each_time() -> None:
    """What a variable names is a whole file for whoever opens it, again and again."""
    with nameless(b"content") as file:
        paths, directory = name_files(f"KEY={file.fileno()}")
        assert not directory
        assert [Path(paths["KEY"]).read_bytes() for _ in range(2)] == [b"content", b"content"]


def test_without_paths_for_them_copies_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no /proc, copies lie in a private directory, which is removed at the end."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("os.path.exists", lambda path: False)
    before = os.umask(0)
    try:
        with nameless(b"content") as file:
            paths, made = name_files(f"KEY={file.fileno()}")
    finally:
        os.umask(before)
    directory = Path(made)
    (copy,) = directory.iterdir()
    assert paths == {"KEY": str(copy)} and copy.read_bytes() == b"content"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600 and stat.S_IMODE(directory.stat().st_mode) == 0o700
    remove_files(str(directory))
    assert list(tmp_path.iterdir()) == []
