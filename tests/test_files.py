"""Single files: read up to a limit, written whole."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from packreg.files import read_file, write_file


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_a_file_within_its_limit_is_read(tmp_path: Path, size: int) -> None:
    """All of it, up to and with the last byte that it may have."""
    (tmp_path / "file").write_bytes(b"x" * size)
    assert read_file(tmp_path / "file", 10) == b"x" * size


def test_a_file_over_its_limit_is_refused_or_begun(tmp_path: Path) -> None:
    """The error ends a sentence; whoever complains itself is given one byte more than the limit."""
    (tmp_path / "file").write_bytes(b"x" * 100)
    with pytest.raises(OSError, match="it has more than 10 bytes") as caught:
        read_file(tmp_path / "file", 10)
    assert caught.value.errno == errno.EFBIG
    assert read_file(tmp_path / "file", 10, beginning=True) == b"x" * 11


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes with names")
@pytest.mark.parametrize(("size", "limit"), [(3_000_000, 3_000_000), (3_000_001, 3_000_000), (5, 10)])
def test_a_pipe_is_read_to_its_end_or_its_limit(tmp_path: Path, size: int, limit: int) -> None:
    """Its size is not known before, and it counts all the same."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with contextlib.suppress(BrokenPipeError):  # the reader had enough
            pipe.write_bytes(b"x" * size)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert read_file(pipe, limit, beginning=True) == b"x" * min(size, limit + 1)
    finally:
        writer.join()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
def test_a_file_without_a_size_is_read() -> None:
    """What the kernel makes up while it is read says that it has no bytes."""
    assert b"Pid:" in read_file("/proc/self/status", 100_000)
    with pytest.raises(OSError, match="more than 10 bytes"):
        read_file("/proc/self/status", 10)


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes with names")
def test_only_plain_files_and_no_links_where_that_is_asked(tmp_path: Path) -> None:
    """A pipe is not waited for, and a link is not followed."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no plain file"):
        read_file(tmp_path / "pipe", 10, regular=True)
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "file").write_bytes(b"x")
    assert read_file(tmp_path / "link", 10, regular=True) == b"x"
    with pytest.raises(OSError, match="link") as caught:
        read_file(tmp_path / "link", 10, follow=False)
    assert caught.value.errno == errno.ELOOP


def test_what_cannot_be_read_is_an_error_of_the_system(tmp_path: Path) -> None:
    """A missing file and a directory are told apart by their usual errors."""
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none", 10)
    with pytest.raises(OSError, match=str(tmp_path)):
        read_file(tmp_path, 10)


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_replaced_whole(tmp_path: Path, durable: bool) -> None:
    """The content is there afterwards, nothing else is, and others may read it as the umask says."""
    path = tmp_path / "new" / "file"
    with pytest.raises(FileNotFoundError):
        write_file(path, b"one")
    write_file(path, b"one", parents=True, durable=durable)
    write_file(path, b"two", durable=durable)
    assert path.read_bytes() == b"two" and os.listdir(path.parent) == ["file"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


def test_what_was_there_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails, or content that is none, leaves the old content and no scrap of the new one."""
    path = tmp_path / "file"
    write_file(path, b"old")
    with pytest.raises(TypeError):
        write_file(path, "no bytes")  # type: ignore[arg-type]

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]
