"""One policy's configuration against its JSON schema.

The schema comes from a pack and is hostile until checked: its size and depth are bounded, references stay
inside it, regular expressions run in linear time (RE2, which is also the Pulumi CLI's dialect), and the whole
validation has a budget of steps, because nested references can ask for exponentially many.

The rules are the Pulumi CLI's: JSON schema draft 7 over `{"type": "object", "properties", "required"}`;
further properties are allowed. Formats are checked where that needs no further library (date, e-mail, IP
addresses, time, UUID, regular expression); any other format is taken as a comment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from packreg.configuration.messages import SchemaViolation, dotted, explain, shown, violations_of

MAX_NODES = 10_000  # sub-schemas, keywords and values in one policy's schema
MAX_DEPTH = 32
MAX_STEPS = 1_000_000  # what one validation may cost: a keyword on a value is 1, and 1 for each of its parts

_SUBSCHEMA_MAPS = frozenset({"properties", "patternProperties", "definitions", "$defs", "dependencies"})
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_DATA = frozenset({"default", "enum", "const", "examples"})


@dataclass(frozen=True, slots=True)
class PolicySchema:
    """What a policy says of its configuration: JSON schemas by property name, and the names it requires."""

    properties: Mapping[str, object] = field(default_factory=dict)
    required: tuple[str, ...] = ()

    def defaults(self) -> dict[str, object]:
        """The values of the properties that have a `default` of their own (nested ones do not count)."""
        return {
            name: schema["default"]
            for name, schema in self.properties.items()
            if isinstance(schema, Mapping) and "default" in schema
        }


def schema_problem(schema: PolicySchema) -> str:
    """Why this is not a usable schema, or "". A published pack's schemas have passed this."""
    from jsonschema import Draft7Validator, FormatChecker, SchemaError

    if not all(isinstance(name, str) for name in schema.required):
        return f"required must be a list of names, not {shown(list(schema.required))}"
    whole = _whole(schema)
    try:
        problem = _walk(whole)
        if problem:
            return problem
        Draft7Validator.check_schema(whole, format_checker=FormatChecker(formats=()))
    except SchemaError as error:
        path = list(error.absolute_path)
        if path and path[-1] == "type":
            return f"{dotted(path)}: {shown(error.instance)} is not a type; there are {', '.join(_TYPES)}"
        return f"{dotted(path)}: {explain(error)}" if path else explain(error)
    except RecursionError:
        return f"it is nested deeper than {MAX_DEPTH} levels"
    return ""


def violations(schema: PolicySchema, properties: Mapping[str, object]) -> list[SchemaViolation]:
    """All that is wrong with these properties, sorted; the schema must have no `schema_problem`.

    Numbers are compared as JSON numbers (`100.0` is an integer). Raises ValueError when the validation
    would take more than `MAX_STEPS` steps or follows references without end.
    """
    from jsonschema import FormatChecker, ValidationError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    formats = FormatChecker(formats=("date", "email", "idn-email", "ipv4", "ipv6", "time", "uuid"))
    validator = _validator_class()(_whole(schema), registry=Registry(), format_checker=formats)
    found: set[SchemaViolation] = set()
    spent = _steps.set([0])
    try:
        for error in validator.iter_errors(dict(properties)):
            assert isinstance(error, ValidationError)
            found.update(violations_of(error))
    except RecursionError:
        raise ValueError("the schema refers to itself without end") from None
    except Unresolvable as error:
        raise ValueError(f"the schema refers to {error.ref!r}, which it does not have") from None
    finally:
        _steps.reset(spent)
    return sorted(found, key=lambda violation: ([str(step) for step in violation.path], violation.message))


def _whole(schema: PolicySchema) -> dict[str, object]:
    whole: dict[str, object] = {"type": "object"}
    if schema.properties:
        whole["properties"] = dict(schema.properties)
    if schema.required:
        whole["required"] = list(dict.fromkeys(schema.required))
    return whole


# --- a schema before it is used -------------------------------------------------------------------------


def _walk(root: object) -> str:
    """Size, depth, references and patterns, without recursion, so that no depth can hurt."""
    nodes = 0
    todo: list[tuple[object, int, str]] = [(root, 0, "")]
    while todo:
        node, depth, key = todo.pop()
        nodes += 1
        if nodes > MAX_NODES:
            return f"it has more than {MAX_NODES} parts"
        if depth > MAX_DEPTH:
            return f"it is nested deeper than {MAX_DEPTH} levels"
        if isinstance(node, list):
            todo.extend((item, depth + 1, key if key in _DATA else "") for item in node)
        elif isinstance(node, Mapping):
            problem = "" if key in _DATA else _keyword_problem(node, key in _SUBSCHEMA_MAPS)
            if problem:
                return problem
            inside_map = key in _SUBSCHEMA_MAPS
            for name, value in node.items():
                below = key if key in _DATA else "" if inside_map else str(name)
                todo.append((value, depth + 1, below))
                if key == "patternProperties" and (problem := pattern_problem(str(name))):
                    return problem
    return ""


def _keyword_problem(node: Mapping[str, object], is_map: bool) -> str:
    if is_map:
        return ""
    reference = node.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        return f"it refers to {shown(reference)}; only references inside the schema (#/…) are followed"
    pattern = node.get("pattern")
    return pattern_problem(pattern) if isinstance(pattern, str) else ""


def pattern_problem(pattern: str) -> str:
    """Why this is not a regular expression, or ""."""
    import re2

    try:
        compiled(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else error
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        return f"the pattern {shown(pattern)} is not a regular expression (RE2): {text}"
    return ""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """A regular expression, which runs in linear time. Raises re2.error, UnicodeEncodeError."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


# --- validation -----------------------------------------------------------------------------------------

_steps: ContextVar[list[int]] = ContextVar("_steps")

Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


@cache
def _validator_class() -> Any:
    """Draft 7 with a budget on every keyword, and with linear keywords where the library's are not."""
    from jsonschema import Draft7Validator
    from jsonschema.validators import extend

    keywords: dict[str, Keyword] = dict(Draft7Validator.VALIDATORS)
    keywords.update(
        pattern=_pattern,
        patternProperties=_pattern_properties,
        uniqueItems=_unique_items,
        multipleOf=_multiple_of,
    )
    counted = {name: _counted(keyword) for name, keyword in keywords.items()}
    return extend(Draft7Validator, counted)  # type: ignore[no-untyped-call]


def _counted(keyword: Keyword) -> Keyword:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        _spend(1 + (len(value) if isinstance(value, list | dict) else 0))
        yield from keyword(validator, value, instance, schema) or ()

    return counted


def _spend(steps: int) -> None:
    spent = _steps.get()
    spent[0] += steps
    if spent[0] > MAX_STEPS:
        raise ValueError(f"checking it takes more than {MAX_STEPS} steps")


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not compiled(pattern).search(instance):
        yield ValidationError("does not match")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, dict):
        _spend(len(patterns) * len(instance))
        for pattern, subschema in patterns.items():
            for name, value in instance.items():
                if compiled(pattern).search(name):
                    yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _unique_items(validator: Any, wanted: bool, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if wanted and isinstance(instance, list):
        texts = [json.dumps(item, sort_keys=True) for item in instance]
        if len(set(texts)) != len(texts):
            yield ValidationError("has an item twice")


def _multiple_of(validator: Any, step: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """Decimal, as the Pulumi CLI does it: 0.3 is a multiple of 0.1, which it is not in binary."""
    from jsonschema import ValidationError

    if validator.is_type(instance, "number") and Fraction(str(instance)) % Fraction(str(step)):
        yield ValidationError("is not a multiple")
