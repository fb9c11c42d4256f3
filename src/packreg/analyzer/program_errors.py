"""Find in the output of a failed pack's program the error, and where in the pack it was raised.

A Python traceback ends with the error and begins far outside the pack; a Node.js stack trace follows the
error. In both, the author needs one line: the error, and the innermost place in the pack's own files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from packreg.text import one_line, without_colours

_SHOWN = 400
TRACEBACK = "Traceback (most recent call last):"
#: How gRPC's Python server begins the error of a method that raised, in its log and in its answer.
RAISED = "Exception calling application: "
_NAMES_ERROR = re.compile(r"\s*(?:Uncaught )?((\w*Error|FATAL ERROR)\b.*: |error\[)")
_FRAME = re.compile(r'\s+File "([^"]+)", line ([0-9]+)')
_CALLED = re.compile(r"\s+at (?:.*\()?(?:file://)?(/[^()]*?):([0-9]+)(?::[0-9]+)?\)?$")
_AT = re.compile(r"(?:file://)?(/.*):([0-9]+)$")
_BY_POLICY = re.compile(r"Error \w+ \w+ with policy '[^'\n]+' from policy pack '[^'\n]+':\s*")
_INSTALLED = re.compile(r"(?<![^\s\"'(=,\[])(?:file://)?/[^\s\"'()]*/(site-packages|node_modules)/")
_CANNOT_FIND = re.compile(r"(Cannot find module ')(/[^'\n]*)'")
_SDK = ("pulumi/", "pulumi_policy/", "grpc/", "google/", "@pulumi/", "@grpc/", "ts-node/", "packreg/")
#: Pattern of an error -> what to do about it. The first that matches counts.
_HINTS = (
    (
        r"No module named 'pkg_resources'",
        "add `setuptools<82` to the pack's dependencies: from 82 on it has no pkg_resources",
    ),
    (
        r"No module named '(distutils|imp|asyncore|asynchat|smtpd)'",
        "Python has no {0} from 3.12 on: let the pack do without it, or run it with --python 3.11",
    ),
    (
        r"Descriptors cannot be created directly|incompatible Protobuf Gencode|from 'google\.protobuf",
        "the pack's pulumi and protobuf do not fit together: leave protobuf out of the pack's dependencies, "
        "or bound it: `protobuf<7`",
    ),
    (r"No module named '([^']+)'", "add the package that brings {0} to the pack's dependencies"),
    (r"Cannot find module '\.\./", "a pack runs alone: take what it needs into its directory"),
    (
        r"Cannot find module '\./",
        "see whether .gitignore, .npmignore or `files` of package.json leave it out of the pack",
    ),
    (r"Cannot find (?:module|package) '([^'/.][^']*)'", "add {0} to the `dependencies` of package.json"),
)


class ProgramError(NamedTuple):
    """`text` is one line, `where` is `path:line` in the pack or "", `hint` what to do or ""."""

    text: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.where else self.text


def in_the_pack(text: str, directory: Path) -> str:
    """A program's output without colours and with short paths: the pack's files relative to the pack, files
    of packages relative to the directory of packages.
    """
    text = _CANNOT_FIND.sub(lambda found: f"{found[1]}{_relative(found[2], directory)}'", text)
    text = _INSTALLED.sub(r"\1/", without_colours(text))
    for place in {str(directory), os.path.realpath(directory)}:
        text = text.replace(f"file://{place}{os.sep}", "").replace(f"{place}{os.sep}", "")
        above = f"{place.rpartition(os.sep)[0]}{os.sep}"
        if above != os.sep:
            text = text.replace(f"file://{above}", "../").replace(above, "../")
    return text


def program_error(output: str, directory: Path) -> ProgramError:
    """The error in the output of a program that ended; its text is "" if the output has none."""
    lines = _without_raised(without_colours(output).splitlines())
    output = "\n".join(lines)
    if not lines:
        return ProgramError("")
    if TRACEBACK in output:
        found = _python(lines, directory)
    else:
        at = next((at for at, line in enumerate(lines) if _NAMES_ERROR.match(line)), None)
        found = ProgramError(lines[-1]) if at is None else _node(lines, at, directory)
    text = one_line(in_the_pack(found.text, directory).strip(), _SHOWN)
    return ProgramError(text, found.where, _hint(output, text))


def raised(details: str, log: str, directory: Path) -> ProgramError:
    """The error that a policy raised. `details` is the text of the answer, `log` Python's traceback or ""."""
    said = details.removeprefix(RAISED.strip()).strip()
    if log:
        found = _python([line for line in log.splitlines() if line.strip()], directory)
        kind = found.text.partition(":")[0]
        return ProgramError(f"{kind}: {said}" if said else kind, found.where)
    said = _BY_POLICY.sub("", said, count=1)
    lines = said.splitlines()
    stack = next((at for at, line in enumerate(lines) if _CALLED.match(line)), len(lines))
    return ProgramError("\n".join(lines[:stack]), _place(lines[stack:], _CALLED, directory))


def _without_raised(lines: Iterable[str]) -> list[str]:
    """The lines that are not empty, without errors that policies raised: these do not end the process."""
    kept, skipping = [], ""
    for line in filter(str.strip, lines):
        if RAISED in line:
            skipping = RAISED
        elif line.strip() == TRACEBACK and skipping:
            skipping = TRACEBACK
        elif skipping == TRACEBACK and not line.startswith(" "):
            skipping = ""
        elif not skipping:
            kept.append(line)
    return kept


def _python(lines: Sequence[str], directory: Path) -> ProgramError:
    """The error of the last traceback: its frames are indented, the error is the first line that is not."""
    start = max((at for at, line in enumerate(lines) if line.strip() == TRACEBACK), default=0)
    end = next(
        (at for at, line in enumerate(lines) if at > start and not line.startswith(" ")), len(lines) - 1
    )
    return ProgramError(lines[end], _place(reversed(lines[start:end]), _FRAME, directory))


def _node(lines: Sequence[str], at: int, directory: Path) -> ProgramError:
    """The error, and its second line where the first only announces it, as TypeScript's do."""
    text = lines[at].strip()
    if text.endswith(":") and at + 1 < len(lines):
        text = f"{text} {lines[at + 1].strip()}"
    where = _place(lines[at:], _CALLED, directory)
    return ProgramError(text, where or _place(lines[:at], _AT, directory))


def _place(lines: Iterable[str], pattern: re.Pattern[str], directory: Path) -> str:
    """The first place in a file of the pack itself; else the first in a package that is not the SDK or one of
    its dependencies, since the pack's code may be an installed package.
    """
    places = [(found[1], found[2]) for line in lines if (found := pattern.match(line))]
    for path, line in places:
        own = _relative(path, directory)
        if not own.startswith(("..", "<")) and not _INSTALLED.search(f"//{own}"):
            return f"{one_line(own, _SHOWN)}:{line}"
    for path, line in places:
        package = _INSTALLED.sub("", path)
        if package != path and not package.startswith(_SDK):
            return f"{one_line(package, _SHOWN)}:{line}"
    return ""


def _relative(path: str, directory: Path) -> str:
    """`path` relative to the pack's directory."""
    real = os.path.realpath(directory)
    place = real if path.startswith(f"{real}{os.sep}") else str(directory)
    return os.path.relpath(path, place) if path.startswith(os.sep) else path


def _hint(output: str, text: str) -> str:
    for pattern, hint in _HINTS:
        if found := re.search(pattern, text) or re.search(pattern, output):
            return hint.format(*found.groups())
    return ""
