"""Bundles: the one form in which a pack is stored and sent. The package's docstring describes the format."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from packreg.errors import IntegrityError, InvalidPack, Problem
from packreg.pack import ustar
from packreg.pack.files import DEFAULT_LIMITS, MANIFEST, File, Files, Limits
from packreg.pack.paths import collisions, path_problem, shown

#: RFC 1952: magic, deflate, no flags (so no name, comment or extra field), no time, level 6, unknown system.
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LEVEL = 6
_TRAILER = struct.Struct("<II")
_STEP = 1 << 16
_SHOWN_PROBLEMS = 50
_OTHER_FORMATS = (
    (b"\xfd7zXZ\0", "an xz file"), (b"\x28\xb5\x2f\xfd", "a zstd file"), (b"BZh", "a bzip2 file"),
    (b"PK\x03\x04", "a zip file"), (b"\x1f\x9d", "a compress file"),
    (b"\x1f\x8b", "a gzip file of another kind"),
)  # fmt: skip


class Bundle(NamedTuple):
    """A pack as bytes.

    `data` is the `.tgz`; `digest` the pack's identity, `sha256:` and the hex SHA-256 of the uncompressed tar
    stream; `sha256` the hex SHA-256 of `data`, for the transport; `size` the bytes of `data`, `unpacked` the
    bytes of all files, `members` their number.
    """

    data: bytes
    digest: str
    sha256: str
    size: int
    unpacked: int
    members: int


def encode(files: Files, limits: Limits = DEFAULT_LIMITS) -> Bundle:
    """The bundle of `files`. It depends on nothing but their paths, bytes and executable flags.

    Raises:
        InvalidPack: a path, or the files together, break the rules that `decode` checks too.
    """
    problems = _problems(files, limits)
    if problems:
        raise _refusal(problems)
    tar = ustar.write(sorted(files.items(), key=lambda item: item[0].encode()))
    data = compress(tar)
    return Bundle(
        data=data,
        digest=_identity(tar),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        unpacked=sum(len(file.data) for file in files.values()),
        members=len(files),
    )


def decode(data: bytes, limits: Limits = DEFAULT_LIMITS, *, digest: str | None = None) -> dict[str, File]:
    """The files of a bundle by path, after checking that every byte of it is what `encode` would write.

    With `digest` the identity is compared before anything is read out of the tar stream. The stream is
    unpacked twice: piece by piece to check it, then to keep the files, so that a bad bundle takes no memory.

    Raises:
        InvalidPack: `data` is not exactly such a bundle, or is larger than the limits.
        IntegrityError: it is a bundle, but not the one with this digest.
    """
    found = bundle_digest(data, limits)
    if digest is not None and found != digest:
        raise IntegrityError(
            f"the bundle's digest is {found}, not {digest}",
            hint="what was fetched is damaged or forged",
        )
    empty = dict(ustar.read(ustar.Stream(unpack(data, limits)), limits, keep=False))
    problems = _problems(empty, limits)
    if problems:
        raise _refusal(problems)
    return dict(ustar.read(ustar.Stream(unpack(data, limits)), limits))


def bundle_digest(data: bytes, limits: Limits = DEFAULT_LIMITS) -> str:
    """The identity of the bundle `data`: `sha256:` and the hex SHA-256 of its uncompressed stream.

    Raises:
        InvalidPack: `data` is not one gzip member as `encode` writes it. The stream is not read as a tar.
    """
    digest = hashlib.sha256()
    for piece in unpack(data, limits):
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


def extract(files: Files, directory: Path) -> None:
    """Write `files` into `directory`, which must not exist yet (its parent must).

    Executable files get mode 0755, others 0644, both under the process's umask. Files are not synced to the
    disk: a directory counts as installed only once its marker is written, which happens later.

    Raises:
        InvalidPack: a path is bad; nothing was written.
        FileExistsError: `directory` exists; nothing was written.
        OSError: the disk is full or refuses; what was written so far stays, for the caller to remove.
    """
    problems = _path_problems(files, Limits(path=1 << 12, depth=1 << 12))
    if problems:
        raise _refusal(problems)
    directory.mkdir()
    root = str(directory)
    made = {""}
    for path, file in files.items():
        parent = path.rpartition("/")[0]
        if parent not in made:
            _make_parents(root, parent, made)
        _write_new(os.path.join(root, path), file)  # noqa: PTH118 - a Path for each file takes longer than its write


def _make_parents(root: str, parent: str, made: set[str]) -> None:
    missing = []
    while parent not in made:
        missing.append(parent)
        parent = parent.rpartition("/")[0]
    for path in reversed(missing):
        os.mkdir(os.path.join(root, path))  # noqa: PTH102, PTH118
        made.add(path)


def _write_new(path: str, file: File) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o755 if file.executable else 0o644)
    try:
        rest = memoryview(file.data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)


def compress(tar: bytes) -> bytes:
    """One gzip member around `tar`, whose header says nothing about this machine."""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(tar) + deflate.flush()
    return GZIP_HEADER + body + _TRAILER.pack(zlib.crc32(tar), len(tar) & 0xFFFFFFFF)


def unpack(data: bytes, limits: Limits) -> Iterator[bytes]:
    """The stream inside one gzip member, which is all that `data` may hold, in pieces of at most 64 KiB.

    Raises:
        InvalidPack: `data` is no gzip member, is damaged, has bytes after the member, or unpacks to more than
            the limits allow; nothing beyond the limits is ever unpacked.
    """
    if data[: len(GZIP_HEADER)] != GZIP_HEADER:
        raise ustar.refusal(_not_gzip(data))
    # The most that the limits allow: every file with its header and its padding, and the two end blocks.
    most = limits.unpacked + limits.members * (2 * ustar.BLOCK - 1) + len(ustar.END)
    if len(data) > most + most // 100 + _STEP:  # deflate never adds as much as a hundredth
        raise _fault(
            "too-large", f"the bundle has {len(data)} bytes, more than files within the limits can take"
        )
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    checksum = size = 0
    position = len(GZIP_HEADER)
    view = memoryview(data)
    while not inflate.eof:
        step: bytes | memoryview = inflate.unconsumed_tail
        if not step:
            step = view[position : position + _STEP]
            position += len(step)
        try:
            piece = inflate.decompress(step, _STEP)
        except zlib.error:
            raise _fault("gzip-damaged", f"the compressed data are damaged near byte {position}") from None
        if not (piece or step):
            raise _fault("gzip-truncated", "the gzip stream stops in its middle")
        checksum = zlib.crc32(piece, checksum)
        size += len(piece)
        if size > most:
            raise _fault(
                "too-large", f"the stream unpacks to more than {most} bytes, the most that the limits allow"
            )
        if piece:
            yield piece
    trailer = bytes(view[position - len(inflate.unused_data) :])
    if len(trailer) < _TRAILER.size:
        raise _fault("gzip-truncated", "the gzip stream stops before its checksum")
    expected, length = _TRAILER.unpack_from(trailer)
    if checksum != expected:
        raise _fault("gzip-crc", "the gzip checksum does not fit the data")
    if length != size & 0xFFFFFFFF:
        raise _fault("gzip-size", "the gzip length does not fit the data")
    rest = trailer[_TRAILER.size :]
    if rest[:2] == b"\x1f\x8b":
        raise _fault("gzip-second-member", "a second gzip stream follows the first")
    if rest:
        raise _fault("gzip-trailing-bytes", f"{len(rest)} bytes follow the end of the gzip stream")


def _not_gzip(data: bytes) -> Problem:
    if not data:
        return Problem("bundle-empty", "the file is empty")
    if GZIP_HEADER.startswith(data):
        return Problem("gzip-truncated", "the gzip stream stops in its header")
    if data[:3] == GZIP_HEADER[:3]:
        return Problem(
            "gzip-header",
            "the gzip header carries a time, a name, an extra field or another compression level",
        )
    for magic, what in _OTHER_FORMATS:
        if data.startswith(magic):
            return Problem("not-gzip", f"this is {what}, not a gzip file")
    what = "a plain tar file" if data[257:262] == b"ustar" else "a file of an unknown format"
    return Problem("not-gzip", f"this is {what}, not a gzip file")


def _problems(files: Files, limits: Limits) -> list[Problem]:
    """What breaks the rules in a set of files; their contents are not checked."""
    if len(files) > limits.members:
        return [Problem("too-many-files", f"there are {len(files)} files, more than {limits.members}")]
    total = sum(len(file.data) for file in files.values())
    if total > limits.unpacked:
        return [Problem("too-large", f"the files have {total} bytes, more than {limits.unpacked}")]
    found = _path_problems(files, limits)
    found += [
        Problem(
            "path-collision",
            f"the path is the same as {shown(first)!r} where file systems ignore case",
            shown(later),
        )
        for first, later in collisions(files)
    ]
    if MANIFEST not in files:
        found.append(Problem("manifest-missing", f"there is no {MANIFEST}", hint="every policy pack has one"))
    return found


def _path_problems(files: Files, limits: Limits) -> list[Problem]:
    return [
        Problem("bad-path", problem, shown(path), "rename the file")
        for path in files
        if (problem := path_problem(path, limits))
    ]


def _refusal(problems: list[Problem]) -> InvalidPack:
    return InvalidPack(
        f"the files cannot be a bundle: {problems[0]}"
        + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""),
        tuple(problems[:_SHOWN_PROBLEMS]),
    )


def _fault(code: str, message: str) -> InvalidPack:
    return ustar.refusal(Problem(code, message))


def _identity(tar: bytes | bytearray) -> str:
    return "sha256:" + hashlib.sha256(tar).hexdigest()
