"""The values of a strict YAML tree, where all readers of YAML agree on them, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence as SequenceOf
from math import isfinite
from typing import Any

from yaml import ScalarNode
from yaml.resolver import Resolver

from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import Mapping, Node, Position, Scalar, Sequence
from packreg.pack.text import short

_WORDS = {"true": True, "false": False}
#: Numbers that YAML 1.1 and 1.2 and JSON read alike; the length keeps them from being endless.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30}(?:[eE][-+][0-9]{1,3})?)?", re.ASCII)
_YAML_1_1 = Resolver()
_TEXT = "tag:yaml.org,2002:str"


def value_of(node: Node, where: str, problems: Problems) -> Any:
    """The value as JSON has it; what is ambiguous goes to `problems` and is taken as text."""
    if isinstance(node, Mapping):
        for key, _ in node.entries:
            if not is_text(key):
                message = f"the key {short(key.text)} is not read as text by every reader of YAML"
                problems.error("ambiguous", message, f"{where}:{key.place}", "put it in quotes")
        return {key.text: value_of(value, where, problems) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [value_of(item, where, problems) for item in node.items]
    if is_text(node):
        return node.text
    if node.is_null:
        return None
    if node.text in _WORDS:
        return _WORDS[node.text]
    if _NUMBER.fullmatch(node.text) and isfinite(float(node.text)):
        return float(node.text) if "." in node.text else int(node.text)
    message = f"{short(node.text)} is read differently by different readers of YAML"
    hint = "put it in quotes, or write true, false, null or a decimal number"
    problems.error("ambiguous", message, f"{where}:{node.place}", hint)
    return node.text


def is_text(scalar: Scalar) -> bool:
    """Whether YAML 1.1, YAML 1.2 and the Pulumi CLI read text here."""
    if scalar.style:
        return True
    tag = _YAML_1_1.resolve(ScalarNode, scalar.text, (True, False))  # type: ignore[no-untyped-call]
    return scalar.is_string and tag == _TEXT


def place_of(root: Node, path: SequenceOf[str | int]) -> Position:
    """Where the value at `path` stands, or the last one above it that is there."""
    node = root
    for step in path:
        inner: Node | None = None
        if isinstance(node, Mapping):
            inner = node.get(str(step))
        elif isinstance(node, Sequence) and isinstance(step, int):
            inner = node.items[step]
        if inner is None:
            break
        node = inner
    return node.place
