"""The bytes of a file that is to be analyzed, wherever it is and however it is packed."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from packreg.errors import InvalidState, UsageError
from packreg.states.places import S3Place, file_path, read_location, s3_client

MAX_SIZE = 1024 * 1024 * 1024  # bytes, unpacked; a state of 100,000 resources has 150 to 300 MB

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PIECE = 1024 * 1024
_MAX_WINDOW = 25  # as a power of two: 32 MiB, which zstd may hold beside its input; Pulumi writes 8 MiB


class SourceFile(NamedTuple):
    """A file's bytes, unpacked, and what messages call it (a path or a URL without its parameters)."""

    data: bytes
    where: str


def read_source(location: str, *, cwd: Path, limit: int = MAX_SIZE, instance_role: bool = True) -> SourceFile:
    """Read a path, a `file://` or an `s3://` URL; gzip and zstd are unpacked, by the first bytes.

    `instance_role` lets the cloud's metadata service be asked for credentials.

    Raises NotFound, UsageError, StoreRefused, StoreUnavailable, and InvalidState: over the limit or damaged.
    """
    scheme, separator, _ = location.partition("://")
    if separator and scheme == "s3":
        parts = urlsplit(location)
        key = unquote(parts.path).lstrip("/")
        if not key:
            raise UsageError(f"{location[:200]!r} names a bucket, not a file in it")
        bucket = S3Place(s3_client(parts, instance_role=instance_role), parts.netloc, "")
        return SourceFile(
            unpacked(bucket.read(key, limit), bucket.describe(key), limit), bucket.describe(key)
        )
    if separator and scheme != "file":
        raise UsageError(f"{location[:200]!r} is not a file that can be read; paths, file:// and s3:// are")
    path = file_path(location, cwd=cwd) if separator else cwd / location
    return SourceFile(unpacked(read_location(path, limit), str(path), limit), str(path))


def unpacked(data: bytes, where: str, limit: int = MAX_SIZE) -> bytes:
    """The same bytes, or what is in them when they are gzip or zstd.

    What is refused was counted piece by piece, and never held. Raises InvalidState: damaged, or more than
    `limit` bytes.
    """
    if not data.startswith((_GZIP, _ZSTD)):
        return data
    size = 0
    for piece in _pieces(data, where):
        size += len(piece)
        if size > limit:
            raise InvalidState(f"{where} has more than {limit} bytes when it is unpacked")
    whole = io.BytesIO()
    for piece in _pieces(data, where):
        whole.write(piece)
    return whole.getvalue()


def _pieces(data: bytes, where: str) -> Iterator[bytes]:
    """What is in gzip or zstd, each piece of at most `_PIECE` bytes. Raises InvalidState: it is damaged."""
    kind, unpacker, errors = _gzip(data) if data.startswith(_GZIP) else _zstd(data)
    try:
        with unpacker:
            while piece := unpacker.read(_PIECE):
                yield piece
    except errors as error:
        raise InvalidState(f"{where} is damaged {kind}, or cannot be unpacked: {error}") from None


_Unpacker = tuple[str, Any, tuple[type[Exception], ...]]


def _gzip(data: bytes) -> _Unpacker:
    return "gzip", gzip.GzipFile(fileobj=io.BytesIO(data)), (EOFError, OSError, zlib.error)


def _zstd(data: bytes) -> _Unpacker:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    options = {int(zstd.DecompressionParameter.window_log_max): _MAX_WINDOW}
    return "zstd", zstd.ZstdFile(io.BytesIO(data), options=options), (EOFError, zstd.ZstdError)
