"""The values of an environment, and how they are merged."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeAlias, cast

#: The size of the largest value: its characters, and `EACH` for each value in it. References share the values
#: that they refer to, so a few lines could otherwise expand to more than fits into memory.
MAX_SIZE = 2**20
EACH = 8
MAX_DEPTH = 40
HIDDEN = "[secret]"

Data: TypeAlias = "bool | int | float | str | tuple[Value, ...] | Mapping[str, Value] | None"


class TooMuch(ValueError):
    """A value is larger or nests deeper than is allowed."""


@dataclass(frozen=True, slots=True)
class Value:
    """A JSON value, secret or not.

    Binary data is text, with bytes that are not UTF-8 as lone surrogates (`surrogateescape`). A `final` value
    cannot be overridden by an environment that imports it. A `closed` object was merged over a value that is
    not an object: it hides that value and all values below it. `size` is in the units of `MAX_SIZE`. `repr`
    leaves the data out, so that secrets do not get into logs.

    Raises TooMuch when the value is too large or nests too deep.
    """

    data: Data = field(repr=False)
    secret: bool = False
    final: bool = False
    closed: bool = False
    size: int = field(init=False, compare=False)
    depth: int = field(init=False, compare=False)
    has_secrets: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        parts = list(self.parts())
        size, depth = EACH + sum(part.size for part in parts), 1 + max((p.depth for p in parts), default=0)
        if isinstance(self.data, str):
            size += len(self.data)
        elif isinstance(self.data, Mapping):
            size += sum(map(len, self.data))
        check_size(size)
        if depth > MAX_DEPTH:
            raise TooMuch(f"the value nests deeper than {MAX_DEPTH} levels")
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "has_secrets", self.secret or any(part.has_secrets for part in parts))

    def parts(self) -> Iterator[Value]:
        """The values in a list or an object; nothing for other values."""
        if isinstance(self.data, Mapping):
            yield from self.data.values()
        elif isinstance(self.data, tuple):
            yield from self.data

    @property
    def members(self) -> Mapping[str, Value]:
        """The values of an object by name; empty for other values."""
        return self.data if isinstance(self.data, Mapping) else {}

    @property
    def kind(self) -> str:
        """The kind of value in words, for messages, such as "a string"."""
        kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", tuple: "a list"}
        return "null" if self.data is None else kinds.get(type(self.data), "an object")


def check_size(size: int) -> None:
    """Raise TooMuch if a value of this size would be too large; called before it is made."""
    if size > MAX_SIZE:
        raise TooMuch(f"the value has more than {MAX_SIZE:,} characters")


def merge(under: Value | None, over: Value, on_final: Callable[[], None] | None = None) -> Value:
    """`over` merged over `under`, as in ESC: objects member by member; any other value replaces.

    This is JSON merge patch, except that null is a value. With `on_final`, final values in `under` stay, and
    `on_final` is called for each that would have changed. Merging is associative: what a `closed` object
    hides stays hidden.
    """
    if under is None:
        return over
    if under.final and on_final is not None:
        if under != over:
            on_final()
        return under
    if not isinstance(over.data, Mapping) or over.closed:
        return over
    if not isinstance(under.data, Mapping):
        return replace(over, closed=True)
    members = dict(under.data)
    for name, value in over.data.items():
        members[name] = merge(members.get(name), value, on_final)
    return Value(members, secret=over.secret, final=over.final, closed=under.closed)


def from_json(data: object, *, secret: bool = False) -> Value:
    """The `Value` of a JSON value. Raises TooMuch, and ValueError for infinite numbers and NaN."""
    if isinstance(data, Mapping):
        return Value({str(name): from_json(item, secret=secret) for name, item in data.items()}, secret)
    if isinstance(data, list):
        return Value(tuple(from_json(item, secret=secret) for item in data), secret)
    if isinstance(data, float) and not math.isfinite(data):
        raise ValueError("a number is out of range")
    return Value(cast("Data", data), secret)


def to_json(value: Value, *, reveal: bool) -> object:
    """The JSON value, with "[secret]" in place of secrets unless `reveal` is set."""
    if value.secret and not reveal:
        return HIDDEN
    if isinstance(value.data, Mapping):
        return {name: to_json(item, reveal=reveal) for name, item in sorted(value.data.items())}
    if isinstance(value.data, tuple):
        return [to_json(item, reveal=reveal) for item in value.data]
    return value.data


def as_text(value: Value) -> str:
    """A value as text, as in Pulumi ESC: null is empty; items and members are quoted and joined by commas."""
    data = value.data
    if data is None:
        return ""
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, float):
        return format(Decimal(repr(data)).normalize(), "f") if data else "0"
    if isinstance(data, tuple):
        return ",".join(_quoted(as_text(item)) for item in data)
    if isinstance(data, Mapping):
        return ",".join(f"{_quoted(name)}={_quoted(as_text(item))}" for name, item in sorted(data.items()))
    return str(data)


def secret_texts(value: Value) -> Iterator[str]:
    """The plain texts of all secrets in a value."""
    if value.secret and not list(value.parts()):
        yield as_text(value)
    if value.has_secrets:
        for part in value.parts():
            yield from secret_texts(part)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
