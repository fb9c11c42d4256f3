"""Which files of a Node.js pack `npm pack` would take, as npm documents `files` of package.json.

Without `files`, everything is taken except what npm leaves out by default and what the ignore files name.
With `files`, its patterns replace the ignore file in the root; those in subdirectories still hold, except for
files that `files` names one by one.

This differs from npm on purpose: PulumiPolicy.yaml, `main` (however it is written) and the lock files are
always taken. (npm drops the lock files, so that every install of a published pack resolves anew.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import normpath

from packreg.pack.files import MANIFEST
from packreg.pack.gitignore import ignore_spec

LOCK_FILES = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml")

_ALWAYS = frozenset({MANIFEST, "package.json", *LOCK_FILES})
_ALWAYS_LIKE = re.compile(r"(readme|copying|licen[sc]e)(\.[^/]*[^~$/])?", re.IGNORECASE)
_NPM_DEFAULTS = (
    ".npmignore", ".gitignore", "/.lock-wscript", "/.wafpickle-*", "/build/config.gypi",
    "npm-debug.log", ".*.swp", "._*", "*.orig", "/archived-packages/**",
)  # fmt: skip
_BRACES = re.compile(r"\{([^{}/]*,[^{}/]*)\}")
_MAX_EXPANDED = 1000


class NpmFiles:
    """The selection of one package.json: `files` as in the file (None if it has none), and `main`."""

    def __init__(self, files: Sequence[str] | None, main: str | None) -> None:
        self.has_list = files is not None
        self._main = normpath(main) if main else ""
        patterns = [pattern for line in files or () for pattern in _anchored(line)]
        self._named = frozenset(p[1:] for p in patterns if not p.startswith("!"))
        self._spec = ignore_spec(patterns if self.has_list else _NPM_DEFAULTS)

    def always(self, path: str) -> bool:
        """Whether no rule can leave out the file `path`."""
        return path in _ALWAYS or path == self._main or bool(_ALWAYS_LIKE.fullmatch(path))

    def always_below(self, directory: str) -> bool:
        """Whether a file that no rule can leave out may lie below `directory`."""
        return self._main.startswith(directory + "/")

    def names(self, path: str) -> bool:
        """Whether `files` names exactly this file."""
        return path in self._named

    def left_out(self, path: str) -> str:
        """Why package.json or npm's defaults leave out the file `path`; empty when they do not."""
        matched = self._spec.match_file(path)
        if self.has_list:
            if path.endswith(("/.npmignore", "/.gitignore")) and not self.names(path):
                return "npm leaves it out by default"
            return "" if matched else "'files' in package.json does not name it"
        return "npm leaves it out by default" if matched else ""


def _anchored(line: str) -> list[str]:
    """A pattern of `files` as gitignore patterns that begin at the root, as npm reads it."""
    negated = line.startswith("!")
    body = (
        line[negated:].removeprefix(".").removeprefix("/")
        if line[negated:].startswith("./")
        else line[negated:]
    )
    body = body.removeprefix("/").removesuffix("/")
    body = body.removesuffix("/*") + "/**" if body.endswith("/*") else body
    anchored = ["!" * negated + "/" + one for one in _expanded(body) if one and not one.startswith("../")]
    return [pattern for pattern in anchored if _is_pattern(pattern)]


def _is_pattern(pattern: str) -> bool:
    try:
        ignore_spec([pattern])
    except ValueError:
        return False
    return True


def _expanded(text: str) -> list[str]:
    """The patterns that a pattern with `{a,b}` stands for: git's patterns have no braces, npm's do."""
    done: list[str] = []
    waiting = [text]
    while waiting and len(done) + len(waiting) < _MAX_EXPANDED:
        one = waiting.pop()
        braces = _BRACES.search(one)
        if braces is None:
            done.append(one)
        else:
            waiting += [one[: braces.start()] + word + one[braces.end() :] for word in braces[1].split(",")]
    return done
