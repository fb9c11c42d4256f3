"""The tar stream inside a bundle: a writer, and a reader that accepts only what the writer writes.

The stream is POSIX ustar (IEEE Std 1003.1-1988, the format that every tar program reads): for each file,
in the order of the bytes of its path, one header block of 512 bytes and the file's bytes, filled up to a
multiple of 512 with zero bytes; then two blocks of zero bytes, and nothing after them (no padding to a
record size). In a header: the path under `package/`, split into prefix and name by `paths.split_name`;
mode 0000644 or 0000755; uid, gid, device numbers 0000000; mtime 00000000000; no owner names, no link name;
type 0; magic "ustar", version "00"; numbers in octal, with leading zeros, ended by a zero byte (the
checksum by a zero byte and a space).

The reader takes path, size and mode out of a header, writes the header that the writer would have written
for them, and requires the same 512 bytes. So whatever can be hidden in a tar header (links, devices, extended
headers, owners, times, bytes after a name) is refused without a list of such things; only the message says
which of them was found.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator

from packreg.errors import InvalidPack, Problem
from packreg.pack.files import File, Limits
from packreg.pack.paths import TOP, shown, split_name

BLOCK = 512
END = bytes(2 * BLOCK)

_FIELDS = struct.Struct("100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x")
_ZERO_BLOCK = bytes(BLOCK)
_ZERO8 = b"0000000\0"
_ZERO12 = b"00000000000\0"
_TOP = TOP.encode()

_TYPES = {
    b"1": ("tar-hard-link", "a hard link"),
    b"2": ("tar-symlink", "a symbolic link"),
    b"3": ("tar-device", "a character device"),
    b"4": ("tar-device", "a block device"),
    b"5": ("tar-directory", "a directory entry, which bundles never have"),
    b"6": ("tar-fifo", "a fifo"),
    b"7": ("tar-member-type", "a contiguous file"),
    b"x": ("tar-pax", "a pax extended header"),
    b"g": ("tar-pax-global", "a pax global header, as 'git archive' writes"),
    b"L": ("tar-gnu-longname", "a GNU long name"),
    b"K": ("tar-gnu-longname", "a GNU long link name"),
    b"S": ("tar-sparse", "a sparse file"),
}


def header(name: bytes, size: int, executable: bool) -> bytes | None:
    """The header block of a file called `name` (`package/…`) of `size` bytes; None if it has no room."""
    parts = split_name(name)
    if parts is None or size >= 8**11:
        return None
    mode = b"0000755\0" if executable else b"0000644\0"
    digits = b"%011o\0" % size
    prefix, short = parts
    # The checksum counts its own field as eight spaces; _FIXED_SUM is the sum of what all headers share.
    checksum = _FIXED_SUM + sum(prefix) + sum(short) + sum(mode) + sum(digits)
    return _fields(short, mode, digits, b"%06o\0 " % checksum, prefix)


def _fields(name: bytes, mode: bytes, size: bytes, checksum: bytes, prefix: bytes) -> bytes:
    return _FIELDS.pack(
        name, mode, _ZERO8, _ZERO8, size, _ZERO12, checksum, b"0", b"", b"ustar\0", b"00", b"", b"",
        _ZERO8, _ZERO8, prefix,
    )  # fmt: skip


_FIXED_SUM = sum(_fields(b"", b"", b"", b" " * 8, b""))


def write(files: Iterable[tuple[str, File]]) -> bytes:
    """The stream of `files`, which must be sorted and have valid paths."""
    parts: list[bytes] = []
    for path, file in files:
        block = header(_TOP + path.encode(), len(file.data), file.executable)
        assert block is not None, path  # a good path has room; the limits keep sizes below 8 GiB
        parts += (block, file.data, bytes(-len(file.data) % BLOCK))
    parts.append(END)
    return b"".join(parts)


class Stream:
    """A tar stream that comes in pieces, read in order."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer where the stream ends."""
        whole = io.BytesIO()
        for piece in self._next(size):
            whole.write(piece)
        return whole.getvalue()

    def skip(self, size: int | None = None) -> int:
        """Skip `size` bytes, or all that are left; returns how many there were."""
        return sum(len(piece) for piece in self._next(size))

    def _next(self, size: int | None) -> Iterator[memoryview]:
        while size is None or size:
            if not self._rest:
                self._rest = memoryview(next(self._pieces, b""))
                if not self._rest:
                    return
            piece = self._rest[:size]
            self._rest = self._rest[len(piece) :]
            size = size if size is None else size - len(piece)
            yield piece


