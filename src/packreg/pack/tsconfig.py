"""tsconfig.json: check that the files it extends are in the pack. Pulumi reads it whenever there is one.

The file is JSON with comments and trailing commas, as TypeScript reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from posixpath import dirname, normpath

from packreg.pack.files import Files
from packreg.pack.manifest import Manifest
from packreg.pack.paths import shown
from packreg.pack.problems import Problems
from packreg.pack.strict_json import read_json
from packreg.pack.text import BOM, short

FILE_NAME = "tsconfig.json"
MAX_BYTES = 256 * 1024
_MOST = 20
#: A string, a comment, or a comma before a closing bracket.
_PIECE = re.compile(
    r'("(?:[^"\\]|\\.)*+"?)|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)|,(?=(?:\s|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+[\]}])'
)


def check_tsconfig(
    files: Files, manifest: Manifest, left_out: Callable[[str], str], problems: Problems
) -> None:
    """Report files that a tsconfig extends and the pack does not have: TypeScript then compiles nothing."""
    if manifest.options.get("typescript") is False:
        return
    option = manifest.options.get("tsconfig")
    path = normpath(option) if isinstance(option, str) else FILE_NAME
    if path not in files and (reason := left_out(path)):
        problems.warn("tsconfig", f"it is left out of the pack: {reason}", shown(path), "change that rule")
    seen: set[str] = set()
    waiting = [path]
    while waiting and len(seen) < _MOST:
        path = waiting.pop()
        if path in seen or path not in files:
            continue
        seen.add(path)
        extended = _read(files, path).get("extends")
        for base in extended if isinstance(extended, list) else [extended]:
            if isinstance(base, str) and base.startswith((".", "/")):
                waiting += _follow(files, path, base, left_out, problems)


def maps_modules(files: Files) -> bool:
    """Whether some tsconfig maps module names to other places, so that an import does not tell its file."""
    for path in files:
        if re.fullmatch(r"(.*/)?[^/]*tsconfig[^/]*\.json", path):
            options = _read(files, path).get("compilerOptions")
            if isinstance(options, dict) and not {"paths", "baseUrl", "rootDirs"}.isdisjoint(options):
                return True
    return False


def _follow(
    files: Files, path: str, base: str, left_out: Callable[[str], str], problems: Problems
) -> list[str]:
    target = normpath(f"{dirname(path)}/{base}" if dirname(path) else base)
    candidates = [target, f"{target}.json", f"{target}/tsconfig.json"]
    found = [candidate for candidate in candidates if candidate in files][:1]
    if found:
        return found
    reason = next((why for why in map(left_out, candidates) if why), "")
    message = f"it extends {short(base)}, which is not in the pack" + (
        f": left out, {reason}" if reason else ""
    )
    if target.startswith(("..", "/")):
        message = f"it extends {short(base)}, which is outside the pack"
    hint = "copy what it says into this file; without it TypeScript compiles nothing"
    problems.error("tsconfig-outside", message, shown(path), hint)
    return []


def _read(files: Files, path: str) -> dict[str, object]:
    """The content of a tsconfig; {} if it cannot be read."""
    data = files[path].data
    if len(data) > MAX_BYTES:
        return {}
    text = _PIECE.sub(lambda match: match[1] or " ", data.decode("utf-8", "replace").removeprefix(BOM))
    value = read_json(text.encode(), path, Problems(), limit=MAX_BYTES)
    return value if isinstance(value, dict) else {}
