"""Which of a machine's Pythons an environment is made with: one that the pack runs on.

What is named counts alone: an option, or the setting, which may name several, separated by commas; the first
that fits is taken. Where nothing is named it is the Python that runs packreg, and if that does not fit, the
lowest that fits of those that pyenv keeps, else of those on the PATH, else of those that uv finds. None is
ever downloaded.
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

#: Up to which minor version the PATH is searched.
_NEWEST = 20


def choose_interpreter(
    wanted: str | None, tools: Tools, *, requires: str = "", of: str = "the pack"
) -> Interpreter:
    """The interpreter for a pack that runs on the Pythons in `requires` ("" for any), called `of` in errors.

    Raises:
        InstallError: none fits, both versions are named; or what is named is not there.
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
    """Those that an option or the setting names, in its order, as far as they are there.

    Raises:
        InstallError: none of them is; the error is about the first.
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
    """Whether the interpreter at `path` is one that an option or the setting names. Raises: as above."""
    return any(each.path == path for each in named_interpreters(wanted, tools))


def _first(interpreters: Iterable[Interpreter], requires: str) -> Interpreter | None:
    return next((each for each in interpreters if is_in(requires, each.release)), None)


def _order(interpreter: Interpreter) -> tuple[int, int, str]:
    """The lowest minor version first, as locks are made for it, and of one the newest patch."""
    minor, patch = (int(part) for part in interpreter.release.split(".")[1:3])
    return minor, -patch, interpreter.path


def _running(places: Iterable[str], tools: Tools) -> Iterator[Interpreter]:
    """The interpreters at these paths that packs can run with, each once, as far as they run."""
    seen = set()
    for place in places:
        with suppress(InstallError, UsageError):
            found = find_interpreter(place, tools)
            if found.path not in seen and found.implementation == "cpython":
                seen.add(found.path)
                yield found


def _elsewhere(tools: Tools) -> Iterator[list[str]]:
    """Paths of interpreters: pyenv's, those on the PATH, and what else uv finds, which takes longer."""
    entries = [Path(entry) for entry in tools.programs.path.split(os.pathsep)]
    shims = [entry for entry in entries if entry.name == "shims"]  # they start nothing where none is chosen
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
