"""Warn of files, such as data files, that a program names in its source but that are left out of the pack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from posixpath import dirname, normpath

from packreg.pack.files import Files
from packreg.pack.paths import shown
from packreg.pack.problems import Problems

#: A literal that looks like the path of a file.
_LITERAL = re.compile(rb"""["'`]((?:\./)?[\w@.-]{1,100}(?:/[\w@.-]{1,100}){0,8}\.[A-Za-z0-9]{1,8})["'`]""")
_MOST = 2_000


def warn_of_named_files(
    files: Files, sources: Iterable[str], left_out: Callable[[str], str], problems: Problems
) -> None:
    """Warn where one of these source files names a file that lies on disk and is not in the pack.

    `left_out` says why it is not ("" for any other path). A file that an error already names gets no warning.
    """
    said = {problem.where.partition(":")[0] + problem.message for problem in problems.errors}
    done: set[str] = set()
    for source in sources:
        data = files[source].data
        for match in list(_LITERAL.finditer(data))[:_MOST]:
            literal = match[1].decode("utf-8", "replace")
            for path in dict.fromkeys((normpath(literal), normpath(f"{dirname(source) or '.'}/{literal}"))):
                reason = left_out(path) if path not in done and path not in files else ""
                done.add(path)
                if reason and not any(shown(path) in text for text in said):
                    line = data.count(b"\n", 0, match.start()) + 1
                    message = f"{shown(path)}, which is named here, is left out of the pack: {reason}"
                    where = f"{shown(source)}:{line}"
                    problems.warn(
                        "file-left-out", message, where, "change that rule if the pack reads the file"
                    )
