"""Files for a pack's processes alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from packreg.analysis.private_files import private_files
from packreg.errors import InstallError


def test_files_are_private_and_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte, readable by this user alone, and removed also after a failure."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = os.umask(0)
    try:
        with pytest.raises(RuntimeError), private_files({"KEY": b"a\0b", "OTHER": b""}) as paths:
            assert {name: Path(path).read_bytes() for name, path in paths.items()} == {
                "KEY": b"a\0b",
                "OTHER": b"",
            }
            for path in map(Path, paths.values()):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
                assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            raise RuntimeError
    finally:
        os.umask(before)
    assert list(tmp_path.iterdir()) == []


def test_without_files_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most environments have none."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not-there"))
    with private_files({}) as paths:
        assert paths == {}


def test_a_full_or_missing_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is packreg's own, and names no content."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not-there"))
    with pytest.raises(InstallError, match="cannot be written"), private_files({"KEY": b"hunter2"}):
        pass
