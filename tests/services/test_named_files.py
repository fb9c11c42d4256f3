"""Files that the user named."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from packreg.errors import UsageError
from packreg.services.named_files import read_named, write_named


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    """The content is there afterwards, nothing else is, and others may read it as the umask says."""
    target = tmp_path / "file"
    write_named(target, b"one")
    write_named(target, b"two")
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
            write_named(target, b"x")
    assert os.listdir(tmp_path) == ["directory"]


def test_no_more_is_read_than_a_reader_can_use(tmp_path: Path) -> None:
    """One byte beyond the limit tells the reader that there is more; what is not there is a usage error."""
    (tmp_path / "file").write_bytes(b"12345")
    assert read_named(str(tmp_path), "file", 3) == b"1234"
    assert read_named("elsewhere", str(tmp_path / "file"), 9) == b"12345"
    with pytest.raises(UsageError, match="none cannot be read: No such file"):
        read_named(str(tmp_path), "none", 9)
