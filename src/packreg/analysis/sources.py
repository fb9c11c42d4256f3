"""The bytes of a file that is to be analyzed, wherever it is and however it is packed."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from packreg.analysis.places import Bucket, file_path, read_file, s3_client
from packreg.errors import InvalidState, UsageError

MAX_SIZE = 1024 * 1024 * 1024  # bytes, unpacked; a state of 100,000 resources has 150 to 300 MB


class Source(NamedTuple):
    """A file's bytes, unpacked, and what messages call it (a path or a URL without its parameters)."""

    data: bytes
    where: str


def read_source(location: str, *, cwd: Path, limit: int = MAX_SIZE) -> Source:
    """Read a path, a `file://` or an `s3://` URL; gzip is unpacked, by its first bytes, not by the name.

    Raises NotFound, UsageError, StoreRefused, StoreUnavailable, and InvalidState: over the limit or damaged.
    """
    scheme, separator, _ = location.partition("://")
    if separator and scheme == "s3":
        parts = urlsplit(location)
        key = unquote(parts.path).lstrip("/")
        if not key:
            raise UsageError(f"{location[:200]!r} names a bucket, not a file in it")
        bucket = Bucket(s3_client(parts), parts.netloc, "")
        return Source(unpacked(bucket.read(key, limit), bucket.describe(key), limit), bucket.describe(key))
    if separator and scheme != "file":
        raise UsageError(f"{location[:200]!r} is not a file that can be read; paths, file:// and s3:// are")
    path = file_path(location, cwd=cwd) if separator else cwd / location
    return Source(unpacked(read_file(path, limit), str(path), limit), str(path))


def unpacked(data: bytes, where: str, limit: int = MAX_SIZE) -> bytes:
    """The same bytes, or what is in them when they are gzip.

    Raises InvalidState: damaged, more than `limit` bytes, or packed with zstd, which is not read.
    """
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        raise InvalidState(f"{where} is packed with zstd, which is not read", hint="unpack it with `zstd -d`")
    if not data.startswith(b"\x1f\x8b"):
        return data
    pieces: list[bytes] = []
    left = limit
    while data:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            piece = unpacker.decompress(data, left + 1)
        except zlib.error as error:
            raise InvalidState(f"{where} is damaged gzip: {error}") from None
        if len(piece) > left:
            raise InvalidState(f"{where} has more than {limit} bytes when it is unpacked")
        if not unpacker.eof:
            raise InvalidState(f"{where} is damaged gzip: it ends too early")
        pieces.append(piece)
        left -= len(piece)
        data = unpacker.unused_data
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
