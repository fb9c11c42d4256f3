"""The values of unquoted YAML scalars, as Go's yaml.v3 reads them: null, booleans, numbers, texts."""

from __future__ import annotations

import math
import re

from packreg.environments.values import Value
from packreg.pack.strict_yaml import Scalar

_DECIMAL = re.compile(r"[-+]?[0-9]+", re.ASCII)
_PREFIXED = re.compile(r"([-+]?)0(?:([xX])|([oO])|([bB]))([0-9a-fA-F]+)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_MAX_DIGITS = 400


def is_text(node: Scalar) -> bool:
    """Whether a scalar is a text, so that `${…}` in it is a reference."""
    if node.is_string:
        return True
    try:
        return isinstance(scalar_value(node).data, str)
    except ValueError:
        return False


def scalar_value(node: Scalar) -> Value:
    """The value of an unquoted scalar; dates and times are texts.

    Raises ValueError for infinity, NaN and numbers with too many digits.
    """
    if node.is_null:
        return Value(None)
    if node.text.lower() in ("true", "false"):
        return Value(node.text.lower() == "true")
    text = node.text.replace("_", "")
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number has too many digits")
    if prefixed := _PREFIXED.fullmatch(text):
        base = 16 if prefixed[2] else 8 if prefixed[3] else 2
        return Value(int(prefixed[1] + prefixed[5], base))
    if _DECIMAL.fullmatch(text):
        octal = len(text.lstrip("+-")) > 1 and text.lstrip("+-")[0] == "0" and not set(text) & set("89")
        return Value(int(text, 8) if octal else int(text))
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return Value(int(number) if number.is_integer() and abs(number) < 2**53 else number)
    if node.text.lstrip("+-").lower() in (".inf", ".nan") or _FLOAT.fullmatch(text):
        raise ValueError("infinity and NaN are not values")
    return Value(node.text)
