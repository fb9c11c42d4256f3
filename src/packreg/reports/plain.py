"""Parts of findings as text that is safe to print (`packreg.text`): lines, values, changes, resources."""

from __future__ import annotations

import json
import math
from typing import Any

from packreg.analyzer.findings import EvaluationError, PropertyChange
from packreg.configuration.messages import path_text
from packreg.text import plain

LINES_AT_MOST = 60


def plain_lines(text: str) -> list[str]:
    """The lines of `text` that are not blank, each made `plain`: the first 60, and how many follow."""
    lines = [plain(line) for line in text.splitlines() if line.strip()]
    if len(lines) > LINES_AT_MOST:
        left = len(lines) - LINES_AT_MOST
        lines[LINES_AT_MOST:] = [f"… and {left} more line{'' if left == 1 else 's'}"]
    return lines


def json_value(value: Any) -> Any:
    """A property value as JSON can hold it: infinities and NaN become strings, whole floats integers."""
    if isinstance(value, float):
        if math.isfinite(value):
            return int(value) if value.is_integer() and abs(value) < 2**53 else value
        return str(value)
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return value


def change_line(change: PropertyChange) -> str:
    """One difference as a line of a diff: `~ acl: "public" => "private"`, as the Pulumi CLI writes it."""
    path = path_text(change.path)
    before, after = (
        json.dumps(json_value(value), ensure_ascii=False) for value in (change.before, change.after)
    )
    sign, values = {
        "add": ("+", after),
        "delete": ("-", before),
        "update": ("~", f"{before} => {after}"),
    }[change.kind]
    return plain(f"{sign} {path}: {values}")


def resource_label(urn: str, resource_type: str) -> str:
    """`type: name`, as the Pulumi CLI names a resource; the type alone or `the stack` if it has no URN."""
    name = urn.split("::", 3)[3] if urn.count("::") >= 3 else urn
    return f"{resource_type}: {name}" if resource_type and name else name or resource_type or "the stack"


def error_label(error: EvaluationError) -> str:
    """What an error left unjudged: the resource's name, the number of resources, or `the stack`."""
    if error.urn:
        return resource_label(error.urn, "")
    if error.kind == "stack":
        return "the stack"
    return "1 resource" if error.resources == 1 else f"{error.resources} resources"
