"""Read a wheel from a pack's bundle within limits: a small zip file can unpack to a very large one."""

from __future__ import annotations

import re
import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from packreg.errors import InvalidPack

#: Bytes of a METADATA file, which contains the README: enough for the largest public ones.
MAX_METADATA = 1024 * 1024
#: Bytes of a wheel's central directory; Python needs ten times as much memory for it.
_MAX_DIRECTORY = 2 * 1024 * 1024
_END = struct.Struct("<4s4H2LH")  # APPNOTE.TXT 4.3.16
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_PIECE = 64 * 1024


def wheel_metadata(name: str, data: bytes, most: int) -> bytes:
    """The METADATA of the wheel `name`. All members are unpacked once to check them, and not kept.

    Raises:
        InvalidPack: `data` is no readable wheel, or its members have more than `most` bytes together.
    """
    _check_directory(name, data)
    try:
        with ZipFile(BytesIO(data)) as archive:
            metadata = [member for member in archive.infolist() if _METADATA.fullmatch(member.filename)]
            if len(metadata) != 1 or metadata[0].file_size > MAX_METADATA:
                raise _refusal(
                    name, f"it does not have exactly one METADATA of at most {MAX_METADATA >> 20} MiB"
                )
            left = most
            for member in archive.infolist():
                if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                    raise _refusal(name, "an entry is compressed in a way that wheels do not use")
                with archive.open(member) as file:
                    while piece := file.read(_PIECE):
                        left -= len(piece)
                        if left < 0:
                            raise _refusal(name, f"its files have more than {most} bytes")
            return archive.read(metadata[0])
    except (BadZipFile, EOFError, ValueError, RuntimeError, OSError, zlib.error) as error:
        raise _refusal(name, str(error)) from error


def _check_directory(name: str, data: bytes) -> None:
    """Refuse a central directory that is too large, before `ZipFile` reads all of it."""
    at = len(data) - _END.size
    if data[at : at + 4] != b"PK\5\6" or data[-2:] != b"\0\0":
        at = data.rfind(b"PK\5\6", max(0, len(data) - _END.size - 0xFFFF))
    if at < 0 or len(data) - at < _END.size:
        raise _refusal(name, "it is not a zip file")
    size = _END.unpack_from(data, at)[5]
    is_zip64 = data[max(0, at - 20) : max(0, at - 16)] == b"PK\6\7"  # its sizes lie elsewhere
    if size > _MAX_DIRECTORY or is_zip64:
        raise _refusal(name, "its list of entries is too long")


def _refusal(name: str, why: str) -> InvalidPack:
    return InvalidPack(f"the wheel {name} that the pack brings cannot be used: {why}")
