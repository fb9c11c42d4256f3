"""How a fault in a policy's configuration is said: the property, what is allowed there, what was given."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from packreg.text import plain

MAX_SHOWN = 80  # characters of a value that a message quotes


class SchemaViolation(NamedTuple):
    """One thing wrong with a policy's configuration: the path of the property and what is allowed there."""

    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.message}" if self.path else self.message


def path_text(path: Sequence[str | int]) -> str:
    """`("tags", 1, "key")` as `tags[1].key`; not `plain` yet."""
    return "".join(
        f"[{step}]" if isinstance(step, int) else (f".{step}" if index else step)
        for index, step in enumerate(path)
    )


def dotted(path: Sequence[str | int]) -> str:
    """`path_text` for a message: harmless, with at most `MAX_SHOWN` characters of each name."""
    return path_text([step if isinstance(step, int) else plain(step)[:MAX_SHOWN] for step in path])


def shown(value: object) -> str:
    """A value as JSON for a message, whole numbers without a point, shortened to `MAX_SHOWN` characters."""
    text = plain(json.dumps(_whole_numbers(value), ensure_ascii=False, default=str))
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


_KINDS = {"object": "an object", "array": "a list", "integer": "a whole number", "null": "null"}


def _whole_numbers(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _whole_numbers(item) for name, item in value.items()}
    return value


def violations_of(error: Any) -> Iterator[SchemaViolation]:
    """A validation error of the jsonschema library in our words; one for each required property missing."""
    path = tuple(error.absolute_path)
    if error.validator == "required" and isinstance(error.instance, Mapping):
        for name in error.validator_value:
            if name not in error.instance:
                kind = _kind(error.schema, name)
                yield SchemaViolation(
                    (*path, name), f"is required{f' ({kind})' if kind else ''} and has no value"
                )
    else:
        yield SchemaViolation(path, explain(error))


def _kinds(wanted: object) -> str:
    kinds = wanted if isinstance(wanted, list) else [wanted]
    return " or ".join(_KINDS.get(str(kind), f"a {kind}") for kind in kinds)


def _kind(schema: object, name: str) -> str:
    """What kind of value a property must be, as far as the schema says so plainly."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    of_name = properties.get(name) if isinstance(properties, Mapping) else None
    return _kinds(of_name["type"]) if isinstance(of_name, Mapping) and "type" in of_name else ""


def explain(error: Any) -> str:
    """What is allowed where a validation error of the jsonschema library points, and what was given."""
    wanted, given = error.validator_value, shown(error.instance)
    match error.validator:
        case "type":
            return f"must be {_kinds(wanted)}, not {given}"
        case "enum":
            return f"must be one of {', '.join(shown(value) for value in wanted)}, not {given}"
        case "const":
            return f"must be {shown(wanted)}, not {given}"
        case "minimum" | "maximum":
            bound = "at least" if error.validator == "minimum" else "at most"
            return f"must be {bound} {shown(wanted)}, not {given}"
        case "exclusiveMinimum" | "exclusiveMaximum":
            return (
                f"must be {'more' if 'Min' in error.validator else 'less'} than {shown(wanted)}, not {given}"
            )
        case "multipleOf":
            return f"must be a multiple of {shown(wanted)}, not {given}"
        case "minLength" | "maxLength":
            bound = "at least" if error.validator == "minLength" else "at most"
            return f"must have {bound} {shown(wanted)} characters, not {given}"
        case "minItems" | "maxItems" | "minProperties" | "maxProperties":
            bound = "at least" if error.validator.startswith("min") else "at most"
            return f"must have {bound} {shown(wanted)} items, not {len(error.instance)}"
        case "pattern":
            return f"must match the pattern {shown(wanted)}, not {given}"
        case "format":
            return f"must be a valid {wanted}, not {given}"
        case "uniqueItems":
            return "must not have the same item twice"
        case "additionalProperties":
            allowed = sorted(
                (error.schema.get("properties") or {}) if isinstance(error.schema, Mapping) else ()
            )
            extra = sorted(set(error.instance) - set(allowed)) if isinstance(error.instance, Mapping) else []
            return f"must not have {', '.join(map(shown, extra))}; known: {', '.join(allowed) or 'none'}"
    return str(error.message)[: 3 * MAX_SHOWN]
