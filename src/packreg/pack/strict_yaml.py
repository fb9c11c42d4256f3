"""YAML, read strictly: a small tree with positions, whose scalars are the text as it is in the file.

Built on PyYAML's events, never on its loaders: a loader turns `version: 1.10` into the float 1.1, keeps the
last of two equal keys, and recurses as deep as the file nests. Anchors, aliases, tags, merge keys, explicit
`?` keys, further documents and directives other than `%YAML 1.1` and `%YAML 1.2` are refused: no policy
pack uses them, and YAML readers disagree on them. So are the characters that some readers take for line
breaks or skip (NEL, U+2028, U+2029, control characters, byte order marks after the first).

Always PyYAML's Python parser, never libyaml: they differ in details, and a pack must be judged the same on
every machine. It reads about 1 MB a second; the bounds on depth and on the number of nodes are checked
while scanning, so no input up to the size limit takes more than a fraction of a second (measured).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml
from yaml import events
from yaml.error import MarkedYAMLError

from packreg.pack.problems import Problems
from packreg.pack.text import MAX_PROBLEMS, check_characters, decode, short
from packreg.pack.yaml_events import MAX_DEPTH, Refused, StrictEvents, complex_key, too_deep

MAX_NODES = 2_000
#: What yaml.v3, which the Pulumi CLI uses, does not read as a string when it has no quotes.
_NOT_A_STRING = re.compile(
    r"""~|null|Null|NULL|true|True|TRUE|false|False|FALSE|<<
    |[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)
    |[-+]?(?:0x[0-9a-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+|0X[0-9a-fA-F_]+)
    |[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9_]+)?
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Position:
    """A part of the text: line and column of its beginning, counted from 1, and its character offsets."""

    line: int
    column: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar: its value as text, never converted, and how it was quoted (`'`, `"`, `|`, `>` or empty)."""

    text: str
    style: str
    place: Position

    @property
    def is_null(self) -> bool:
        """Whether it is null: no value, `~` or `null`."""
        return not self.style and self.text in ("", "~", "null", "Null", "NULL")

    @property
    def is_string(self) -> bool:
        """Whether the Pulumi CLI reads it as a string, not as a number, boolean, date or null."""
        return bool(self.style) or (bool(self.text) and not _NOT_A_STRING.fullmatch(self.text))


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    flow: bool
    place: Position


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping; every key is a scalar and occurs once. `flow` tells `{a: b}` from the indented form."""

    entries: tuple[tuple[Scalar, Node], ...]
    flow: bool
    place: Position

    def get(self, key: str) -> Node | None:
        """The value of `key`, compared as text; None if there is no such key."""
        return next((value for name, value in self.entries if name.text == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping


def read_yaml(
    data: bytes, where: str, problems: Problems, *, limit: int = 64 * 1024, nodes: int = MAX_NODES
) -> Node | None:
    """Read one strict YAML document of at most `limit` bytes and `nodes` keys and values.

    An empty file is a null scalar.

    After some problems (an anchor, a tag, a second equal key) the tree is returned all the same, so that the
    caller can report its own problems too. After others there is no tree, and the result is None.
    """
    text = decode(data, where, problems, limit=limit)
    if text is None or not check_characters(text, where, problems):
        return None
    reader = _TreeReader(text, where, problems, nodes)
    try:
        return reader.read()
    except Refused as refused:
        problems.error(refused.code, refused.message, f"{where}:{refused.position}", refused.hint)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        message = ": ".join(part for part in (error.context, error.problem) if part)
        problems.error(
            "yaml-syntax", f"this is not YAML: {message}", f"{where}:{position}", _hint(text, message)
        )
    except (yaml.YAMLError, ValueError, OverflowError):
        # "\UFFFFFFFF" and %YAML 1.<thousands of digits> fail in chr() and int().
        problems.error(
            "yaml-syntax",
            "this is not YAML: an escape or a number is out of range",
            f"{where}:{reader.position}",
        )
    return None


def quoted(text: str) -> str:
    """A text as a scalar in double quotes, with JSON's escapes, which are YAML's too. Always printable."""
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04x}" if c <= "\uffff" else f"\\U{ord(c):08x}"
        for c in json.dumps(text, ensure_ascii=False)
    )


def _hint(text: str, message: str) -> str:
    if "\\t" in message or "found a tab" in message:
        return "indent with spaces, not with tabs"
    if "mapping values are not allowed" in message:
        return "indent the line as those beside it, and put a text with a colon and a space in it in quotes"
    if re.search(r"^<{7} ", text, re.MULTILINE):
        return "resolve the merge conflict that was left in the file"
    return ""


