"""Chooses which of a machine's Pythons an environment is made with: one that the pack runs on.

If an option or the setting names interpreters (several are separated by commas), only these are tried, and
the first that fits is taken. Otherwise it is the Python that runs packreg. If that does not fit, it is the
lowest version that fits: first of pyenv's, then of those on the PATH, then of those that uv finds. No Python
is ever downloaded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from packreg.errors import InstallError, UsageError
from packreg.install.interpreter import Interpreter, find_interpreter
from packreg.pack.requires_python import LOWEST, is_in, lowest_python

if TYPE_CHECKING:
    from packreg.install.tools import Tools

#: The PATH is searched for minor versions below this one.
_NEWEST = 20


def choose_interpreter(
    wanted: str | None, tools: Tools, *, requires: str = "", of: str = "the pack"
) -> Interpreter:
    """The interpreter for a pack that runs on the Pythons in `requires` ("" for any).

    Raises:
        InstallError: no interpreter fits (the message has both versions and names the pack as `of`), or none
            of the named ones exists.
        UsageError: it lies in the checkout.
    """
    seen = named_interpreters(wanted, tools) if wanted is not None else [find_interpreter(None, tools)]
    found = _first(seen, requires)
    for places in _elsewhere(tools) if found is None and wanted is None else ():
        others = list(_running(places, tools))
        seen += others
        found = _first(sorted(others, key=_order), requires)
        if found is not None:
            break
    if found is None:
        raise _refused(of, requires, seen)
    return found


def named_interpreters(wanted: str, tools: Tools) -> list[Interpreter]:
    """The interpreters that an option or the setting names, in that order, without those that do not exist.

    Raises:
        InstallError: none of them exists; the error is about the first.
        UsageError: one lies in the checkout.
    """
    found: list[Interpreter] = []
    missing: list[InstallError] = []
    for word in wanted.split(","):
        try:
            found.append(find_interpreter(word.strip(), tools))
        except InstallError as error:
            missing.append(error)
    if not found:
        raise missing[0]
    return found


def is_named(path: str, wanted: str, tools: Tools) -> bool:
    """Whether the interpreter at `path` is one of `named_interpreters`. Raises what that raises."""
    return any(each.path == path for each in named_interpreters(wanted, tools))


def _first(interpreters: Iterable[Interpreter], requires: str) -> Interpreter | None:
    return next((each for each in interpreters if is_in(requires, each.release)), None)


def _order(interpreter: Interpreter) -> tuple[int, int, str]:
    """A sort key: the lowest minor version first, as locks are made for it; within it the newest patch."""
    minor, patch = (int(part) for part in interpreter.release.split(".")[1:3])
    return minor, -patch, interpreter.path


def _running(places: Iterable[str], tools: Tools) -> Iterator[Interpreter]:
    """The interpreters at these paths that can be run and are CPython, each once."""
    seen = set()
    for place in places:
        with suppress(InstallError, UsageError):
            found = find_interpreter(place, tools)
            if found.path not in seen and found.implementation == "cpython":
                seen.add(found.path)
                yield found


def _elsewhere(tools: Tools) -> Iterator[list[str]]:
    """Lists of paths of interpreters: pyenv's, those on the PATH, and last uv's, which are slower to find."""
    entries = [Path(entry) for entry in tools.programs.path.split(os.pathsep)]
    shims = [entry for entry in entries if entry.name == "shims"]  # a shim fails where no version is chosen
    yield [str(path) for entry in shims for path in sorted(entry.parent.glob("versions/*/bin/python3"))]
    names = [f"python{LOWEST[0]}.{minor}" for minor in range(LOWEST[1], _NEWEST)]
    found = [entry / name for entry in entries if entry not in shims for name in names]
    yield [str(path) for path in found if path.is_file()]
    if tools.uv:
        command = [tools.uv, "python", "list", "--only-installed", "--output-format", "json", "--quiet"]
        with suppress(InstallError, ValueError, TypeError, KeyError):
            listed = json.loads(tools.run(command, "list the Pythons of this machine"))
            yield [str(each["path"]) for each in listed]


def _refused(of: str, requires: str, found: Iterable[Interpreter]) -> InstallError:
    releases = ", ".join(dict.fromkeys(each.release for each in found))
    lowest = lowest_python(requires)
    if lowest is None:
        return InstallError(
            f"{of} requires Python {requires}, and packs run with {LOWEST[0]}.{LOWEST[1]} or later",
            hint="publish a version with another requires-python in its pyproject.toml",
        )
    return InstallError(
        f"{of} requires Python {requires}, and what there is to run it with is {releases}",
        hint=f"install Python {lowest}, or name its executable, with --python or as `python` below [install] "
        "in your packreg.toml, which may name several, separated by commas",
    )
