"""Read a large JSON text from start to end without building a tree of it.

`JsonText` is a cursor that gives the byte span of each value; `strict` decodes one span. The state of a stack
can have hundreds of megabytes, and its resources are needed one at a time.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from packreg.errors import InvalidState
from packreg.pack.strict_json import MAX_MEMORY, weight

WINDOW = 256 * 1024  # bytes decoded to text at a time, at least
#: Most bytes of one value, such as a resource with all its properties.
MAX_VALUE = 32 * 1024 * 1024
_MAX_NAMES = 10_000  # in one object that `members` reads

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"[-+.0-9eE]*")
_SKIPPER = json.JSONDecoder(parse_int=float)  # int() of a million digits is slow, and refused by Python


class JsonText:
    """A cursor over JSON in UTF-8. `where` names the text in errors.

    Every method raises InvalidState, with line and column, when the text is not JSON or not what the method
    expects. A byte order mark at the start is skipped.
    """

    def __init__(self, data: bytes, where: str) -> None:
        self._data = data
        self.where = where
        self._at = 3 if data.startswith(codecs.BOM_UTF8) else 0
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise InvalidState(
                f"{where} is text in UTF-16, not UTF-8",
                hint='PowerShell\'s ">" writes that; use "| Out-File -Encoding utf8"',
            )
        if re.search(rb"\S", data) is None:
            raise InvalidState(f"{where} is empty")
        self._window(WINDOW)

    def value(self) -> object:
        """Decode the value at the cursor and move past it."""
        start, end = self.skip()
        return strict(self._data[start:end], self.where)

    def skip(self) -> tuple[int, int]:
        """Move past the value at the cursor; returns (start, end): its bytes are `data[start:end]`."""
        if not self.peek():
            raise self._error("the text ends where a value should be", self._at)
        start, size = self._at, WINDOW
        while True:
            try:
                _, end = _SKIPPER.raw_decode(self._text, self._pos)
            except json.JSONDecodeError as error:
                if self._final:
                    at = self._at + len(self._text[self._pos : error.pos].encode())
                    raise self._error(error.msg, at) from None
            except RecursionError:
                raise self._error("it is nested too deeply", self._at) from None
            else:
                tail = _NUMBER.match(self._text, end)  # "1e" of "1e5" is a number so far
                assert tail is not None
                if tail.end() < len(self._text) or self._final:
                    break
            if self._pos == 0:
                size *= 2
            if size > MAX_VALUE or weight(self._data[self._at : self._at + size]) > MAX_MEMORY:
                raise self._error(f"one value has more than {MAX_VALUE >> 20} MiB, or too many parts", start)
            self._window(size)
        self._advance(end)
        return start, self._at

    def members(self) -> Iterator[str]:
        """The names of the object at the cursor; none for `null`.

        When a name is yielded, the cursor is before its value. The caller may read that value; otherwise it
        is skipped. Raises InvalidState when a name occurs twice.
        """
        if not self._open("{", "an object"):
            return
        seen: set[str] = set()
        while self.peek() != "}":
            if seen:
                self._expect(",")
            at = self._at
            name = self.value() if self.peek() == '"' else None
            if not isinstance(name, str):
                raise self._error("a name in double quotes should be here", at)
            if len(seen) == _MAX_NAMES:
                raise self._error(f"an object has more than {_MAX_NAMES} names", at)
            if name in seen:
                raise self._error(f"the name {name[:80]!r} is given twice", at)
            seen.add(name)
            self._expect(":")
            self.peek()
            before = self._at
            yield name
            if self._at == before:
                self.skip()
        self._expect("}")

    def elements(self) -> Iterator[int]:
        """The indexes of the list at the cursor; its items are read or skipped as in `members`."""
        if not self._open("[", "a list"):
            return
        index = 0
        while self.peek() != "]":
            if index:
                self._expect(",")
                self.peek()
            before = self._at
            yield index
            if self._at == before:
                self.skip()
            index += 1
        self._expect("]")

    def end(self) -> None:
        """Raise InvalidState unless only white space is left."""
        if self.peek():
            raise self._error("the text goes on after its end", self._at)

    def peek(self) -> str:
        """The next character that is not white space, without moving past it; "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._pos)
            assert match is not None
            self._advance(match.end())
            if self._pos < len(self._text):
                return self._text[self._pos]
            if self._final:
                return ""
            self._window(WINDOW)

    def _open(self, bracket: str, kind: str) -> bool:
        if self.peek() == bracket:
            self._advance(self._pos + 1)
            return True
        at = self._at
        start, end = self.skip()
        if self._data[start:end] == b"null":
            return False
        raise self._error(f"{kind} should be here", at)

    def _expect(self, character: str) -> None:
        if self.peek() != character:
            raise self._error(f'"{character}" should be here', self._at)
        self._advance(self._pos + 1)

    def _window(self, size: int) -> None:
        end = self._at + size
        self._final = end >= len(self._data)
        try:
            self._text, _ = codecs.utf_8_decode(self._data[self._at : end], "strict", self._final)
        except UnicodeDecodeError as error:
            raise self._error("it is not UTF-8 text", self._at + error.start) from None
        self._pos = 0
        self._ascii = self._text.isascii()

    def _advance(self, pos: int) -> None:
        passed = pos - self._pos if self._ascii else len(self._text[self._pos : pos].encode())
        self._at += passed
        self._pos = pos

    def _error(self, message: str, at: int) -> InvalidState:
        line = self._data.count(b"\n", 0, at) + 1
        column = at - (self._data.rfind(b"\n", 0, at) + 1) + 1
        return InvalidState(f"{self.where}:{line}:{column} is not the JSON it should be: {message}")


def strict(data: bytes, where: str) -> object:
    """Decode one JSON value. Numbers are floats, as in protobuf's Struct and in Go.

    Raises InvalidState, naming `where`, for text that is not UTF-8 or not JSON, for NaN, Infinity and numbers
    that do not fit into a double, for a name that occurs twice in an object, and for deeper nesting than
    Python can decode.
    """
    try:
        text = data.decode()
        value, end = _STRICT.raw_decode(text, len(text) - len(text.lstrip(" \t\n\r")))
    except UnicodeDecodeError:
        raise InvalidState(f"{where} is not UTF-8 text") from None
    except RecursionError:
        raise InvalidState(f"{where} is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise InvalidState(f"{where} is not JSON: {error}") from None
    except ValueError as error:
        raise InvalidState(f"{where} is refused: {error}") from None
    if text[end:].strip(" \t\n\r"):
        raise InvalidState(f"{where} is not JSON: the text goes on after its end")
    return value


def _number(text: str) -> float:
    number = float(text)
    if number in (_INFINITY, -_INFINITY):
        raise ValueError(f"the number {text[:40]} does not fit into a double")
    return number


def _constant(text: str) -> float:
    raise ValueError(f"{text} is not a number in JSON")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the name {twice[:80]!r} twice")
    return members


_INFINITY = float("inf")
_STRICT = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_number, parse_float=_number, parse_constant=_constant
)
