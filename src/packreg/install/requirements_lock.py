"""Reads Python locks, and refuses any form but the one that installers may be given. Pure.

A lock comes from a record, so from outside, and uv and pip read far more from such a file than names and
hashes: other indexes, URLs, local directories, further files. So every line must be exactly
`name[extras]==version [; marker]` with at least one sha256, as `uv pip compile --generate-hashes` writes it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from packreg.errors import InstallError

MAX_LOCK = 4 * 2**20

_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[A-Za-z0-9._, -]*\])?"
    r"==(?P<version>[A-Za-z0-9.!+_-]+)"
    r"(?:[ \t]*;[ \t]*(?P<marker>[A-Za-z0-9_.'\"()<>=!~, \t*+-]+?))?"
    r"(?P<hashes>(?:[ \t]+--hash=sha256:[0-9a-f]{64})+)[ \t]*",
    re.ASCII,
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})", re.ASCII)


class Locked(NamedTuple):
    """One package of a lock; `hashes` are the sha256 (hex) of every file of it that may be installed."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def read_lock(text: str, of: str) -> tuple[Locked, ...]:
    """The packages of a lock, in its order; `of` says in errors whose lock it is.

    Raises:
        InstallError: a line is not an exact version with sha256 hashes, or the lock is too long.
    """
    if len(text) > MAX_LOCK:
        raise InstallError(f"the lock of {of} is larger than {MAX_LOCK // 2**20} MiB")
    packages = []
    for number, line in _logical_lines(text):
        match = _LINE.fullmatch(line)
        if match is None:
            shown = line if len(line) <= 80 else line[:80] + "…"
            raise InstallError(
                f"line {number} of the lock of {of} is not an exact version with sha256 hashes: {shown!r}",
                hint="publish a new version; `packreg publish` makes locks of the right form",
            )
        packages.append(
            Locked(
                match["name"], match["version"], match["marker"] or "", tuple(_HASH.findall(match["hashes"]))
            )
        )
    return tuple(packages)


def _logical_lines(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers (from 1), continuations joined, without comment lines and empty ones."""
    lines: list[tuple[int, str]] = []
    start, held = 0, ""
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not held and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start = start if held else number
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        lines.append((start, (held + line).strip()))
        held = ""
    if held:
        lines.append((start, held.strip()))
    return lines
