"""Just enough of JavaScript and TypeScript to find `new PolicyPack("name"` and what a file imports.

A tokenizer: it separates comments, strings, templates and regular expressions from code, and parses nothing.
A slash begins a regular expression where no value can end, which is wrong only after `if (x)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_SPACE = re.compile(r"(?:\s++|//[^\n\r\u2028\u2029]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z))++")
_WORD = re.compile(r"[\w$]++")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*+"?|\'(?:[^\'\\\n]|\\.)*+\'?', re.DOTALL)
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*+", re.DOTALL)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*+\])++/[a-z]*+")
_ESCAPE = re.compile(r"\\(u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r\n|.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}
#: Words after which an expression begins, so that a slash there begins a regular expression.
_OPERATORS = frozenset(
    {"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do"}
    | {"instanceof", "yield", "await", "default"}
)


class Token(NamedTuple):
    """A piece of code: `kind` is "word", "string" (a literal, `text` its value) or "sign"."""

    kind: str
    text: str


def policy_pack_names(source: str) -> list[str]:
    """The literal first arguments of `new PolicyPack(…)`, also under an alias or as `module.PolicyPack`."""
    tokens = list(tokenize(source))
    classes = {"PolicyPack"}
    for first, middle, last in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if first == ("word", "PolicyPack") and middle.text in ("as", ":") and last.kind == "word":
            classes.add(last.text)  # import { PolicyPack as P }, const { PolicyPack: P } = require(…)
    names = []
    for start, token in enumerate(tokens):
        if token == ("word", "new"):
            name = _argument(tokens, start + 1, classes)
            if name is not None:
                names.append(name)
    return names


def _argument(tokens: list[Token], at: int, classes: set[str]) -> str | None:
    """The literal first argument of a call `a.b.PolicyPack<T>(` that begins at the token `at`; else None."""
    end = at
    while end + 2 < len(tokens) and tokens[end].kind == "word" and tokens[end + 1] == ("sign", "."):
        end += 2
    if end >= len(tokens) or tokens[end].kind != "word" or tokens[end].text not in classes:
        return None
    end += 1
    if end < len(tokens) and tokens[end] == ("sign", "<"):
        limit = min(end + 100, len(tokens))
        end = next((i + 1 for i in range(end, limit) if tokens[i] == ("sign", ">")), limit)
    if end + 1 < len(tokens) and tokens[end] == ("sign", "(") and tokens[end + 1].kind == "string":
        follows = tokens[end + 2].text if end + 2 < len(tokens) else ""
        return tokens[end + 1].text if follows in (",", ")") else None
    return None


def tokenize(source: str) -> Iterator[Token]:
    """The tokens of `source`; a template with substitutions is the sign "`", and its code is read too."""
    return (token for _, token in tokens_with_offsets(source))


def tokens_with_offsets(source: str) -> Iterator[tuple[int, Token]]:
    """The tokens, as `tokenize` gives them, each with the character offset at which it begins."""
    at = 0
    division = 0  # up to here on this line no slash begins a regular expression: one tried earlier has no end
    previous = Token("sign", "")
    nested: list[int] = []  # for each open template substitution: braces open inside it
    while at < len(source):
        space = _SPACE.match(source, at)
        if space:
            at = space.end()
            continue
        character, begin = source[at], at
        if character in "\"'":
            match = _STRING.match(source, at)
            assert match is not None
            previous, at = Token("string", _value(match[0][1:-1])), match.end()
        elif character == "`" or (character == "}" and nested and nested[-1] == 0):
            previous, at = _template(source, at, nested)
        elif match := _WORD.match(source, at):
            previous, at = Token("word", match[0]), match.end()
        elif character == "/" and at >= division and not _ends_value(previous):
            if match := _REGEX.match(source, at):
                previous, at = Token("sign", ")"), match.end()
            else:
                division = source.find("\n", at) % (len(source) + 1)
                continue
        else:
            if nested and character in "{}":
                nested[-1] += 1 if character == "{" else -1
            previous, at = Token("sign", character), at + 1
        yield begin, previous


def _template(source: str, at: int, nested: list[int]) -> tuple[Token, int]:
    """Read on in a template from its backtick, or from the brace that ends a substitution."""
    continued = source[at] == "}"
    if continued:
        nested.pop()
    match = _TEMPLATE.match(source, at + 1)
    assert match is not None
    if source.startswith("${", match.end()):
        nested.append(0)
        return Token("sign", "`"), match.end() + 2
    if continued:
        return Token("sign", ")"), match.end() + 1
    return Token("string", _value(match[0])), match.end() + 1


def _ends_value(token: Token) -> bool:
    """Whether a slash after this token is a division."""
    if token.kind == "word":
        return token.text not in _OPERATORS
    return token.kind == "string" or token.text in (")", "]", "}")


def _value(text: str) -> str:
    """The value of a string literal, given the text between its quotes."""
    if "\\" not in text:
        return text
    halves = _ESCAPE.sub(_unescape, text)  # two escapes may make one character, as halves of UTF-16
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _unescape(match: re.Match[str]) -> str:
    digits = match[2] or match[3] or match[4]
    if digits:
        number = int(digits, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"
    return _SIMPLE.get(match[1], match[1])
