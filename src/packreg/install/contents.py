"""Lists the contents of a directory when it is made, and compares them with the list later.

The list has, for every file and link, its kind, size, times, inode and the sha256 of its bytes. While the
size, the times (nobody can set the ctime on POSIX) and the inode are as listed, the bytes are unchanged; so a
comparison costs one `lstat` for each file. A copy with other times (a restored cache, the layer of an image)
is hashed once, and its list is renewed. On the fast path of `packreg path`.
"""
# ruff: noqa: PTH115, PTH118, PTH123 - pathlib makes an object of every path, and costs start-up time

from __future__ import annotations

import os
import stat

from packreg.install.trust import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    #: Path below the directory, with "/" -> kind, size, mtime and ctime in ns, inode, sha256 (or a link's
    #: text). The kind is "file", "program" (an executable file) or "link".
    Files = dict[str, list[Any]]

_DIGEST = 5


class TreeComparison:
    """What was found in a directory: `changed`, `missing` and `extra` paths, sorted.

    `renewed` is the list to keep from now on if only times (or inodes) differ, else None.
    """

    __slots__ = ("changed", "extra", "missing", "renewed")

    def __init__(self) -> None:
        self.changed: list[str] = []
        self.missing: list[str] = []
        self.extra: list[str] = []
        self.renewed: Files | None = None

    @property
    def same(self) -> bool:
        """Whether the contents are those that were listed."""
        return not (self.changed or self.missing or self.extra)

    def __str__(self) -> str:
        """The first difference, and how many more there are."""
        words = ((self.changed, "was changed"), (self.missing, "is missing"), (self.extra, "was added"))
        found = [f"{path} {what}" for paths, what in words for path in paths]
        return (
            found[0] + (f", and {len(found) - 1} more" if len(found) > 1 else "")
            if found
            else "nothing differs"
        )


def list_contents(root: str, leave: frozenset[str] = frozenset()) -> Files:
    """The list for everything below `root`, without the paths in `leave`; directories are not listed.

    Raises:
        OSError: something cannot be read.
    """
    files: Files = {}
    for path, entry in _walk(root, leave):
        files[path] = list_file(entry.path)
    return files


def list_file(path: str) -> list[Any]:
    """The list's entry for one file or link. Raises: OSError."""
    status = os.lstat(path)
    return [*_stamp(status), _digest(path, status)]


def compare(root: str, files: Files, leave: frozenset[str] = frozenset()) -> TreeComparison:
    """Compare what is below `root` with a list. Never raises: what cannot be read counts as changed."""
    found = TreeComparison()
    seen = 0
    renewed: Files = {}
    try:
        for path, entry in _walk(root, leave):
            listed = files.get(path)
            if listed is None:
                found.extra.append(path)
                continue
            seen += 1
            status = entry.stat(follow_symlinks=False)
            if (status.st_ctime_ns, status.st_ino, status.st_size, status.st_mtime_ns) == (
                listed[3], listed[4], listed[1], listed[2]
            ):  # fmt: skip
                continue
            stamp = _stamp(status)
            if stamp[:2] == listed[:2] and _digest(entry.path, status) == listed[_DIGEST]:
                renewed[path] = [*stamp, listed[_DIGEST]]
            else:
                found.changed.append(path)
    except OSError as error:
        found.changed.append(os.path.relpath(error.filename or root, root))
        return found
    if seen < len(files):
        found.missing = sorted(path for path in files if not os.path.lexists(os.path.join(root, path)))
        seen += len(found.missing)
        if seen < len(files):  # a listed file is behind a link that was a directory, or is in `leave`
            found.changed.append(".")
    if renewed and found.same:
        found.renewed = {**files, **renewed}
    return found


def digest_of(files: Files) -> str:
    """One digest of the contents, `sha256:…`; times and compiled modules do not count."""
    lines = (
        f"{files[path][0]} {files[path][_DIGEST]} {path}\n" for path in sorted(files) if not is_compiled(path)
    )
    return f"sha256:{sha256(''.join(lines).encode('utf-8', 'surrogateescape')).hexdigest()}"


def is_compiled(path: str) -> bool:
    """Whether a path is in a `__pycache__`, where Python writes compiled modules when they are imported."""
    return path.split("/")[-2:-1] == ["__pycache__"]


def _walk(root: str, leave: frozenset[str]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    waiting = [(root, "")]
    while waiting:
        directory, below = waiting.pop()
        with os.scandir(directory) as entries:
            for entry in entries:
                path = below + entry.name
                if path in leave:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, path + "/"))
                else:
                    yield path, entry


def _stamp(status: os.stat_result) -> list[Any]:
    mode = status.st_mode
    if stat.S_ISREG(mode):
        kind = "program" if mode & 0o111 else "file"
    else:
        kind = "link" if stat.S_ISLNK(mode) else "special"
    return [kind, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _digest(path: str, status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    if not stat.S_ISREG(status.st_mode):
        return ""
    from hashlib import file_digest

    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()
