"""The rules of one `.gitignore` or `.npmignore` file, with git's meaning (gitignore(5)).

pathspec reads the patterns themselves. This module adds how git applies them: level by level from the root,
each path for itself, and the last matching line decides. pathspec matches whole paths, which lets a line
re-include a file whose directory is excluded; git does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pathspec import GitIgnoreSpec

#: Added to the end of a path and of a pattern, so that a pattern matches the path but no parent of it.
_END = "\0"
_TRAILING_SPACES = re.compile(r"(?<!\\) +$")
#: What git reads and pathspec does not: three stars, which mean the same as two, and POSIX classes.
_MANY_STARS = re.compile(r"(?:(?<![^/])|(?<=^!))\*{3,}(?![^/])")
_CLASSES = {"[:alpha:]": "a-zA-Z", "[:digit:]": "0-9", "[:alnum:]": "a-zA-Z0-9", "[:upper:]": "A-Z"}
_CLASSES |= {"[:lower:]": "a-z", "[:xdigit:]": "0-9a-fA-F", "[:space:]": " ", "[:blank:]": " "}


def ignore_spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    """The pathspec object for these patterns, always with Python's own regular expressions.

    By default pathspec uses whichever faster library is installed, and those refuse names that are not UTF-8.

    Raises:
        ValueError: a pattern cannot be read.
    """
    return GitIgnoreSpec.from_lines(patterns, backend="simple")


class Decision(NamedTuple):
    """What a line of an ignore file says of a path, and which line (`.gitignore:3`)."""

    ignored: bool
    line: str


class IgnoreFile:
    """An ignore file at `where` (its path in the pack) with the bytes `data`.

    Lines that are no valid pattern are skipped, as git does.
    """

    def __init__(self, where: str, data: bytes) -> None:
        self.where = where
        self._prefix = len(where) - len(where.rpartition("/")[2])
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
        self._for_directories = _Patterns()
        self._for_files = _Patterns()
        for number, line in enumerate(text.split("\n"), 1):
            body = _TRAILING_SPACES.sub("", line.removesuffix("\r"))
            only_directories = body.endswith("/")
            pattern = _bounded(body.removesuffix("/"))
            if pattern:
                self._for_directories.add(pattern, number)
                if not only_directories:
                    self._for_files.add(pattern, number)

    def decide(self, path: str, *, directory: bool) -> Decision | None:
        """What the last line that matches `path` says; None if no line does.

        `path` is relative to the pack, lies below this file's directory, and has no final "/".
        """
        patterns = self._for_directories if directory else self._for_files
        ignored, number = patterns.last_match(path[self._prefix :] + _END)
        return None if ignored is None else Decision(ignored, f"{self.where}:{number}")


class _Patterns:
    """Patterns with their line numbers."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, int]] = []
        self._spec: GitIgnoreSpec | None = None

    def add(self, pattern: str, number: int) -> None:
        try:
            ignore_spec([pattern])
        except ValueError:
            return  # git skips a pattern that it cannot read, too
        self._lines.append((pattern, number))

    def last_match(self, path: str) -> tuple[bool | None, int]:
        if self._spec is None:
            self._spec = ignore_spec([pattern for pattern, _ in self._lines])
        result = self._spec.check_file(path)
        if result.include is None or result.index is None:
            return None, 0
        return result.include, self._lines[result.index][1]


def _bounded(body: str) -> str:
    """A pattern without its final "/", made to match at the end of a path only; empty if it is none."""
    if not body or body[0] == "#" or body in ("!", "/", "!/"):
        return ""
    if (len(body) - len(body.rstrip("\\"))) % 2:
        return ""  # it ends with a backslash that escapes nothing
    body = _MANY_STARS.sub("**", body)
    for name, characters in _CLASSES.items():
        body = body.replace(name, characters)
    return body if body.endswith("/**") else body + _END
