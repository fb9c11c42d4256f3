"""Files that the user named."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from packreg.cli.atomic import write_atomically
from packreg.errors import UsageError


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    """The content is there afterwards, nothing else is, and others may read it as the umask says."""
    target = tmp_path / "file"
    write_atomically(target, b"one")
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["file"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A missing directory or a directory in the way is a usage error, and nothing is left behind."""
    (tmp_path / "directory").mkdir()
    for target in (tmp_path / "missing" / "file", tmp_path / "directory"):
        with pytest.raises(UsageError, match="cannot write"):
            write_atomically(target, b"x")
    assert os.listdir(tmp_path) == ["directory"]
