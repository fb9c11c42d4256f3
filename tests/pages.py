"""The pages of the documentation, as tests read and run them.

A fenced block behind the line `<!-- run -->` is run: `console` blocks on a terminal, `python` blocks as one
program for each page. The blocks of a page share one working directory and one user, whose home is empty.
That user has what a reader has: packreg as the README installs it (tests/readme_install.py), the programs
that every system has, and what a line among the first of the page names:

    Needs: `git`, `opa`, the extra `dask`.

Packages come from the cache that uv has on this machine, or from the index.

What a command shows is compared with the page line by line: a line of `…` alone stands for any lines, `…`
inside a line for any text; digests, times and sizes may be others, and runs of spaces count as one. Behind
the line `<!-- run, but not shown -->` are commands that have to succeed, whatever they show.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
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
    r"(?P<run>^<!-- run(?P<unshown>, but not shown)? -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_NEEDS = re.compile(r"^Needs: (.+)\.$", re.MULTILINE)
_FIRST_LINES = 8
#: The programs that a page may use without naming them: they are on every system.
_BASICS = (
    *("basename", "bash", "cat", "cp", "dirname", "env", "grep", "gzip", "head", "ls", "mkdir", "mv"),
    *("rm", "sed", "sh", "sha256sum", "sort", "tail", "tar", "touch", "tr", "uname", "wc"),
)
#: How a machine reaches the package indexes, and its language. Nothing else of this user's reaches a reader.
_OF_THE_MACHINE = re.compile(
    r"(https?|no)_proxy|(pip|uv|npm_config)_\w+|lang|tmpdir"
    r"|ssl_cert_(file|dir)|requests_ca_bundle|curl_ca_bundle|node_extra_ca_certs",
    re.IGNORECASE,
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
    """A fenced block: language, text, the line of the page it begins at, whether it is run and shown."""

    kind: str
    text: str
    line: int
    run: bool
    shown: bool = True


@dataclass(frozen=True)
class Needs:
    """The programs and the extras of packreg that the first lines of a page name."""

    programs: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


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
        Block(
            found["kind"],
            found["text"],
            text.count("\n", 0, found.start()) + 1,
            found["run"] is not None,
            found["unshown"] is None,
        )
        for found in _FENCE.finditer(text)
    ]


def needs(page: Path) -> Needs:
    """What the page says a reader needs beside packreg and an ordinary system."""
    found = _NEEDS.search("\n".join(page.read_text("utf-8").splitlines()[:_FIRST_LINES]))
    named = re.findall(r"(the extra )?`([^`]+)`", found[1]) if found else []
    return Needs(
        tuple(name for is_extra, name in named if not is_extra),
        tuple(name for is_extra, name in named if is_extra),
    )


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
    """A shell of a user called Ada, whose home is `directory` and who works in `work` below it.

    On PATH are the programs of the virtual environment `environment`, those of every system, and `programs`.
    """

    def __init__(self, directory: Path, environment: Path, programs: tuple[str, ...] = ()) -> None:
        self.home = directory
        self.work = directory / "work"
        self.python = environment / "bin" / "python"
        system = directory.with_name(f"{directory.name}-system")
        for place in (self.work, system):
            place.mkdir(parents=True)
        for name in (*_BASICS, *programs):
            found = shutil.which(name)
            assert found, f"{name} is not on this machine"
            (system / name).symlink_to(found)
        (system / "python3").symlink_to(sys.executable)
        self.environ = of_the_machine() | {
            "HOME": str(directory),
            "LOGNAME": "ada",
            "PATH": f"{environment / 'bin'}{os.pathsep}{system}",
            "TERM": "dumb",
            "COLUMNS": "120",  # as wide as the widest line of a page
            "NO_COLOR": "1",
        }

    def run(self, command: str) -> tuple[int, str]:
        """The exit code of a command line and all that it shows, home and machine as the pages call them."""
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
        text = text.replace(str(self.home), HOME)
        return process.wait(), text.replace(f"ada@{socket.gethostname()}", "ada@laptop")


def of_the_machine() -> dict[str, str]:
    """The variables by which a machine reaches the indexes, and uv's cache of the user who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if _OF_THE_MACHINE.fullmatch(name)}
    return {"UV_CACHE_DIR": str(Path.home() / ".cache" / "uv"), "LANG": "C.UTF-8"} | kept


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that nobody has the terminal open any more
        return b""
