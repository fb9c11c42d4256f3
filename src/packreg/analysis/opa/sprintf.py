"""`sprintf` as Go's fmt writes it, for the formats and arguments that the engine refuses.

OPA gives fmt an int64 or a float for a number, and text for everything else; what does not fit its verb is
written like `%!d(string=many)`, which is no error: a violation with such a message is one all the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_VERB = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<width>\d{1,4})?(?:\.(?P<precision>\d{0,4}))?(?P<verb>.?)", re.DOTALL
)
_GO_TYPES = {int: "int64", float: "float64", str: "string"}


def go_sprintf(format: str, arguments: Sequence[Sequence[str]]) -> str:
    """The text; each argument is (its Rego type, its text)."""
    values = [_value(kind, text) for kind, text in arguments]
    used = 0
    parts = []
    end = 0
    for match in _VERB.finditer(format):
        parts.append(format[end : match.start()])
        end = match.end()
        verb = match["verb"]
        if verb == "%":
            parts.append("%")
        elif not verb:
            parts.append("%!(NOVERB)")
        elif used >= len(values):
            parts.append(f"%!{verb}(MISSING)")
        else:
            parts.append(_written(values[used], match))
            used += 1
    parts.append(format[end:])
    if used < len(values):
        extra = ", ".join(f"{_GO_TYPES[type(value)]}={_plain(value)}" for value in values[used:])
        parts.append(f"%!(EXTRA {extra})")
    return "".join(parts)


def format_plain(format: object, arguments: object) -> str:
    """The text for arguments as the engine converts them. Raises TypeError for sets, lists and objects.

    Those have no order or types of Rego any more; the guarded modules describe them before.
    """
    if not isinstance(format, str) or not isinstance(arguments, list):
        raise TypeError("sprintf takes a text and a list")
    described = []
    for value in arguments:
        if isinstance(value, str):
            described.append(("string", value))
        elif value is None or isinstance(value, bool):
            described.append(("other", "null" if value is None else "true" if value else "false"))
        elif isinstance(value, int | float):
            described.append(("number", str(value)))
        else:
            raise TypeError("not a plain value")
    return go_sprintf(format, described)


def _value(kind: str, text: str) -> int | float | str:
    if kind == "set" and text == "{}":
        return "set()"
    if kind != "number":
        return text
    try:
        return int(text)
    except ValueError:
        return float(text)


def _plain(value: float | str) -> str:
    if isinstance(value, float):
        return _shortest(value)
    return str(value)


def _shortest(value: float) -> str:
    """`%v` of a float64: like `%g` with the fewest digits, an exponent from 1e21 on."""
    text = repr(value)
    exponent = int(f"{value:e}".partition("e")[2]) if value else 0
    if -4 <= exponent < 21:
        return format(value, "f").rstrip("0").rstrip(".") if "e" in text else text.removesuffix(".0")
    mantissa = text.partition("e")[0].removesuffix(".0")
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _written(value: float | str, match: re.Match[str]) -> str:
    verb, flags = match["verb"], match["flags"]
    precision = match["precision"]
    text = _convert(value, verb, flags, None if precision is None else int(precision or 0))
    if text is None:
        return f"%!{verb}({_GO_TYPES[type(value)]}={_plain(value)})"
    width = int(match["width"] or 0)
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and not isinstance(value, str):
        sign = text[:1] if text[:1] in ("-", "+") else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _convert(value: float | str, verb: str, flags: str, precision: int | None) -> str | None:
    """The value by its verb, without padding; None where Go has none for it."""
    if verb == "T":
        return _GO_TYPES[type(value)]
    if isinstance(value, str):
        cut = value if precision is None else value[:precision]
        if verb in "sv":
            return cut
        if verb == "q":
            return '"' + cut.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return cut.encode().hex() if verb == "x" else cut.encode().hex().upper() if verb == "X" else None
    plus = "+" if "+" in flags and value >= 0 else ""
    if isinstance(value, int):
        if verb in "dv":
            return plus + str(value)
        if verb == "c":
            return chr(value) if 0 <= value < 0x110000 else "\ufffd"
        return plus + format(value, verb) if verb in "xXob" else None
    if verb in "eEfFgG" or verb == "v":
        if verb in "gGv" and precision is None:
            return plus + _shortest(value)
        return plus + format(value, f".{6 if precision is None else precision}{'g' if verb == 'v' else verb}")
    return None
