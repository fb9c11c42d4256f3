"""What git says about the directory of a pack: where it came from, and what in it was never committed.

git runs with nothing of the caller's environment that could send it elsewhere (`GIT_*` removed), and with
the settings of a hostile repository that would start programs switched off (`core.fsmonitor`,
`core.hooksPath`, and no pager, no prompt). It is asked for facts only and given seconds, not minutes.
"""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

TIMEOUT = 20.0
_SAFE = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.pager=cat")


@dataclass(frozen=True, slots=True)
class GitFacts:
    """All empty outside a repository. `dirty` are the uncommitted files of the pack, relative to its root.
    `ignored` are those of its files that git is told to ignore, such as what a build wrote.

    `silent` says that there is a repository but git would not speak of it (no git, or another owner's).
    """

    commit: str = ""
    branch: str = ""
    remote: str = ""
    dirty: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    silent: bool = False


class Git:
    """Asks git, `program`; without it, or outside a repository, every answer is empty."""

    def __init__(self, environ: Mapping[str, str], program: str | None) -> None:
        self._program = program
        kept = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
        self._environ = {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}

    def facts(self, directory: Path, packed: Collection[str]) -> GitFacts:
        """Commit, branch, remote and dirty files; only changed and untracked files in `packed` count.

        `directory` is absolute. A file that was deleted but is still committed counts too: the pack then
        differs from its commit.
        """
        if self._ask(directory, "rev-parse", "--is-inside-work-tree").strip() != "true":
            return GitFacts(
                silent=any((place / ".git").exists() for place in (directory, *directory.parents))
            )
        if self._ask(directory, "check-ignore", "-q", ".", succeeded=True):
            return GitFacts()  # a directory that its repository ignores is no part of it
        branch = self._ask(directory, "symbolic-ref", "--quiet", "--short", "HEAD").strip()
        remotes = self._ask(directory, "remote").split()
        remote = "origin" if "origin" in remotes or not remotes else remotes[0]
        dirty, ignored = self._dirty(directory, packed)
        return GitFacts(
            commit=self._ask(directory, "rev-parse", "--verify", "--quiet", "HEAD").strip(),
            branch=branch,
            remote=without_credentials(self._ask(directory, "remote", "get-url", remote).strip()),
            dirty=dirty,
            ignored=ignored,
        )

    def author(self, directory: str | os.PathLike[str]) -> str:
        """Who acts in `directory`: git's `name <email>`, else `user@host`.

        What counts is what `git commit` would write there: the repository's own settings before the user's.
        """
        name, email = (self._setting(directory, key) for key in ("user.name", "user.email"))
        if name or email:
            return f"{name} <{email}>".strip() if email else name
        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # no such user in this container, and no variable names one
            user = f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"
        return f"{user}@{socket.gethostname()}"

    def _setting(self, directory: str | os.PathLike[str], key: str) -> str:
        """A setting as it is in `directory`; the user's own where git would not speak of the place."""
        here = self._ask(directory, "config", key) or self._ask(os.sep, "config", "--global", key)
        return here.strip()

    def _dirty(self, directory: Path, packed: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The files of the pack that are not as committed, and those that git ignores."""
        prefix = self._ask(directory, "rev-parse", "--show-prefix").rstrip("\n")
        words = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignored=matching")
        listing = self._ask(directory, *words, "--no-renames", "--", ".")
        found, ignored = [], set[str]()
        for entry in listing.split("\0"):
            state, path = entry[:2], entry[3:].removeprefix(prefix)
            if state == "!!" and path.endswith("/"):
                ignored.update(file for file in packed if file.startswith(path))
            elif state == "!!":
                ignored.update({path} & set(packed))
            elif path and (path in packed or "D" in state):
                found.append(path)
        return tuple(sorted(found)), tuple(sorted(ignored))

    def _ask(self, directory: str | os.PathLike[str], *words: str, succeeded: bool = False) -> str:
        """What git prints in `directory`, or "yes" with `succeeded`; empty when it fails."""
        if self._program is None:
            return ""
        try:
            done = subprocess.run(
                [self._program, *_SAFE, *words],
                cwd=directory,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if done.returncode:
            return ""
        return "yes" if succeeded else done.stdout.decode("utf-8", "replace")


def without_credentials(url: str) -> str:
    """A remote's URL without user, password and query: `https://token@host/x?key=…` is `https://host/x`.

    The user of `ssh://git@host/x` and `git@host:x` says nothing secret and is kept, a password is not.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    rest = rest.partition("#")[0].partition("?")[0]
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if at and scheme in ("ssh", "git+ssh", "ssh+git") and user:
        return f"{scheme}://{user.partition(':')[0]}@{host}{slash}{path}"
    return f"{scheme}://{host if at else authority}{slash}{path}"
