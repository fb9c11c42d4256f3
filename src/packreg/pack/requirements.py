"""requirements.txt, read strictly: what a pack needs, and nothing about where it comes from.

Accepted are requirements of PEP 508 (with markers and extras, without URLs), `--hash`, comments, continued
lines, and `-r` and `-c` with files inside the pack. Everything else that pip reads is refused, with a hint
how to fix it: indexes, links, options, URLs, editable and local installs, environment variables, and comments
that change the encoding. Whoever installs chooses indexes in the configuration of pip or uv; a pack cannot.

Lines are split as pip splits them, so that nothing counts as a comment here that pip reads as a requirement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from posixpath import dirname

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from packreg.pack.files import Files
from packreg.pack.problems import Problems
from packreg.pack.text import LINE_BREAK, check_characters, decode, short

MAX_BYTES = 256 * 1024
MAX_LINES = 2_000
#: Characters of one requirement without its hashes.
MAX_REQUIREMENT = 1_000
MAX_PARENTHESES = 20
MAX_INCLUDES = 10

# All of these take time linear in the line: hence the look-behinds and the possessive quantifiers.
_COMMENT = re.compile(r"(?:^|(?<=\s))#")
_CODING = re.compile(r"coding[:=]\s*([-\w.]+)", re.ASCII)
_INCLUDE = re.compile(
    r"(?:-(?:r|(?P<c>c))\s*|--(?:requirement|(?P<constraint>constraint))(?:=|\s+))(?P<target>\S.*)"
)
_NEXT_OPTION = re.compile(r"(?<!\s)\s++(?=-)")
_HASH = re.compile(
    r"--hash(?:=|\s+)(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})", re.ASCII
)
_ONE_EQUALS = re.compile(r"[A-Za-z0-9._-]+\s*=\s*[0-9]")
_DIRECT = re.compile(r"[\w.-]++\s*+(?:\[[^\]]*+\])?+\s*+@")
_ARCHIVE = re.compile(r"[^\s;\[]*\.(?:whl|zip|tar|tgz|tbz|txz|tlz|tar\.(?:gz|bz2|xz|lz|lzma))", re.IGNORECASE)

_INDEXES = "remove the line: whoever installs chooses indexes in the configuration of pip or uv"
_LOCAL = "put the code into the pack itself, or publish it to an index and name it with a version"
_BUILDS = "remove it: the lock that is made at publish decides what is installed"
_FIXES = {
    "-i": _INDEXES,
    "--index-url": _INDEXES,
    "--pypi-url": _INDEXES,
    "--extra-index-url": _INDEXES,
    "--no-index": _INDEXES,
    "-f": _INDEXES,
    "--find-links": _INDEXES,
    "--trusted-host": _INDEXES,
    "--proxy": _INDEXES,
    "-e": _LOCAL,
    "--editable": _LOCAL,
    "--require-hashes": "remove it: the lock that is made at publish has hashes, and they are always checked",
}


@dataclass(frozen=True, slots=True)
class Requirements:
    """The requirements in a requirements file and the files it includes.

    Normalised lines in the order of the file, each once: the name as PEP 503 has it, `--hash` at the end.
    `constraints` limit the versions of packages that requirements need; they install nothing by themselves.
    """

    lines: tuple[str, ...]
    constraints: tuple[str, ...] = ()


def parse_requirements(files: Files, path: str, problems: Problems) -> Requirements | None:
    """Read the requirements file at `path` of `files`; None when there was an error.

    The size, line and include limits hold for all its files together.
    """
    found = len(problems.errors)
    reader = _RequirementsReader(files, problems)
    reader.read(path, constraint=False)
    if len(problems.errors) > found:
        return None
    return Requirements(tuple(dict.fromkeys(reader.lines)), tuple(dict.fromkeys(reader.constraints)))


class _RequirementsReader:
    """Reads a requirements file and those that it includes."""

    def __init__(self, files: Files, problems: Problems) -> None:
        self.files, self.problems = files, problems
        self.lines: list[str] = []
        self.constraints: list[str] = []
        self._open: list[str] = []  # the file being read and those that include it
        self._done: set[tuple[str, bool]] = set()
        self._bytes = self._count = 0
        self._seen: dict[tuple[str, str, bool], str] = {}

    def read(self, path: str, *, constraint: bool) -> None:
        data = self.files[path].data
        text = decode(data, path, self.problems, limit=MAX_BYTES - self._bytes)
        if text is None or not check_characters(text, path, self.problems):
            return
        if not self._coding_is_utf8(text, path):
            return
        self._bytes += len(data)
        self._open.append(path)
        self._refuse_continued_comments(text, path)
        for number, column, line in _logical_lines(text):
            self._count += 1
            if self._count > MAX_LINES:
                self.problems.error(
                    "too-large", f"there are more than {MAX_LINES:,} lines", f"{path}:{number}"
                )
                break
            self._line(line, f"{path}:{number}:{column}", constraint)
        self._open.pop()
        self._done.add((path, constraint))

    def _coding_is_utf8(self, text: str, path: str) -> bool:
        for number, line in enumerate(text.split("\n")[:2], 1):  # as pip cuts them here
            match = _CODING.search(line) if line.startswith("#") else None
            if match and match[1].lower().replace("_", "-") not in ("utf-8", "utf8"):
                message = f"a comment says that the file is encoded as {short(match[1])}, and pip believes it"
                self.problems.error("requirement-coding", message, f"{path}:{number}", "save it as UTF-8")
                return False
        return True

    def _refuse_continued_comments(self, text: str, path: str) -> None:
        for number, line in enumerate(LINE_BREAK.split(text), 1):
            comment = _COMMENT.search(line) if line.endswith("\\") else None
            if comment and line[: comment.start()].strip():
                message = "a comment ends with a backslash; pip continues it on the next line, uv does not"
                place = f"{path}:{number}:{comment.start() + 1}"
                self.problems.error("requirement-syntax", message, place, "remove the backslash")

    def _line(self, line: str, where: str, constraint: bool) -> None:
        if "${" in line:
            message = "pip would insert an environment variable here"
            self.problems.error("requirement-env", message, where, "write the value itself")
        elif not line.startswith("-"):
            self._requirement(line, where, constraint)
        elif include := _INCLUDE.fullmatch(line):
            bounds = constraint or bool(include["c"] or include["constraint"])
            self._include(include["target"], where, constraint=bounds)
        elif line == "--pre":
            hint = "remove it, and name a pre-release where one is wanted: example>=2.0rc1"
            self.problems.warn("requirement-option", "--pre has no effect", where, hint)
        else:
            self._refuse_option(line, where)

    def _refuse_option(self, line: str, where: str) -> None:
        option = re.match(r"--[a-z-]+|-.", line)
        name = option[0] if option else line[:2]
        message = f"the option {name} is not accepted in a pack"
        self.problems.error("requirement-option", message, where, _FIXES.get(name, _BUILDS))

    def _include(self, target: str, where: str, *, constraint: bool) -> None:
        message, hint, path = "", "name a file of the pack, relative to this one", ""
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", target):
            message = f"{short(target)} is not in the pack"
            hint = "copy the file into the pack"
        else:
            path = _resolve(self._open[-1], target)
            if not path:
                message = f"{short(target)} leaves the pack"
                hint = "copy the file into the pack"
            elif path in self._open:
                message = f"{short(target)} includes itself"
            elif path not in self.files:
                message = f"there is no file {short(path)} in the pack"
            elif len(self._open) > MAX_INCLUDES:
                message = f"files include each other deeper than {MAX_INCLUDES} levels"
        if message:
            self.problems.error("requirement-include", message, where, hint)
        elif (path, constraint) not in self._done:
            self.read(path, constraint=constraint)

    def _requirement(self, line: str, where: str, constraint: bool) -> None:
        cut = _NEXT_OPTION.search(line)
        body = line[: cut.start()] if cut else line
        hashes = self._hashes(line[cut.end() :], where) if cut else ()
        requirement = parse_requirement(body, where, self.problems)
        if requirement is None or hashes is None:
            return
        if constraint and requirement.extras:
            self.problems.error(
                "requirement-syntax", "a constraint cannot have extras", where, "remove [...]"
            )
            return
        key = (requirement.name, str(requirement.marker or ""), constraint)
        text = " ".join([str(requirement), *hashes])
        if self._seen.setdefault(key, text) != text:
            message = f"{requirement.name} is required twice, in different ways"
            self.problems.warn("requirement-repeated", message, where, "put it on one line")
        (self.constraints if constraint else self.lines).append(text)

    def _hashes(self, options: str, where: str) -> tuple[str, ...] | None:
        hashes = []
        for option in _NEXT_OPTION.split(options):
            if not option.startswith("--hash"):
                self._refuse_option(option, where)
                return None
            if not _HASH.fullmatch(option):
                message = f"{short(option)} is not a hash"
                hint = "write --hash=sha256: and 64 lower-case hex digits"
                self.problems.error("requirement-hash", message, where, hint)
                return None
            hashes.append("--hash=" + option[len("--hash") :].lstrip("= \t"))
        return tuple(hashes)


def parse_requirement(body: str, where: str, problems: Problems) -> Requirement | None:
    """Read one requirement of PEP 508 that comes from an index; None after a problem."""
    if len(body) > MAX_REQUIREMENT:
        message = f"a requirement has at most {MAX_REQUIREMENT:,} characters"
        problems.error("requirement-syntax", message, where, "put each on its own line")
        return None
    head = re.split(r"[;\[<>=!\s]", body, maxsplit=1)[0]
    if "://" in body or _DIRECT.match(body):
        address = body.rpartition("@ ")[2].strip()
        local, git = address.startswith("file:"), address.startswith("git")
        what = "is a local path" if local else f"comes from a {'git repository' if git else 'URL'}"
        message = f"{short(body)} {what}"
        hint = "name it with a version: whoever installs chooses the index it comes from"
        problems.error("requirement-url", message, where, hint)
        return None
    if head[:1] in (".", "~") or "/" in head or "\\" in head or _ARCHIVE.fullmatch(head):
        problems.error("requirement-local", f"{short(body)} is a local path", where, _LOCAL)
        return None
    if body.count("(") > MAX_PARENTHESES:  # packaging descends into them
        problems.error("requirement-syntax", "the marker has too many parentheses", where)
        return None
    try:
        requirement = Requirement(body)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        hint = f"write {head}{body[len(head) :].replace('=', '==', 1)}" if _ONE_EQUALS.match(body) else ""
        problems.error("requirement-syntax", f"{short(body)} is not a requirement: {reason}", where, hint)
        return None
    requirement.name = canonicalize_name(requirement.name)
    return requirement


def _resolve(including: str, target: str) -> str:
    """The path that `target` names in the file `including`; empty when it leaves the pack."""
    if target.startswith(("/", "~")) or "\\" in target:
        return ""
    segments = [segment for segment in dirname(including).split("/") if segment]
    for segment in target.split("/"):
        if segment == "..":
            if not segments:
                return ""
            segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    return "/".join(segments)


def _logical_lines(text: str) -> list[tuple[int, int, str]]:
    """The lines that are not empty, as (line, column, text), with continued lines joined and no comments.

    The rules of pip's `join_lines` and `ignore_comments`, where uv agrees: a backslash at the very end
    continues a line unless there is a comment, and a comment line ends what was continued before it.
    """
    lines: list[tuple[int, int, str]] = []
    parts: list[str] = []
    first = 0
    physical = LINE_BREAK.split(text)
    for number, line in enumerate(physical, 1):
        comment = line.lstrip().startswith("#")
        if not parts:
            first = number
        if line.endswith("\\") and not _COMMENT.search(line) and number < len(physical):
            parts.append(line[:-1])
            continue
        parts.append(f" {line}" if comment else line.removesuffix("\\"))
        joined = "".join(parts)
        parts = []
        cut = _COMMENT.search(joined)
        joined = joined[: cut.start()] if cut else joined
        if joined.strip():
            column = len(joined) - len(joined.lstrip()) + 1
            lines.append((first, column, joined.strip()))
    return lines
