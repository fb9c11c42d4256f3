"""What changed between two configuration schemas of a policy, for those who configure it. Pure.

A change is "stricter" if a configuration that was accepted may now be refused, "looser" if it is the other
way round only, and "changed" where this cannot be told from the keywords: another default, another pattern,
any keyword that is not looked into.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeGuard

from packreg.pack.metadata import Schema

_MAX_DEPTH = 32
#: Keywords that say something to readers only.
_COMMENTS = frozenset({"title", "description", "examples", "$comment", "$id", "$schema"})
_LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
#: Keywords of which having one is stricter than having none.
_CONSTRAINTS = (
    _LOWER | _UPPER | {"type", "enum", "const", "pattern", "format", "multipleOf", "contains", "not"}
)

Kind = Literal["stricter", "looser", "changed"]


class SchemaChange(NamedTuple):
    """One change. `where` is the property, dotted (`limits.days`)."""

    kind: Kind
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def schema_changes(old: Schema, new: Schema) -> tuple[SchemaChange, ...]:
    """All changes, by property."""
    return tuple(
        _object_changes(
            {"properties": old.properties, "required": list(old.required)},
            {"properties": new.properties, "required": list(new.required)},
            "",
            0,
        )
    )


def _object_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], where: str, depth: int
) -> Iterator[SchemaChange]:
    """The changes in `properties` and `required`."""
    before, after = _mapping(old.get("properties")), _mapping(new.get("properties"))
    wanted, wants = _names(old.get("required")), _names(new.get("required"))
    for name in sorted(before.keys() | after.keys() | wanted | wants):
        at = f"{where}.{name}".lstrip(".")
        if name in wants and name not in wanted and "default" not in _mapping(after.get(name)):
            yield SchemaChange("stricter", at, "it is now required")
        if name in wanted and name not in wants:
            yield SchemaChange("looser", at, "it is no longer required")
        if name not in before and name in after:
            if name in wanted:  # it had to be given, and could be anything
                yield from _changes({}, after[name], at, depth + 1)
            elif name not in wants:
                yield SchemaChange("looser", at, "it is new, and may be left out")
        elif name in before and name not in after:
            yield SchemaChange("changed", at, "it is gone, and is ignored where it is still given")
        elif name in before:
            yield from _changes(before[name], after[name], at, depth + 1)


def _changes(old: object, new: object, at: str, depth: int) -> Iterator[SchemaChange]:
    """The changes in the schema of one value."""
    if _same(old, new):
        return
    if not isinstance(old, Mapping) or not isinstance(new, Mapping) or depth > _MAX_DEPTH:
        yield SchemaChange("changed", at, "its schema is another")
        return
    for keyword in sorted(old.keys() | new.keys()):
        if keyword in _COMMENTS or keyword in ("properties", "required"):
            continue
        if keyword == "items" and "items" in old and "items" in new:
            yield from _changes(old["items"], new["items"], f"{at}[]", depth + 1)
        elif keyword not in old or keyword not in new or not _same(old[keyword], new[keyword]):
            yield _keyword(keyword, old, new, at)
    yield from _object_changes(old, new, at, depth)


def _keyword(keyword: str, old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> SchemaChange:
    if keyword not in old:
        message = f"{keyword} is now {_shown(new[keyword])}"
    elif keyword not in new:
        message = f"{keyword} is no longer {_shown(old[keyword])}"
    else:
        message = f"{keyword} is {_shown(new[keyword])} instead of {_shown(old[keyword])}"
    return SchemaChange(_kind(keyword, old, new), at, message)


def _kind(keyword: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Kind:
    if keyword == "additionalProperties":
        before, after = old.get(keyword, True), new.get(keyword, True)
        return "stricter" if before is True else "looser" if after is True else "changed"
    if keyword == "uniqueItems":
        return "stricter" if new.get(keyword) is True else "looser"
    if keyword in _CONSTRAINTS and (keyword not in old or keyword not in new):
        return "stricter" if keyword in new else "looser"
    before, after = old.get(keyword), new.get(keyword)
    if keyword in _LOWER | _UPPER and _is_number(before) and _is_number(after):
        return "stricter" if (after > before) == (keyword in _LOWER) else "looser"
    if keyword == "type":
        return "looser" if _types(before) <= _types(after) else "stricter"
    if keyword == "enum" and isinstance(before, list) and isinstance(after, list):
        return "looser" if {_text(v) for v in before} <= {_text(v) for v in after} else "stricter"
    return "stricter" if keyword == "const" else "changed"


def _types(value: object) -> set[str]:
    """The types that are meant; whole numbers are numbers."""
    types = {word for word in (value if isinstance(value, list) else [value]) if isinstance(word, str)}
    return types | {"integer"} if "number" in types else types


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(old: object, new: object) -> bool:
    return _text(old) == _text(new)


def _text(value: object) -> str:
    """A JSON value as text, the same for equal values: 1 and 1.0 are."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shown(value: object) -> str:
    text = _text(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _names(value: object) -> set[str]:
    return {name for name in value if isinstance(name, str)} if isinstance(value, list) else set()
