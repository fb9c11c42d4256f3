"""The pages of the documentation, as tests read and run them.

A fenced block behind the line `<!-- run -->` is run: `console` blocks on a terminal, `python` blocks as one
program for each page. The blocks of a page share one working directory and one user, and take packages from
the cache that uv has on this machine.

What a command shows is compared with the page line by line: a line of `…` alone stands for any lines, `…`
inside a line for any text; digests, times and sizes may be others, and runs of spaces count as one.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*DOCS, *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"))]
HOME = "/home/ada"

_FENCE = re.compile(
    r"(?P<run>^<!-- run -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
#: What may differ from run to run, in the regular expression of an escaped line.
_VARYING = (
    (r"[0-9a-f]{64}", "[0-9a-f]{64}"),
    (r"20[0-9]{2}\\-[0-9]{2}\\-[0-9]{2}T[0-9:]{8}Z", "20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"),
    (r"[0-9]+(?:\\\.[0-9]+)?\\ (?:B|kB|MB|GB)\b", r"[0-9]+(?:\\.[0-9]+)? (?:B|kB|MB|GB)"),
    (r"(?<=/packs/)[0-9a-f]{12}(?=/)", "[0-9a-f]{12}"),
    (r"…", ".*"),
    (r"(?:\\ )+", r"\\s+"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line of the page it begins at, and whether it is run."""

    kind: str
    text: str
    line: int
    run: bool


@dataclass(frozen=True)
class Step:
    """A command of a console block and the lines that the page shows for it."""

    command: str
    shown: tuple[str, ...]

    @property
    def fails(self) -> bool:
        """Whether the page shows a failure."""
        return any(line.startswith(("error: ", "refused: ", "fail ")) for line in self.shown)

    def matches(self, output: str) -> bool:
        """Whether this is what the page shows."""
        lines = [r"(?:.*\n)*" if line == "…" else _pattern(line) + r"\s*?\n" for line in self.shown]
        return (
            re.fullmatch("".join(lines), output if not output or output.endswith("\n") else f"{output}\n")
            is not None
        )


def _pattern(line: str) -> str:
    found = re.escape(line.strip())
    for varying, by in _VARYING:
        found = re.sub(varying, lambda _, by=by: by.replace("\\\\", "\\"), found)  # type: ignore[misc]
    return r"\s*" + found


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [
        Block(found["kind"], found["text"], text.count("\n", 0, found.start()) + 1, found["run"] is not None)
        for found in _FENCE.finditer(text)
    ]


def steps(block: Block) -> list[Step]:
    """The commands of a console block."""
    found: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return [Step(command, tuple(shown)) for command, shown in found]


def packreg_calls(page: Path) -> Iterator[tuple[int, list[str]]]:
    """The words behind every `packreg` in the code of a page, with the line of its block."""
    text = page.read_text("utf-8")
    code = [(block.line, line) for block in blocks(page) for line in block.text.splitlines()]
    code += [(0, words) for words in re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))]
    for number, line in code:
        for call in re.findall(r"(?:^|[\s(/])packreg ([^`)|&#>;<]+)", line):
            yield number, shlex.split(call.replace("'", "").replace('"', ""))


class Terminal:
    """A shell of a user called Ada, whose home is `directory` and who works in `work` below it."""

    def __init__(self, directory: Path) -> None:
        self.home = directory
        self.work = directory / "work"
        programs = directory / "bin"
        for place in (self.work, programs):
            place.mkdir(parents=True)
        (directory / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
        (programs / "packreg").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m packreg "$@"\n')
        (programs / "packreg").chmod(0o755)
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("PACKREG_", "AWS_", "XDG_", "PYTEST_"))
        }
        self.environ = {
            **kept,
            "HOME": str(directory),
            "PATH": f"{programs}{os.pathsep}{kept['PATH']}",
            "PYTHONPATH": os.pathsep.join(sys.path),
            "UV_CACHE_DIR": kept.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv")),
            "TERM": "dumb",
            "COLUMNS": "120",  # as wide as the widest line of a page
            "NO_COLOR": "1",
        }

    def run(self, command: str) -> tuple[int, str]:
        """The exit code of a command line and all that it shows, with the home as the pages call it."""
        leader, follower = os.openpty()
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.work,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=follower,
            stderr=follower,
        )
        os.close(follower)
        shown = b""
        while data := _read(leader):
            shown += data
        os.close(leader)
        text = shown.decode().replace("\r\n", "\n")
        return process.wait(), text.replace(str(self.home), HOME)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that nobody has the terminal open any more
        return b""
