"""`${…}` in texts: split a text into plain pieces and the paths of references, by ESC's grammar."""

from __future__ import annotations

import json
import re
from typing import NamedTuple, TypeAlias

#: The path of a value: names of members and indexes of items; the first is a name.
Path: TypeAlias = tuple[str | int, ...]

#: A name without quotes. One with other characters is written in brackets and quotes.
_NAME = re.compile(r"[^.\[}\s]+")
_INDEX = re.compile(r"\[([0-9]{1,9})\]", re.ASCII)
_KEY = re.compile(r'\["((?:\\"|[^"])+)"\]')


class Part(NamedTuple):
    """A piece of plain text, and the path of the reference that follows it, or None at the end."""

    text: str
    path: Path | None


def parse_text(text: str) -> tuple[Part, ...]:
    """The parts of a text; there is at least one. `$$` is one dollar sign.

    Raises ValueError, whose message says what is wrong and never quotes the text.
    """
    parts: list[Part] = []
    plain = ""
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        plain += text[at:dollar]
        if text.startswith("$$", dollar):
            plain, at = plain + "$", dollar + 2
        elif text.startswith("${", dollar):
            path, at = _path(text, dollar + 2)
            if at >= len(text) or text[at] != "}":
                raise ValueError("a reference lacks its closing brace '}'")
            at += 1
            parts.append(Part(plain, path))
            plain = ""
        else:
            plain, at = plain + "$", dollar + 1
    plain += text[at:]
    if plain or not parts:
        parts.append(Part(plain, None))
    return tuple(parts)


def parse_path(text: str) -> Path:
    """Parse a path, written as in a reference but without `${` and `}`. Raises ValueError."""
    path, end = _path(text, 0)
    if end != len(text):
        raise ValueError("the path ends with something that does not belong to it")
    return path


def written(path: Path) -> str:
    """A path as text, written as in a reference but without `${` and `}`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _NAME.fullmatch(step) and not step[0].isdigit():
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step)}]"
    return text


def _path(text: str, at: int) -> tuple[Path, int]:
    path: list[str | int] = []
    while at < len(text) and text[at] != "}" and not text[at].isspace():
        if text[at] == "[":
            if index := _INDEX.match(text, at):
                path.append(int(index[1]))
                at = index.end()
            elif key := _KEY.match(text, at):
                path.append(key[1].replace('\\"', '"'))
                at = key.end()
            else:
                raise ValueError('what is in brackets must be an index or a key: [0] or ["key"]')
        else:
            name = _NAME.match(text, at + (text[at] == "."))
            if name is None:
                raise ValueError("a name in a reference is empty")
            path.append(name[0])
            at = name.end()
    if not path:
        raise ValueError("a reference is empty")
    if isinstance(path[0], int):
        raise ValueError("a reference starts with a name, not with an index")
    return tuple(path), at
