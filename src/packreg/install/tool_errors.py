"""Reads the output of failed tools (uv, pip, npm): the reason, the lines about it, and a hint. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from packreg.text import one_line

_SHOWN_LINES = 12
_SHOWN_CHARACTERS = 300
_REASON_CHARACTERS = 400

_NPM = re.compile(r"npm (?:error|ERR!) ?")
#: Next: what npm writes at the beginning of each line of some errors; then lines about its stack and its log.
_NPM_CODE = re.compile(r"(?:404|notarget|notsup|ERESOLVE|network|audit|errno|syscall|code)\b ?")
_NPM_NOISE = re.compile(
    r"(?:code|errno|syscall|path|dest) |\s+at |A complete log |For a full report |/.*report\.txt$"
)
_NPM_USAGE = re.compile(r"(?:Clean install a project|Install a package|Usage:)$")
_NPM_LOCK = re.compile(r"(?:Missing|Invalid): .*lock file")
_UV = re.compile(r"\s*(?:error: |× |(?:├|╰)─▶ |cause: |Caused by: )")
_UV_DEEPER = re.compile(r"\s*(?:(?:├|╰)─▶ |cause: |Caused by: )")
_OURS = re.compile(r"[^\s\"'`(=]*/\.building-[0-9a-f]+-[0-9a-f]+/")


class ToolError(NamedTuple):
    """`reason` is one line, "" if unknown; `lines` are the printable lines about it; `hint` may be ""."""

    reason: str
    lines: tuple[str, ...]
    hint: str


def tool_error(output: Sequence[str], cwd: Path) -> ToolError:
    """The error in a failed tool's output; paths below `cwd`, where the tool ran, are made relative to it."""
    place = f"{cwd}{os.sep}"
    lines = [_OURS.sub("", line.replace(place, "")) for line in output] if len(place) > 1 else list(output)
    lines = [one_line(line, _SHOWN_CHARACTERS).rstrip() for line in lines]
    lines = [line for line in lines if line]
    hint = _hint("\n".join(lines))
    if any(map(_NPM.match, lines)):
        reason, lines = _npm(lines)
        lines = lines[:_SHOWN_LINES]
    else:
        reason, lines = _uv(lines) or _pip(lines) or _python(lines), lines[-_SHOWN_LINES:]
    if [line.strip() for line in lines] == [reason]:
        lines = []
    return ToolError(one_line(reason, _REASON_CHARACTERS), tuple(lines), hint)


def _npm(lines: Sequence[str]) -> tuple[str, list[str]]:
    """npm's reason, and its lines without those that it adds to every error."""
    said: list[str] = []
    for line in lines:
        text = _NPM.sub("", line, count=1)
        if text == line or _NPM_NOISE.match(text):
            continue
        if _NPM_USAGE.match(text):
            break
        text = _NPM_CODE.sub("", text, count=1)
        if text.strip():
            said.append(text)
    apart = [text for text in said if _NPM_LOCK.match(text)]
    if apart:
        more = f" (and {len(apart) - 1} more)" if len(apart) > 1 else ""
        return f"package.json and its lock are out of step: {apart[0]}{more}", apart
    if not said:
        return "", []
    reason = said[0]
    if "Could not resolve dependency:" in said[:-1]:
        reason += f": {said[said.index('Could not resolve dependency:') + 1]}"
    return reason, said


def _uv(lines: Sequence[str]) -> str:
    """uv's error with all its causes."""
    start = next((at for at, line in enumerate(lines) if line.startswith(("error: ", "  × ", "× "))), None)
    if start is None:
        return ""
    deeper = [line for line in lines[start + 1 :] if _UV_DEEPER.match(line)]
    return ": ".join(_UV.sub("", line, count=1).strip().rstrip(":") for line in [lines[start], *deeper])


def _pip(lines: Sequence[str]) -> str:
    """pip's last error; for a file with another hash than the lock, with the package."""
    errors = [at for at, line in enumerate(lines) if line.startswith("ERROR: ")]
    if not errors:
        return ""
    last = lines[errors[-1]].removeprefix("ERROR: ")
    if "DO NOT MATCH THE HASHES" in last and errors[-1] + 1 < len(lines):
        return f"the file has another hash than the lock: {lines[errors[-1] + 1].strip().rstrip(':')}"
    return last


def _python(lines: Sequence[str]) -> str:
    """The error at the end of a traceback."""
    start = max(
        (at for at, line in enumerate(lines) if line.startswith("Traceback (most recent")), default=None
    )
    if start is None:
        return ""
    return next((line for line in lines[start + 1 :] if not line.startswith(" ")), "")


_CONFIGURATION = "in your own uv, pip or npm configuration"
#: What a tool says -> what to do about it. The first that matches counts.
_HINTS = (
    (
        r"\bEUSAGE\b.*in sync",
        "run `npm install --package-lock-only` in the pack's directory, and publish it again",
    ),
    (r"\bERESOLVE\b", "choose versions that fit together, or decide with `overrides` in package.json"),
    (
        r"\bEBADPLATFORM\b",
        "move it to `optionalDependencies` of package.json, which other platforms leave out",
    ),
    (
        r"no space left|os error 28|ENOSPC",
        "free some space; `packreg cache prune` removes what no installed pack uses",
    ),
    (
        r"hash mismatch|do not match the hashes|EINTEGRITY",
        "another Python or platform than the lock was made for can be the cause; else the index serves other "
        "bytes than those that were locked: find out which before you go on",
    ),
    (
        r"network (was|connectivity is) disabled|--offline|ENOTCACHED|only-if-cached",
        "install once with a network, or bring what is missing with `packreg cache export` and `import`",
    ),
    (
        r"no wheels|no usable wheels|only-binary|building source distributions is disabled",
        "only wheels are installed, and there is none for this platform or Python; try another --python",
    ),
    (
        r"\b(E?401|E?403)\b|unauthorized|forbidden",
        f"check the credentials of the package index {_CONFIGURATION}",
    ),
    (
        r"error sending request|failed to fetch|connect|timed out|dns|resolve host|getaddrinfo|ENOTFOUND"
        r"|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ECONNRESET|certificate|UnknownIssuer",
        f"check the network, the proxy, and the package index {_CONFIGURATION}; then run it again",
    ),
    (
        r"no solution found|not found in the (package )?(registry|index)|no matching distribution"
        r"|E404|ETARGET|EINVALIDPACKAGENAME",
        "check the pack's dependencies, and that your package index has them",
    ),
)


def _hint(said: str) -> str:
    """The hint for the tool's output, "" if none fits."""
    for pattern, hint in _HINTS:
        if re.search(pattern, said, re.IGNORECASE | re.DOTALL):
            return hint
    return ""
