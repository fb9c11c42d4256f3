"""The values of a strict YAML tree, as far as all YAML parsers agree on them, and their positions."""

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
#: Numbers that YAML 1.1, YAML 1.2 and JSON read alike, of limited length.
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30}(?:[eE][-+][0-9]{1,3})?)?", re.ASCII)
_YAML_1_1 = Resolver()
_TEXT = "tag:yaml.org,2002:str"


def value_of(node: Node, where: str, problems: Problems) -> Any:
    """The JSON value of a node. Ambiguous scalars are reported to `problems` and taken as text.

    `where` names the file in the problems.
    """
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
    """Whether YAML 1.1, YAML 1.2 and the Pulumi CLI all read this scalar as text."""
    if scalar.style:
        return True
    tag = _YAML_1_1.resolve(ScalarNode, scalar.text, (True, False))  # type: ignore[no-untyped-call]
    return scalar.is_string and tag == _TEXT


def place_of(root: Node, path: SequenceOf[str | int]) -> Position:
    """The position of the value at `path`, or of its nearest ancestor that exists."""
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