def read(stream: Stream, limits: Limits, *, keep: bool = True) -> Iterator[tuple[str, File]]:
    """The files of a stream, in its order; paths must be UTF-8 under `package/` and are not checked further.

    Without `keep` the data of each file is empty.

    Raises:
        InvalidPack: with one problem, at the first byte that `write` would not have written, or when there
            is more than the limits allow.
    """
    members = unpacked = 0
    previous = b""
    while True:
        block = stream.read(BLOCK)
        if block == _ZERO_BLOCK:
            break
        if len(block) < BLOCK:
            code = "tar-truncated" if block else "tar-no-end"
            raise _fault(code, "the tar stream stops without its two end blocks")
        name = _joined_name(block)
        size = _octal(block[124:136])
        if block != header(name, size, block[100:108] == b"0000755\0"):
            raise _diagnosis(block, name, size)
        path = _path(name)
        if name <= previous:
            if name == previous:
                raise _fault("tar-duplicate", "the entry appears twice", path)
            raise _fault("tar-order", f"the entry is out of order, after {_shown(previous)!r}", path)
        previous = name
        members += 1
        if members > limits.members:
            raise _fault("too-many-files", f"there are more than {limits.members} files")
        unpacked += size
        if unpacked > limits.unpacked:
            raise _fault("too-large", f"the files have more than {limits.unpacked} bytes", path)
        data = stream.read(size) if keep else b""
        passed = len(data) if keep else stream.skip(size)
        padding = stream.read(-size % BLOCK)
        if passed + len(padding) < size + -size % BLOCK:
            raise _fault("tar-truncated", f"the tar stream stops inside the file of {size} bytes", path)
        if any(padding):
            raise _fault("tar-padding", "there are bytes hidden after the end of the file", path)
        yield path, File(data, block[100:108] == b"0000755\0")
    if stream.read(BLOCK) != _ZERO_BLOCK:
        raise _fault("tar-no-end", "the tar stream has no second end block")
    if more := stream.skip():
        raise _fault("tar-garbage-after-end", f"{more} bytes follow the end of the stream")


def _joined_name(block: bytes) -> bytes:
    """Prefix and name of a header, each up to its first zero byte."""
    name, prefix = block[:100].partition(b"\0")[0], block[345:500].partition(b"\0")[0]
    return prefix + b"/" + name if prefix else name


def _octal(field: bytes) -> int:
    """The number in a field; -1 if there is none. The caller refuses any spelling but that of `header`."""
    try:
        return max(int(field.rstrip(b"\0 "), 8), -1)
    except ValueError:
        return -1


def _path(name: bytes) -> str:
    """The path below `package/` of a member that has the right header."""
    if name[:1] == b"/":
        raise _fault("path-absolute", "the entry's name is absolute", _shown(name))
    if b".." in name.split(b"/"):
        raise _fault("path-dotdot", "the entry's name has a '..'", _shown(name))
    if not name.startswith(_TOP):
        raise _fault("tar-top-directory", f"the entry does not lie under {TOP}", _shown(name))
    try:
        return name[len(_TOP) :].decode()
    except UnicodeDecodeError:
        raise _fault("path-not-utf8", "the entry's name is not UTF-8", _shown(name)) from None


def _diagnosis(block: bytes, name: bytes, size: int) -> InvalidPack:
    """The error for a `block` that `header` would not have written; the most telling reason comes first."""
    where = _shown(name)
    written = _octal(block[148:156])
    if written != sum(block) - sum(block[148:156]) + 8 * 32:
        return _fault("tar-checksum", "the header's checksum is wrong: the stream is damaged", where)
    kind = block[156:157]
    if kind in _TYPES:
        code, what = _TYPES[kind]
        return _fault(code, f"the entry is {what}; a bundle holds regular files only", where)
    if block[257:265] != b"ustar\x0000":
        what = "GNU tar's own format" if block[257:265] == b"ustar  \0" else "an older format"
        return _fault("tar-not-ustar", f"the header is in {what}, not ustar", where)
    if kind != b"0":
        return _fault("tar-member-type", f"the entry has the unknown type {kind.decode('latin-1')!a}", where)
    if size < 0 or block[124:136] != b"%011o\0" % size:
        return _fault("tar-size", "the size is negative, in base 256 or not in plain octal digits", where)
    if block[100:108] not in (b"0000644\0", b"0000755\0"):
        return _fault("tar-mode", f"the mode is {_shown(block[100:107])}, not 0644 or 0755", where)
    if block[108:124] != _ZERO8 * 2 or any(block[265:329]):
        return _fault("tar-owner", "the header names an owner", where)
    if block[136:148] != _ZERO12:
        return _fault("tar-mtime", "the header has a modification time", where)
    prefix, short = split_name(name) or (b"", b"")
    if short.ljust(100, b"\0") != block[:100] or prefix.ljust(155, b"\0") != block[345:500]:
        return _fault("tar-name", "the name is split in another way, or something is hidden after it", where)
    return _fault("tar-header", "unused fields of the header are not empty", where)


def _shown(name: bytes) -> str:
    return shown(name.decode("utf-8", "backslashreplace"))


def _fault(code: str, message: str, where: str = "") -> InvalidPack:
    return refusal(Problem(code, message, shown(where)))


def refusal(problem: Problem) -> InvalidPack:
    """The error for a bundle with one fault."""
    return InvalidPack(
        f"this is not a bundle that packreg wrote: {problem}",
        (problem._replace(hint=problem.hint or "write bundles with 'packreg bundle'"),),
        hint="write bundles with 'packreg bundle'; if a registry served this one, it is damaged or forged",
    )
