"""Read the bytes of a file to analyze, from a path or a URL, and decompress gzip and zstd."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from packreg.errors import InvalidState, UsageError
from packreg.states.places import BUCKETS, file_path, open_place, read_location, without_password

MAX_SIZE = 1024 * 1024 * 1024  # bytes, decompressed; a state of 100,000 resources has 150 to 300 MB

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PIECE = 1024 * 1024
_MAX_WINDOW = 25  # log2 of the largest zstd window: 32 MiB of memory; Pulumi writes with 8 MiB


class SourceFile(NamedTuple):
    """A file's decompressed bytes, and its name in messages (a path, or a URL without parameters)."""

    data: bytes
    where: str


def read_source(
    location: str,
    *,
    cwd: Path,
    limit: int = MAX_SIZE,
    instance_role: bool = True,
    environ: Mapping[str, str] = MappingProxyType({}),
) -> SourceFile:
    """Read a path, a `file://` URL or an object of a bucket; gzip and zstd are unpacked.

    `limit` is in bytes, for the file and for the decompressed data. `instance_role` and `environ` are for
    buckets, see `places.open_place`.

    Raises NotFound, UsageError, StoreRefused, StoreUnavailable, and InvalidState when the file is over the
    limit or damaged.
    """
    scheme, separator, _ = location.partition("://")
    if separator and scheme in BUCKETS:
        parts = urlsplit(location)
        key = unquote(parts.path).lstrip("/")
        if not key:
            raise UsageError(f"{location[:200]!r} names a bucket, not a file in it")
        root = f"{scheme}://{parts.netloc}?{parts.query}".rstrip("?")
        bucket = open_place(root, cwd=cwd, instance_role=instance_role, environ=environ)
        return SourceFile(
            unpacked(bucket.read(key, limit), bucket.describe(key), limit), bucket.describe(key)
        )
    if separator and scheme != "file":
        raise UsageError(
            f"{without_password(location)!r} is not a file that can be read; paths, file:// and objects in "
            f"{' and '.join(f'{each}://' for each in BUCKETS)} are"
        )
    path = file_path(location, cwd=cwd) if separator else cwd / location
    return SourceFile(unpacked(read_location(path, limit), str(path), limit), str(path))


def unpacked(data: bytes, where: str, limit: int = MAX_SIZE) -> bytes:
    """The decompressed bytes if `data` is gzip or zstd, else `data` itself.

    The size is counted piece by piece first, so data over the limit never fills the memory. Raises
    InvalidState when it is damaged, or has more than `limit` bytes.
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
    """Decompress gzip or zstd in pieces of at most `_PIECE` bytes. Raises InvalidState when it is damaged."""
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
