"""The pure functions (`fn::…`) of environments. They do and refuse what Pulumi ESC's functions do and refuse.

Each takes an evaluated argument. For a wrong one it raises ValueError, whose message never quotes a value
that may be secret.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import NoReturn

from packreg.configuration.schema import PolicySchema, schema_problem, violations
from packreg.environments.values import (
    EACH,
    MAX_DEPTH,
    TooMuch,
    Value,
    as_text,
    check_size,
    from_json,
    to_json,
)

MAX_DIGITS = 400


def call(name: str, argument: Value) -> Value:
    """The result of `fn::name`, for every function but `fn::secret`.

    A result made from a secret is secret. Raises ValueError.
    """
    if name == "final":
        return Value(argument.data, argument.secret, final=True, closed=argument.closed)
    if name == "validate":
        return _validate(argument)
    if name == "concat":
        return Value(_concat(argument), argument.has_secrets)
    return from_json(_FUNCTIONS[name](argument), secret=argument.has_secrets)


def to_bytes(text: str) -> bytes:
    """The bytes of a text as `fn::fromBase64` decodes it: lone surrogates are bytes that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def is_binary(text: str) -> bool:
    """Whether a text contains bytes that are not UTF-8, as lone surrogates."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _text(value: Value, what: str) -> str:
    if not isinstance(value.data, str):
        raise ValueError(f"{what} must be a string, not {value.kind}")
    return value.data


def _list(value: Value, what: str) -> tuple[Value, ...]:
    if not isinstance(value.data, tuple):
        raise ValueError(f"{what} must be a list, not {value.kind}")
    return value.data


def _concat(argument: Value) -> tuple[Value, ...]:
    lists = [_list(each, "every argument of fn::concat") for each in argument.parts()]
    check_size(sum(each.size for each in argument.parts()))
    return tuple(item for each in lists for item in each)


def _join(argument: Value) -> str:
    delimiter, texts = argument.parts()
    between = _text(delimiter, "the delimiter of fn::join")
    items = [_text(each, "what fn::join joins") for each in _list(texts, "what fn::join joins")]
    check_size(texts.size + len(between) * len(items))
    return between.join(items)


def _split(argument: Value) -> list[object]:
    delimiter, text = argument.parts()
    between = _text(delimiter, "the delimiter of fn::split")
    whole = _text(text, "what fn::split splits")
    check_size(len(whole) + EACH * whole.count(between))
    return list(whole.split(between) if between else whole)


def _to_base64(argument: Value) -> str:
    return base64.b64encode(to_bytes(_text(argument, "the argument of fn::toBase64"))).decode()


def _from_base64(argument: Value) -> str:
    text = _text(argument, "the argument of fn::fromBase64")
    try:
        data = base64.b64decode(text.replace("\r", "").replace("\n", ""), validate=True)
    except ValueError:
        raise ValueError("the argument of fn::fromBase64 is not base64") from None
    return data.decode("utf-8", "surrogateescape")


def _to_json(argument: Value) -> str:
    plain = json.dumps(to_json(argument, reveal=True), ensure_ascii=False, separators=(",", ":"))
    if is_binary(plain):
        raise ValueError("binary data cannot be written as JSON; fn::toBase64 turns it into text")
    return plain


def _from_json(argument: Value) -> object:
    text = _text(argument, "the argument of fn::fromJSON")
    check_size(EACH * text.count(","))
    try:
        return json.loads(text, parse_constant=_no_number, parse_int=_whole)
    except RecursionError:
        raise TooMuch(f"the value nests deeper than {MAX_DEPTH} levels") from None
    except ValueError:
        raise ValueError("the argument of fn::fromJSON is not JSON") from None


def _validate(argument: Value) -> Value:
    value, schema = argument.members["value"], argument.members["schema"]
    plain = to_json(schema, reveal=True)
    if not isinstance(plain, dict | bool):
        raise ValueError(f"the schema of fn::validate must be an object, not {schema.kind}")
    whole = PolicySchema({"value": plain})
    if problem := schema_problem(whole):
        raise ValueError(
            f"the schema of fn::validate cannot be used{'' if schema.has_secrets else f': {problem}'}"
        )
    found = violations(whole, {"value": to_json(value, reveal=True)})
    if found and argument.has_secrets:
        raise ValueError("a value with secrets in it is not what the schema of fn::validate allows")
    if found:
        raise ValueError("; ".join(map(str, found[:5])))
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError("not a number")


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number has too many digits")
    return int(text)


_FUNCTIONS: dict[str, Callable[[Value], object]] = {
    "fromBase64": _from_base64,
    "fromJSON": _from_json,
    "join": _join,
    "split": _split,
    "toBase64": _to_base64,
    "toJSON": _to_json,
    "toString": as_text,
}
