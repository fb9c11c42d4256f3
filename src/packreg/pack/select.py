"""Find and read the files of a directory that belong to the pack, without following a link.

Left out are, in this order: what is left out by default (version control, installed packages, virtual
environments, compiled code, keys and environment files), what `.gitignore` files inside the pack exclude, and
for Node.js packs what `npm pack` would leave out. A `!` line in an ignore file brings back a file that is
only left out by default; nothing brings back a directory. Ignore files outside the pack have no effect: the
same directory gives the same bundle wherever it lies.

A file is executable if its owner may execute it. Windows keeps no such bit, so no file is executable there.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from packreg.pack.files import DEFAULT_LIMITS, File, Limits
from packreg.pack.gitignore import Decision, IgnoreFile
from packreg.pack.npm_files import NpmFiles
from packreg.pack.paths import path_problem, shown
from packreg.pack.problems import Problems

#: The directory of the wheel that publishing builds; a pack must not have files of its own there.
RESERVED = ".packreg"
#: The marker that an installation leaves in a pack's directory.
MARKER = ".packreg.json"

_DIRECTORIES = {
    ".git": "git's own data",
    ".hg": "Mercurial's own data",
    ".svn": "Subversion's own data",
    "CVS": "CVS's own data",
    "node_modules": "packages are installed again from package.json",
    "__pycache__": "code is compiled again",
}
_ENVIRONMENT = "a virtual environment is made again from the dependencies"
_FILES = (
    (r".*\.py[co]", "code is compiled again"),
    (r"\.env(?:\..*)?", "environment files hold secrets"),
    (r"\.npmrc|\.yarnrc.*|pip\.(?:conf|ini)", "whoever installs configures package managers"),
    (r".*\.(?:pem|key)|id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?(?:\.pub)?", "it looks like a key"),
    (r"\.ds_store|thumbs\.db|desktop\.ini", "it belongs to a file manager"),
    (re.escape(MARKER), "it belongs to an installation"),
)
#: One group for each line of `_FILES`, so the groups inside the lines must not capture.
_LEFT_OUT = re.compile("|".join(f"({pattern})" for pattern, _ in _FILES))
_KINDS = ((stat.S_ISFIFO, "a fifo"), (stat.S_ISSOCK, "a socket"), (stat.S_ISBLK, "a block device"))
_MAX_IGNORE_FILE = 1 << 18

_Rules: TypeAlias = tuple[IgnoreFile, ...]


class LeftOut(NamedTuple):
    """A file or directory (with a final "/") that is not part of the pack, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The files of a pack as they are on disk, and the files and directories left out of it, both sorted."""

    files: dict[str, File]
    left_out: tuple[LeftOut, ...]

    def reason(self, path: str) -> str:
        """Why `path`, or a directory above it, was left out; "" if neither was."""
        for left in self.left_out:
            if path == left.path or (left.path.endswith("/") and path.startswith(left.path)):
                return left.reason
        return ""


def select_files(
    directory: Path, problems: Problems, limits: Limits = DEFAULT_LIMITS, *, npm: NpmFiles | None = None
) -> Selection:
    """Find and read the files of the pack in `directory`; `npm` for Node.js packs.

    Everything that keeps the directory from being a pack goes to `problems`: links and special files, bad
    names, files that cannot be read or change meanwhile, more than the limits allow (where it stops).
    """
    walk = _Walk(directory, problems, limits, npm)
    walk.run()
    files: dict[str, File] = {}
    if not walk.full:
        for path in sorted(walk.found, key=os.fsencode):
            file = _read(directory / path, path, walk.found[path], problems)
            if file is not None:
                files[path] = file
    return Selection(files, tuple(sorted(walk.left_out)))


def left_out_by_default(path: str) -> str:
    """Why a file at `path` is left out unless an ignore file brings it back; "" if it is not.

    Does not find virtual environments, which are recognised by a file in them and not by their path.
    """
    *parents, name = path.split("/")
    for segment in (*parents, name):
        if segment in _DIRECTORIES:
            return _DIRECTORIES[segment]
    match = _LEFT_OUT.fullmatch(name.lower())
    return _FILES[(match.lastindex or 1) - 1][1] if match else ""


def reserved(path: str) -> str:
    """Why nothing may be created at `path` in an installed pack; "" if something may.

    Case is ignored, since some file systems ignore it.
    """
    folded = path.lower()
    if folded.split("/")[0] in (RESERVED, MARKER):
        return "packreg keeps its own files there"
    return left_out_by_default(path) or left_out_by_default(folded)


def read_file(file: Path, limit: int) -> bytes | None:
    """The bytes of a regular file of at most `limit` bytes; None for anything else. Follows no link."""
    try:
        status = file.lstat()
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
        return None
    found = _read(file, "", status.st_size, Problems())
    return found.data if found else None


class _Walk:
    """One walk through a pack's directory. `found` maps paths to sizes; `full` is set beyond the limits."""

    def __init__(self, root: Path, problems: Problems, limits: Limits, npm: NpmFiles | None) -> None:
        self.root, self.problems, self.limits, self.npm = root, problems, limits, npm
        self.found: dict[str, int] = {}
        self.left_out: list[LeftOut] = []
        self.full = False
        self._total = 0
        #: Directories to visit: path with a final "/", the ignore files above, why it is excluded or "".
        self._waiting: list[tuple[str, _Rules, str]] = [("", (), "")]

    def run(self) -> None:
        """Walk until everything was visited or a limit is exceeded."""
        while self._waiting and not self.full:
            self._directory(*self._waiting.pop())

    def _directory(self, prefix: str, rules: _Rules, closed: str) -> None:
        try:
            with os.scandir(self.root / prefix) as scan:
                entries = {entry.name: entry for entry in scan}
        except OSError as error:
            self._error(
                "unreadable",
                f"the directory cannot be read: {error.strerror}",
                prefix,
                "change its permissions",
            )
            return
        if "pyvenv.cfg" in entries:
            if prefix:
                self.left_out.append(LeftOut(prefix, _ENVIRONMENT))
                return
            hint = "move the pack's files into a directory of their own"
            self._error("is-environment", "the directory itself is a virtual environment", "pyvenv.cfg", hint)
        rules = self._with_ignore_file(prefix, entries, rules)
        for name in sorted(entries, key=os.fsencode):
            self._entry(prefix + name, entries[name], rules, closed)
            if self.full:
                return

    def _with_ignore_file(self, prefix: str, entries: dict[str, os.DirEntry[str]], rules: _Rules) -> _Rules:
        """The ignore files that apply in a directory: an .npmignore replaces the .gitignore beside it."""
        if self.npm and self.npm.has_list and not prefix:
            return rules
        name = ".npmignore" if self.npm and ".npmignore" in entries else ".gitignore"
        if name not in entries or not entries[name].is_file(follow_symlinks=False):
            return rules
        path = prefix + name
        size = entries[name].stat(follow_symlinks=False).st_size
        if size > _MAX_IGNORE_FILE:
            self._error("ignore-file", f"the file has {size} bytes, more than {_MAX_IGNORE_FILE}", path)
            return rules
        file = _read(self.root / path, path, size, self.problems)
        return rules if file is None else (*rules, IgnoreFile(path, file.data))

    def _entry(self, path: str, entry: os.DirEntry[str], rules: _Rules, closed: str) -> None:
        directory = entry.is_dir(follow_symlinks=False)
        if entry.name in _DIRECTORIES:
            self.left_out.append(LeftOut(path + "/" * directory, _DIRECTORIES[entry.name]))
            return
        decision = _decision(path, directory, rules)
        if directory:
            reason = closed or (f"ignored by {decision.line}" if decision and decision.ignored else "")
            self._subdirectory(path, rules, reason)
        elif reason := self._reason(path, entry.name, decision, closed):
            self.left_out.append(LeftOut(path, reason))
        else:
            self._file(path, entry)

    def _subdirectory(self, path: str, rules: _Rules, closed: str) -> None:
        """Visit a directory later; an excluded one (`closed`) only if npm always takes a file below it."""
        if closed and not (self.npm and self.npm.always_below(path)):
            self.left_out.append(LeftOut(path + "/", closed))
        elif path == RESERVED:
            self._error(
                "reserved-path", f"{RESERVED} is kept for what packreg adds to a pack", path, "rename it"
            )
        elif path.count("/") >= self.limits.depth:
            message = f"directories go deeper than {self.limits.depth} levels"
            self._error("bad-path", message, path, "move it up")
        else:
            self._waiting.append((path + "/", rules, closed))

    def _reason(self, path: str, name: str, decision: Decision | None, closed: str) -> str:
        """Why a file is not part of the pack, judged by its path alone; "" if it is."""
        by_default = left_out_by_default(name)
        if by_default and (closed or decision is None or decision.ignored):
            return by_default
        if self.npm and self.npm.always(path):
            return ""
        if closed:
            return closed
        if decision and decision.ignored and not (self.npm and self.npm.names(path)):
            return f"ignored by {decision.line}"
        if self.npm and (decision is None or self.npm.has_list):
            return self.npm.left_out(path)
        return ""

    def _file(self, path: str, entry: os.DirEntry[str]) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._error("unreadable", f"the file cannot be read: {error.strerror}", path)
            return
        if stat.S_ISLNK(status.st_mode):
            hint = "put the file itself there, or name the link in .gitignore"
            self._error("symlink", "symbolic links cannot be part of a pack", path, hint)
            return
        if not stat.S_ISREG(status.st_mode):
            kind = next((what for test, what in _KINDS if test(status.st_mode)), "a device")
            self._error(
                "special-file", f"{kind} cannot be part of a pack", path, "remove it or name it in .gitignore"
            )
            return
        problem = path_problem(path, self.limits)
        if problem:
            self._error("bad-path", problem, path, "rename it, or name it in .gitignore")
            return
        self.found[path] = status.st_size
        self._total += status.st_size
        if len(self.found) > self.limits.members:
            self._stop("too-many-files", f"the pack has more than {self.limits.members:,} files", "")
        elif self._total > self.limits.unpacked:
            largest = max(self.found, key=self.found.__getitem__)
            message = (
                f"the pack has more than {self.limits.unpacked:,} bytes, {self.found[largest]:,} of them here"
            )
            self._stop("too-large", message, largest)

    def _stop(self, code: str, message: str, where: str) -> None:
        self.full = True
        self._error(code, message, where, "name what does not belong to it in .gitignore")

    def _error(self, code: str, message: str, path: str, hint: str = "") -> None:
        self.problems.error(code, message, shown(path), hint)


def _decision(path: str, directory: bool, rules: _Rules) -> Decision | None:
    """What the nearest ignore file with a line for `path` decides; None if no file has one."""
    for file in reversed(rules):
        decision = file.decide(path, directory=directory)
        if decision:
            return decision
    return None


def _read(file: Path, path: str, size: int, problems: Problems) -> File | None:
    """Read a regular file, which must still have `size` bytes; None after a problem."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        descriptor = os.open(file, flags)
        with os.fdopen(descriptor, "rb") as stream:
            before = os.fstat(descriptor)
            data = stream.read(size + 1) if stat.S_ISREG(before.st_mode) else b""
            after = os.fstat(descriptor)
    except OSError as error:
        problems.error(
            "unreadable", f"the file cannot be read: {error.strerror}", shown(path), "change its permissions"
        )
        return None
    same = (before.st_size, before.st_mtime_ns, before.st_mode) == (
        after.st_size,
        after.st_mtime_ns,
        after.st_mode,
    )
    if not same or len(data) != size or not stat.S_ISREG(after.st_mode):
        problems.error("changed", "the file changed while it was read", shown(path), "run the command again")
        return None
    return File(data, os.name != "nt" and bool(after.st_mode & stat.S_IXUSR))
