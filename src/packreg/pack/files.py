"""The files of a pack, in memory, and how much of them is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

#: The name of the file that makes a directory a policy pack; Pulumi opens exactly this one at run time.
MANIFEST = "PulumiPolicy.yaml"


class File(NamedTuple):
    """One regular file: its bytes, and whether its owner may execute it (the only mode that is kept)."""

    data: bytes
    executable: bool = False


#: A pack's files by path: "/"-separated, relative to the pack's root.
Files = Mapping[str, File]


class Limits(NamedTuple):
    """How large a pack may be: sizes in bytes, and counts. Operators may raise each limit.

    The defaults leave room over what 163 public packs need: the largest manifest has 174 bytes, the
    largest pack 241 files and 3.9 MB, the longest path 71 bytes.
    """

    manifest: int = 64 * 1024
    members: int = 10_000
    unpacked: int = 64 * 1024 * 1024
    path: int = 240
    depth: int = 32


DEFAULT_LIMITS = Limits()
