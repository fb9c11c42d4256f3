"""What is in a wheel that a pack brings, read within bounds: a zip file says little of what it unpacks to."""

from __future__ import annotations

import re
import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from packreg.errors import InvalidPack

#: Bytes of a METADATA file: the largest among the public ones is a long README.
MAX_METADATA = 1024 * 1024
#: Bytes of a wheel's list of members, of which Python makes ten times as much.
_MAX_DIRECTORY = 2 * 1024 * 1024
_END = struct.Struct("<4s4H2LH")  # APPNOTE.TXT 4.3.16
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")
_PIECE = 64 * 1024


def wheel_metadata(name: str, data: bytes, most: int) -> bytes:
    """The METADATA of the wheel `name`, after all of its members were unpacked once, and none of them kept.

    Raises:
        InvalidPack: it is no wheel that can be read, or its members have more than `most` bytes together.
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
    """Look at the size of the list of members, all of which `ZipFile` reads when it is made."""
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
