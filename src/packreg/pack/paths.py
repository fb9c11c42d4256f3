"""Which paths a pack may hold: those that mean the same file on Linux, macOS and Windows.

A path is relative to the pack's root, "/"-separated, UTF-8 in NFC. On one of these systems a refused path
would be lost, merged with another file, or misread by a person; of 163 public packs none has such a path.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from packreg.pack.files import DEFAULT_LIMITS, Limits
from packreg.pack.version import WINDOWS_DEVICES
from packreg.text import CUT, plain

#: The directory that every member of a bundle lies in, as in the archives of `npm pack`.
TOP = "package/"
#: What a ustar header has room for (POSIX.1-1988): the end of the path, and the directory before it.
NAME_BYTES = 100
PREFIX_BYTES = 155

_FORBIDDEN_ON_WINDOWS = frozenset('<>:"|?*')
_INVISIBLE = {"Cc": "a control character", "Cf": "an invisible or direction-changing character"}
_INVISIBLE |= {"Zl": "a line separator", "Zp": "a line separator", "Cs": "bytes that are not UTF-8"}
_PLAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)


def shown(path: str) -> str:
    """`path` as it can be printed anywhere: escaped by `plain`, and cut if it is very long."""
    return plain(path if len(path) <= 300 else path[:300] + CUT)


def path_problem(path: str, limits: Limits = DEFAULT_LIMITS) -> str:
    """Why `path` cannot be in a pack, or an empty string when it can.

    Length counts in UTF-8 bytes, depth in segments. Operators can raise both limits, but not the room in a
    tar header.
    """
    if not path:
        return "a path cannot be empty"
    if path[0] == "/":
        return "the path is absolute"
    segments = path.split("/")
    for segment in segments:
        problem = _segment_problem(segment)
        if problem:
            return problem
    encoded = path.encode()  # a lone surrogate cannot get here
    if len(encoded) > limits.path:
        return f"the path has {len(encoded)} bytes, more than {limits.path}"
    if len(segments) > limits.depth:
        return f"the path is {len(segments)} levels deep, more than {limits.depth}"
    if split_name(TOP.encode() + encoded) is None:
        return f"a tar header has no room for it: no '/' leaves at most {NAME_BYTES} bytes after it"
    return ""


@lru_cache(maxsize=4096)
def _segment_problem(segment: str) -> str:
    """Why `segment` cannot be the name of a file or directory; names repeat a lot, hence the cache."""
    if segment.partition(".")[0].rstrip(" ").casefold() in WINDOWS_DEVICES:
        return f"{shown(segment)!r} is a device name on Windows"
    if _PLAIN.fullmatch(segment):
        return ""
    if segment in ("", "."):
        return "the path has an empty segment or a '.'"
    if segment == "..":
        return "the path has a '..'"
    for character in segment:
        if character in _FORBIDDEN_ON_WINDOWS:
            return f"Windows does not allow {character!r} in a file name"
        if character == "\\":
            return "a backslash separates directories on Windows"
        fault = _INVISIBLE.get(unicodedata.category(character))
        if fault:
            return f"the name holds {fault}, U+{ord(character):04X}"
    if segment[-1] in ". ":
        return f"Windows drops the final {segment[-1]!r} of {segment!r}"
    if not unicodedata.is_normalized("NFC", segment):
        return "the name is not in Unicode normal form C, so macOS and Linux spell it differently"
    return ""


def collisions(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of paths that collide on some file system, as (seen first, seen later).

    Two paths collide if they differ only in case or Unicode normal form, or if one path is both a file and a
    directory. Directories are shown with a final "/".
    """
    found: list[tuple[str, str]] = []
    written: dict[str, str] = {}  # folded path -> as first written
    directories: set[str] = set()
    for path in paths:
        parent = path
        while (parent := parent.rpartition("/")[0]) and parent not in directories:
            directories.add(parent)
            first = written.setdefault(_fold(parent), parent + "/")
            if first != parent + "/":
                found.append((first, parent + "/"))
        folded = _fold(path)
        if folded in written:
            found.append((written[folded], path))
        else:
            written[folded] = path
    return found


def _fold(path: str) -> str:
    """The same text for all spellings that some file system may treat as one (Unicode 3.13, definition 145).

    The definition's last NFD step is left out, as it changes nothing: a test checks every character.
    """
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", path).casefold()


def split_name(name: bytes) -> tuple[bytes, bytes] | None:
    """`name` split into the prefix and the name of a ustar header, or None if it does not fit.

    The prefix is empty if possible; else it ends at the first "/" that leaves a name short enough. So each
    path has exactly one header.
    """
    if len(name) <= NAME_BYTES:
        return b"", name
    cut = name.find(b"/", len(name) - NAME_BYTES - 1)
    if cut < 0 or cut > PREFIX_BYTES or cut == len(name) - 1:
        return None
    return name[:cut], name[cut + 1 :]
