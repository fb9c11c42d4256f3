"""The text of a file that a pack's author wrote: its size, encoding and characters, and positions in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import islice

from packreg.pack.problems import Problems

#: Problems of one kind that are reported for one file, at most.
MAX_PROBLEMS = 20
BOM = "\ufeff"
LINE_BREAK = re.compile(r"\r\n|\r|\n")

#: Control characters except tab and line breaks, line breaks for some readers only (NEL, U+2028, U+2029),
#: noncharacters, and byte order marks in the wrong place.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufeff\ufffe\uffff]")


def decode(data: bytes, where: str, problems: Problems, *, limit: int) -> str | None:
    """The text of a file of at most `limit` bytes, strict UTF-8; one byte order mark is dropped.

    None after a problem.
    """
    if len(data) > limit:
        problems.error(
            "too-large",
            f"the file has {len(data):,} bytes, more than the limit of {limit:,}",
            where,
            "remove what does not belong there",
        )
        return None
    if b"\0" in data[:4]:
        message = "the file looks like UTF-16 or UTF-32"
        problems.error("not-utf8", message, f"{where}:1:1", "save the file as UTF-8")
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        hint = "save the file as UTF-8"
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            hint = "it looks like UTF-16; save the file as UTF-8"
        problems.error("not-utf8", "the file is not UTF-8", f"{where}:{position(before, len(before))}", hint)
        return None
    return text.removeprefix(BOM)


def check_characters(text: str, where: str, problems: Problems) -> bool:
    """Whether `text` holds only characters that every reader of the file reads alike; reports the others."""
    refused = list(islice(_REFUSED.finditer(text), MAX_PROBLEMS))
    positions = Positions(text)
    for match in refused:
        problems.error(
            "odd-character",
            f"the character U+{ord(match[0]):04X} cannot stand in this file",
            f"{where}:{positions.at(match.start())}",
            "delete it",
        )
    return not refused


class Positions:
    """Converts many offsets of one text to lines and columns."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in LINE_BREAK.finditer(text))]

    def at(self, offset: int) -> str:
        """`line:column` of a character offset, both counted from 1; CR, LF and CRLF end a line."""
        line = bisect_right(self._starts, offset)
        return f"{line}:{offset - self._starts[line - 1] + 1}"


def position(text: str, offset: int) -> str:
    """`line:column` of one character offset."""
    return Positions(text).at(offset)


def short(text: str) -> str:
    """`text` quoted for a message, with escapes and at most 40 characters of it."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