class _TreeReader:
    """Turns the events of one text into a tree."""

    def __init__(self, text: str, where: str, problems: Problems, most: int) -> None:
        self.where, self.problems, self.most = where, problems, most
        self.parser = StrictEvents(text)
        self.nodes = self.reported = 0

    @property
    def position(self) -> str:
        """The scanner's present position, as `line:column`."""
        return f"{self.parser.line + 1}:{self.parser.column + 1}"

    def read(self) -> Node:
        self._next()
        event = self._next()
        if isinstance(event, events.StreamEndEvent):
            return Scalar("", "", Position(1, 1, 0, 0))
        assert isinstance(event, events.DocumentStartEvent)
        if event.version and tuple(event.version) not in ((1, 1), (1, 2)):
            self._report("directive", "only %YAML 1.1 and %YAML 1.2 are read", event, "remove the line")
        if event.tags:
            self._report("directive", "%TAG directives are not accepted", event, "remove the line")
        root = self._node(self._next(), 1)
        self._next()
        event = self._next()
        if not isinstance(event, events.StreamEndEvent):
            position = _place(event).line
            raise Refused(
                "second-document",
                "the file holds a second document",
                f"{position}:1",
                "keep one and remove '---'",
            )
        return root

    def _next(self) -> events.Event:
        event = self.parser.get_event()  # type: ignore[no-untyped-call]
        assert isinstance(event, events.Event)
        return event

    def _until(self, end: type[events.Event]) -> Iterator[events.Event]:
        while not isinstance(event := self._next(), end):
            yield event
        self._end = _place(event).end

    def _node(self, event: events.Event, depth: int) -> Node:
        place = _place(event)
        position = str(place)
        self.nodes += 1
        if self.nodes > self.most:
            raise Refused("too-many-nodes", f"the file has more than {self.most:,} keys and values", position)
        if depth > MAX_DEPTH:
            raise too_deep(position)
        assert isinstance(event, events.NodeEvent)
        if isinstance(event, events.AliasEvent):
            raise Refused("alias", "aliases (*name) are not accepted", position, "repeat the value")
        if event.anchor:
            self._report("anchor", "anchors (&name) are not accepted", event, "remove it")
        if isinstance(event, events.ScalarEvent):
            if event.tag:
                self._report("tag", f"the tag {event.tag[:40]!r} is not accepted", event, "remove it")
            if any("\ud800" <= character <= "\udfff" for character in event.value):
                self._report(
                    "odd-character", "half of a surrogate pair is not a character", event, "remove it"
                )
            return Scalar(event.value, event.style or "", place)
        assert isinstance(event, events.CollectionStartEvent)
        if event.tag:
            self._report("tag", f"the tag {event.tag[:40]!r} is not accepted", event, "remove it")
        flow = bool(event.flow_style)
        if isinstance(event, events.SequenceStartEvent):
            items = tuple(self._node(item, depth + 1) for item in self._until(events.SequenceEndEvent))
            return Sequence(items, flow, self._to_here(place))
        entries = self._entries(depth)
        return Mapping(entries, flow, self._to_here(place))

    def _entries(self, depth: int) -> tuple[tuple[Scalar, Node], ...]:
        entries: dict[str, tuple[Scalar, Node]] = {}
        for event in self._until(events.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise complex_key(str(key.place))
            value = self._node(self._next(), depth + 1)
            if key.text == "<<" and not key.style:
                self._report("merge-key", "merge keys (<<) are not accepted", event, "write the keys out")
            elif key.text in entries:
                first = entries[key.text][0].place
                self._report(
                    "duplicate-key",
                    f"the key {short(key.text)} was given before, at {first}",
                    event,
                    "keep one of them",
                )
            else:
                entries[key.text] = (key, value)
        return tuple(entries.values())

    def _to_here(self, place: Position) -> Position:
        return Position(place.line, place.column, place.start, self._end)

    def _report(self, code: str, message: str, event: events.Event, hint: str) -> None:
        self.reported += 1
        place = _place(event)
        if self.reported > MAX_PROBLEMS:
            raise Refused("too-many-problems", "…and more of the same kind", str(place))
        self.problems.error(code, message, f"{self.where}:{place}", hint)


def _place(event: events.Event) -> Position:
    start, end = event.start_mark, event.end_mark
    assert isinstance(start, yaml.Mark)
    assert isinstance(end, yaml.Mark)
    return Position(start.line + 1, start.column + 1, start.index, end.index)
