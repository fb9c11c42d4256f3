"""Files for a pack's processes alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from packreg.analyzer.private_files import nameless


def test_a_file_without_a_name_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte, for this user alone, and nowhere on a disk."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with nameless(b"a\0b") as file:
        assert os.pread(file.fileno(), 10, 0) == b"a\0b"
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600
        assert list(tmp_path.iterdir()) == []
