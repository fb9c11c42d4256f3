"""The bytes of a file, wherever it is and however it is packed."""

from __future__ import annotations

import gzip
import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.errors import InvalidState, NotFound, StoreRefused, UsageError
from packreg.states.sources import read_source, unpacked

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    zstd = pytest.importorskip("backports.zstd")


@pytest.mark.parametrize(
    "form", ["{name}", "{path}", "file://{path}", "file://{name}", "file://./{name}?x=1"]
)
def test_a_path_and_a_file_url_are_the_same(tmp_path: Path, form: str) -> None:
    """Relative ones start at the directory that the caller says, as the Pulumi CLI's do."""
    (tmp_path / "state.json").write_bytes(b"{}")
    location = form.format(name="state.json", path=tmp_path / "state.json")
    source = read_source(location, cwd=tmp_path)
    assert source.data == b"{}"
    assert Path(source.where) == tmp_path / "state.json"


def test_gzip_and_zstd_are_unpacked_whatever_the_name(tmp_path: Path) -> None:
    """The first bytes tell, several members are one text."""
    for pack in (gzip.compress, zstd.compress):
        (tmp_path / "state.json").write_bytes(pack(b"{") + pack(b"}"))
        assert read_source("state.json", cwd=tmp_path).data == b"{}"


def test_a_window_of_zstd_that_fills_the_memory_is_refused() -> None:
    """A frame of a few bytes may ask for gigabytes to unpack it with."""
    options = {zstd.CompressionParameter.window_log: 27, zstd.CompressionParameter.compression_level: 1}
    packer = zstd.ZstdCompressor(options=options)
    with pytest.raises(InvalidState, match="too much memory"):
        unpacked(packer.compress(b"{}" * 100_000) + packer.flush(), "s")


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """`<(pulumi stack export)` has no size that could be asked for."""
    os.mkfifo(tmp_path / "pipe")
    data = b"{" + b" " * 3_000_000 + b"}"
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(data,))
    writer.start()
    try:
        assert read_source("pipe", cwd=tmp_path).data == data
    finally:
        writer.join()


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    """Before it fills the memory: by its size, as a pipe without end, and packed into almost nothing."""
    (tmp_path / "large").write_bytes(b"x" * 1001)
    (tmp_path / "bomb").write_bytes(gzip.compress(b"0" * 50_000_000, mtime=0))
    (tmp_path / "zbomb").write_bytes(zstd.compress(b"0" * 50_000_000))
    for name in ("large", "bomb", "zbomb", "/dev/zero"):
        with pytest.raises(InvalidState, match=r"more than 10+ bytes"):
            read_source(name, cwd=tmp_path, limit=100_000 if "bomb" in name else 1000)


@pytest.mark.parametrize(
    ("location", "error", "said"),
    [
        ("none.json", NotFound, "there is no file"),
        (".", UsageError, "is a directory"),
        ("swift://bucket/state.json", UsageError, "is not a file that can be read"),
        ("gs://bucket", UsageError, "names a bucket"),
        ("s3://bucket", UsageError, "names a bucket"),
        ("s3:///key", UsageError, "names no bucket"),
        ("s3://bucket/key?colour=red", UsageError, "unknown parameters of an s3:// location: colour"),
        ("s3://bucket/key?profile=none-such", UsageError, "cannot be used"),
        ("file://~no-such-user-x/state.json", UsageError, "no such user"),
        ("a\0b", None, "cannot be read"),
    ],
)
def test_what_is_not_there_is_said(
    tmp_path: Path, location: str, error: type[Exception] | None, said: str
) -> None:
    """Every wrong location is an error of its own kind, none a traceback."""
    from packreg.errors import StoreUnavailable

    with pytest.raises(error or StoreUnavailable, match=said):
        read_source(location, cwd=tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_said(tmp_path: Path) -> None:
    """Permissions are the operator's to mend."""
    (tmp_path / "state.json").touch(mode=0)
    with pytest.raises(StoreRefused):
        read_source("state.json", cwd=tmp_path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x1f\x8b", "damaged gzip"),
        (gzip.compress(b"{}", mtime=0)[:-1], "damaged gzip"),
        (gzip.compress(b"{}", mtime=0)[:-8] + b"\0" * 8, "damaged gzip"),
        (gzip.compress(b"{}", mtime=0) + b"x", "damaged gzip"),
        (b"\x28\xb5\x2f\xfd", "damaged zstd"),
        (b"\x28\xb5\x2f\xfd\0", "damaged zstd"),
        (zstd.compress(b"{}")[:-1], "damaged zstd"),
        (zstd.compress(b"{}") + b"x", "damaged zstd"),
    ],
)
def test_damaged_packing_is_refused(data: bytes, said: str) -> None:
    """Half a state is none."""
    with pytest.raises(InvalidState, match=said):
        unpacked(data, "s.json.gz")


@given(st.binary())
def test_packing_and_unpacking_is_nothing(data: bytes) -> None:
    """What is not packed stays as it is."""
    assert unpacked(gzip.compress(data, mtime=0), "s") == data
    assert unpacked(zstd.compress(data), "s") == data
    assert unpacked(b"{" + data, "s") == b"{" + data
