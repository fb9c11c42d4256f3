"""JSON, read strictly: equal keys, NaN, lone surrogates, deep nesting and very long numbers are refused.

The standard library parses; this module finds what it accepts too easily, and the positions it does not give.
One UTF-8 byte order mark is accepted, as npm does. Positions are computed only for messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from packreg.pack.problems import Problems
from packreg.pack.text import BOM, MAX_PROBLEMS, Positions, decode, position, short

MAX_DEPTH = 64
#: Bytes that the parsed values of one text may take in memory, which is up to thirty times the text.
MAX_MEMORY = 64 * 2**20
MAX_DIGITS = 400

#: The path to a member or an item: names and indexes from the root.
Path = tuple[str | int, ...]

# A string runs to its end or to the end of the text, so that an open quote is looked at once only.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{},:]|[^\s\[\]{},:"]++', re.DOTALL)
_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|([\[{])|[\]}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _Number(ValueError):
    """A number that is not JSON, or is too long or too large."""


def weight(text: bytes) -> int:
    """An estimate of the bytes that the values of a JSON text will take in memory, without parsing it."""
    lists, objects, quotes, commas = map(text.count, (b"[", b"{", b'"', b","))
    return len(text) + 64 * lists + 200 * objects + 25 * quotes + 40 * commas


def read_json(
    data: bytes, where: str, problems: Problems, *, limit: int, memory: int = MAX_MEMORY
) -> object | None:
    """The value of a JSON text of at most `limit` bytes, or None after a problem.

    It is a problem, too, if the values would take more than about `memory` bytes.

    A text that is just `null` also gives None, without a problem: no file read with this may be null.
    """
    if len(data) <= limit and weight(data) > memory:
        message = f"the file holds more values than {memory >> 20} MiB of memory can hold"
        problems.error("too-large", message, where, "remove what does not belong there")
        return None
    text = decode(data, where, problems, limit=limit)
    if text is None:
        return None
    deep = _too_deep(text)
    if deep is not None:
        place = f"{where}:{position(text, deep)}"
        problems.error("too-deep", f"the file nests deeper than {MAX_DEPTH} levels", place)
        return None
    try:
        repeated: list[str] = []
        value: object = json.loads(
            text,
            object_pairs_hook=lambda pairs: _unique(pairs, repeated),
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        _report_syntax(text, error, where, problems)
        return None
    except _Number as error:
        problems.error("json-number", str(error), f"{where}:{_number_position(text)}")
        return None
    found = len(problems.errors)
    if repeated:
        _report_repeated(text, where, problems)
    if _SURROGATE.search(text):
        _report_surrogates(text, where, problems)
    return value if len(problems.errors) == found else None


def places(data: bytes) -> dict[Path, str]:
    """`:line:column` of every value in a JSON text that `read_json` accepted, by path; the root is ()."""
    text = data.decode("utf-8").removeprefix(BOM)
    positions = Positions(text)
    return {path: f":{positions.at(at)}" for path, _, at in _walk(text)}


def _unique(pairs: list[tuple[str, object]], repeated: list[str]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        repeated.append("")
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _Number(f"a number has more than {MAX_DIGITS} digits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if len(text) > MAX_DIGITS or value in (float("inf"), float("-inf")):
        raise _Number("a number is too long or too large")
    return value


def _constant(text: str) -> object:
    raise _Number(f"{text} is not JSON")


def _number_position(text: str) -> str:
    """The position of the first number that `_Number` was raised for."""
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word in ("NaN", "Infinity", "-Infinity"):
            return position(text, match.start())
        if word[0] in "-0123456789":
            try:
                (_float if re.search(r"[.eE]", word) else _integer)(word)
            except ValueError:
                return position(text, match.start())
    return "1:1"


def _too_deep(text: str) -> int | None:
    """The offset of the first bracket beyond the depth limit."""
    depth = 0
    for match in _BRACKETS.finditer(text):
        if match[1]:
            depth += 1
            if depth > MAX_DEPTH:
                return match.start()
        elif match[0] in "]}":
            depth -= 1
    return None


def _walk(text: str) -> Iterator[tuple[Path, int, int]]:
    """The path, key offset and value offset of every member and item of a text that is JSON."""
    path: list[str | int] = []
    is_object: list[bool] = []  # for each open bracket
    key: str | None = None
    key_at = 0
    for match in _TOKEN.finditer(text):
        word, at = match[0], match.start()
        if word in "]}":
            is_object.pop()
            if path:
                path.pop()
            continue
        if word == ",":
            if not is_object[-1]:
                index = path[-1]
                assert isinstance(index, int)
                path[-1] = index + 1
            continue
        if word == ":":
            continue
        if is_object and is_object[-1] and key is None:
            key, key_at = json.loads(word), at
            assert key is not None
            path[-1] = key
            continue
        yield tuple(path), key_at if is_object and is_object[-1] else at, at
        key = None
        if word in "[{":
            is_object.append(word == "{")
            path.append(0)


def _report_repeated(text: str, where: str, problems: Problems) -> None:
    positions = Positions(text)
    seen: set[Path] = set()
    again: set[Path] = set()
    reported = 0
    for path, key_at, _ in _walk(text):
        if path[:-1] in again:  # below a repeated key the same paths come once more
            again.add(path)
        elif path in seen:
            again.add(path)
            reported += 1
            place = f"{where}:{positions.at(key_at)}"
            problems.error(
                "duplicate-key", f"the key {short(str(path[-1]))} was given before", place, "keep one of them"
            )
            if reported == MAX_PROBLEMS:
                return
        seen.add(path)


def _report_surrogates(text: str, where: str, problems: Problems) -> None:
    for match in _TOKEN.finditer(text):
        if match[0].startswith('"') and any("\ud800" <= c <= "\udfff" for c in json.loads(match[0])):
            place = f"{where}:{position(text, match.start())}"
            problems.error("odd-character", "half of a surrogate pair is not a character", place, "remove it")
            return


def _report_syntax(text: str, error: json.JSONDecodeError, where: str, problems: Problems) -> None:
    at, hint = error.pos, ""
    message = error.msg[:1].lower() + error.msg[1:]
    before = text[:at].rstrip(" \t\r\n")
    after = text[at : at + 1]
    if after in ("}", "]") and before.endswith(","):  # Python 3.13 points at the comma, others behind it
        at, after = len(before) - 1, ","
    rest = text[at + 1 :].lstrip(" \t\r\n") if after == "," else ""
    if after == "," and rest[:1] in ("}", "]"):
        message, hint = "nothing follows this comma", "remove the comma"
    elif text.startswith(("//", "/*"), at) or text.startswith("#", at):
        message, hint = "JSON has no comments", "remove the comment"
    elif text.startswith(("<<<<<<<", "=======", ">>>>>>>"), at):
        message, hint = "a merge conflict was left in the file", "resolve it"
    elif not text.strip():
        at, message, hint = 0, "the file is empty", ""
    elif after == "'":
        hint = "JSON allows double quotes only"
    place = f"{where}:{position(text, at)}"
    problems.error("json-syntax", f"this is not JSON: {message}", place, hint)
