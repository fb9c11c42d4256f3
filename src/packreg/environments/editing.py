"""Set one value in the text of a definition. The rest of the text, with its comments, stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from packreg.environments.document import MAX_DOCUMENT, MAX_NODES, SECRET, read_document
from packreg.environments.interpolation import Path, written
from packreg.errors import UsageError
from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import Mapping, Node, Scalar, Sequence, quoted, read_yaml

#: Keys and texts that need no quotes, wherever they stand.
_PLAIN_KEY = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_:-]*[A-Za-z0-9_])?", re.ASCII)
_PLAIN_TEXT = re.compile(r"[A-Za-z0-9_./-]+", re.ASCII)
#: What may follow a block of YAML without belonging to it: blank lines and comments.
_BEHIND = re.compile(r"(?:[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z))*[ \t]*\Z")
#: The rest of a line.
_REST = re.compile(r"[^\r\n]*")


def read_value(text: str) -> str:
    """A value that was typed as YAML, rewritten on one line for `set_value`.

    Raises:
        UsageError: it is not strict YAML.
    """
    problems = Problems()
    node = read_yaml(text.encode("utf-8", "replace"), "the value", problems)
    if problems.errors or node is None:
        raise UsageError(f"{problems.errors[0]}", hint="--string takes the value as a text, as it is")
    return _flow(node)


def as_string(text: str, *, secret: bool = False) -> str:
    """A text as a YAML string, or with `secret` as a `fn::secret`, on one line for `set_value`."""
    return f"{{{SECRET}: {quoted(text)}}}" if secret else quoted(text)


def set_value(text: bytes, path: Path, value: str, where: str) -> bytes:
    """The definition `text` with `value`, YAML on one line, at a path below `values`.

    Missing mappings on the path are created; an item of a list must exist. `where` names the definition in
    messages.

    Raises:
        InvalidConfiguration: the definition is not valid, before or after the change.
        UsageError: there is no such place, or the value cannot be set without rewriting other text.
    """
    read_document(text, where)
    source = text.decode("utf-8-sig")
    wanted = _with(_plain(_tree(source)), ("values", *path), _plain(_tree(value)), where)
    for edited in _candidates(source, path, value):
        problems = Problems()
        tree = read_yaml(edited.encode(), where, problems, limit=2 * MAX_DOCUMENT, nodes=2 * MAX_NODES)
        if tree is not None and not problems.errors and _plain(tree) == wanted:
            read_document(edited.encode(), where)
            return edited.encode()
    raise UsageError(
        f"{written(path)} cannot be set in the text of {where} as it is written",
        hint=f"edit what `packreg env get {where}` prints, and set the whole definition from a file",
    )


def _candidates(source: str, path: Path, value: str) -> Iterator[str]:
    """The text with the edit made in different ways; the caller parses each to find a right one."""
    node: Node = _tree(source)
    if not (isinstance(node, Mapping) and node.flow):
        first = f"{_key(str(path[0]))}: {_nested(path[1:], value)}"
        if not isinstance(node, Mapping) or node.get("values") is None:
            yield f"{source.rstrip()}\nvalues:\n  {first}\n".lstrip()
        elif (empty := node.get("values")) is not None and isinstance(empty, Scalar):
            end = _line_end(source, empty.place.end)
            head, comment = source[: empty.place.start].rstrip(), source[empty.place.end : end].strip()
            behind = source[end:] or "\n"
            yield f"{head}{' ' if comment else ''}{comment}\n  {first}{behind}"
    whole = ("values", *path)
    for number, step in enumerate(whole):
        if isinstance(node, Mapping) and isinstance(step, str):
            below = node.get(step)
            if below is None:
                yield from _added(source, node, f"{_key(step)}: {_nested(whole[number + 1 :], value)}")
                return
        elif isinstance(node, Sequence) and isinstance(step, int):
            below = node.items[step]
        else:
            value, below = _nested(whole[number:], value), node
            break
        node = below
    yield _replaced(source, node, value)


def _added(source: str, node: Mapping, entry: str) -> Iterator[str]:
    """The text with one more member in a mapping: first in braces, last or first in a block."""
    start = node.place.start
    if node.flow:
        yield f"{source[: start + 1]}{entry}{', ' if node.entries else ''}{source[start + 1 :]}"
        return
    indent = " " * (node.place.column - 1)
    end = _line_end(source, _end(source, node))
    yield f"{source[:end]}\n{indent}{entry}{source[end:]}"
    yield f"{source[:start]}{entry}\n{indent}{source[start:]}"


def _replaced(source: str, node: Node, value: str) -> str:
    start = node.place.start
    gap = " " if start and source[start - 1] == ":" else ""
    return f"{source[:start]}{gap}{value}{source[_end(source, node) :]}"


def _end(source: str, node: Node) -> int:
    """The offset at which a node ends.

    The parser lets a block reach to the next token; blank lines and comments at its end are left out here.
    """
    start, end = node.place.start, node.place.end
    if node.style in ("|", ">") if isinstance(node, Scalar) else not node.flow:
        span = source[start:end]
        behind = None if isinstance(node, Scalar) else _BEHIND.search(span)
        return start + len((span[: behind.start()] if behind else span).rstrip())
    return end


def _line_end(source: str, at: int) -> int:
    """The offset of the end of the line at `at`: a comment on that line stays with what it is about."""
    found = _REST.match(source, at)
    assert found is not None
    return found.end()


def _nested(path: Path, value: str) -> str:
    for step in reversed(path):
        value = f"{{{_key(str(step))}: {value}}}"
    return value


def _key(key: str) -> str:
    plain = _PLAIN_KEY.fullmatch(key) and key.lower() not in ("null", "true", "false")
    return key if plain else quoted(key)


def _tree(source: str) -> Node:
    tree = read_yaml(source.encode(), "", Problems(), limit=2 * MAX_DOCUMENT, nodes=2 * MAX_NODES)
    assert tree is not None, "the text was read before"
    return tree


def _plain(node: Node) -> object:
    """The values of a tree without positions: two texts mean the same if these are equal."""
    if isinstance(node, Mapping):
        return {key.text: _plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return (node.is_string, "" if node.is_null else node.text)


def _with(plain: object, path: Path, value: object, where: str) -> object:
    """A copy of `plain` with `value` at a path. Raises UsageError when there is no such place."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    empty = plain == (False, "")
    if isinstance(step, str) and (empty or isinstance(plain, dict)):
        members = dict(plain) if isinstance(plain, dict) else {}
        return {**members, step: _with(members.get(step, (False, "")), rest, value, where)}
    if isinstance(step, int) and isinstance(plain, list) and step < len(plain):
        return [*plain[:step], _with(plain[step], rest, value, where), *plain[step + 1 :]]
    what = f"an item {step}" if isinstance(step, int) else f"a key {step}"
    raise UsageError(
        f"{where} has no place for {what} there",
        hint=f"`packreg env get {where}` shows the definition; lists are set as a whole, or item by item",
    )


def _flow(node: Node) -> str:
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(value)}" for key, value in node.entries) + "}"
    if isinstance(node, Sequence):
        return "[" + ", ".join(map(_flow, node.items)) + "]"
    if node.is_string:
        plain = _PLAIN_TEXT.fullmatch(node.text) is not None and not node.style
        return node.text if plain else quoted(node.text)
    return node.text or "null"
