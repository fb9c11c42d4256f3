"""One JavaScript or TypeScript file of a pack, read without running it: its imports, and the packs it makes.

Only what happens every time the file runs counts: `import … from`, and `require(…)` and `new PolicyPack(…)`
outside all blocks and conditions: a block may belong to a function that is never called, or to a `try`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from packreg.pack.javascript import Token, tokens_with_offsets
from packreg.pack.source_packs import PackCall

#: Bytes. Longer files, such as webpack bundles, are not read.
MAX_JAVASCRIPT = 256 * 1024
#: How many tokens to look back for the beginning of a statement.
_LOOK_BACK = 40
#: What may make a call behind it conditional, or part of a function.
_UNSURE = frozenset(("?", "&", "|", "=>", "if", "else", "for", "while", "function", "async", "case"))
_STATEMENT = frozenset((";", "}", "const", "let", "var", "export", "import"))
_BREAK = re.compile(r"\r\n|[\n\r\u2028\u2029]")


class ModuleImport(NamedTuple):
    """What a file imports; TypeScript erases an import that is `type_only`."""

    module: str
    line: int
    type_only: bool = False


class JavascriptFile(NamedTuple):
    """What a file does every time it runs."""

    imports: tuple[ModuleImport, ...] = ()
    packs: tuple[PackCall, ...] = ()


def read_javascript(data: bytes) -> JavascriptFile:
    """Read a file; the result is empty for one that is too long."""
    if len(data) > MAX_JAVASCRIPT:
        return JavascriptFile()
    source = data.decode("utf-8", "replace")
    return _JavascriptReader(source).read()


class _JavascriptReader:
    """Reads the tokens of one file."""

    def __init__(self, source: str) -> None:
        pairs = list(tokens_with_offsets(source))
        self.offsets = [offset for offset, _ in pairs]
        self.tokens = [token for _, token in pairs]
        self._breaks = [match.end() for match in _BREAK.finditer(source)]
        self.imports: list[ModuleImport] = []
        self.packs: list[PackCall] = []
        self.classes = {"PolicyPack"}

    def read(self) -> JavascriptFile:
        for first, middle, last in zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False):
            if first == ("word", "PolicyPack") and middle.text in ("as", ":") and last.kind == "word":
                self.classes.add(last.text)
        depth = 0
        for at, token in enumerate(self.tokens):
            if token.kind == "sign" and token.text in "{}":
                depth += 1 if token.text == "{" else -1
            elif token.kind == "word" and depth == 0 and not self._is_member(at):
                if token.text in ("import", "export"):
                    self._statement(at)
                elif token.text == "require" and self._is_sure(at):
                    self._require(at)
                elif token.text == "new" and self._is_sure(at):
                    self._new(at)
        return JavascriptFile(tuple(self.imports), tuple(self.packs))

    def _line(self, at: int) -> int:
        return bisect_right(self._breaks, self.offsets[at]) + 1

    def _is_member(self, at: int) -> bool:
        return at > 0 and self.tokens[at - 1] == ("sign", ".")

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def _statement(self, at: int) -> None:
        """`import … from "x"`, `import "x"`, `export … from "x"`."""
        end = at + 1
        if self._text(end) in ("(", "."):  # import("x"), import.meta
            return
        type_only = self._text(end) == "type" and self._text(end + 1) not in ("from", ",", "=")
        if self._text(at) == "import" and end < len(self.tokens) and self.tokens[end].kind == "string":
            self.imports.append(ModuleImport(self.tokens[end].text, self._line(at)))
            return
        if self._text(at) == "export" and self._text(end + type_only) not in ("*", "{"):
            return
        braces = 0
        while end + 1 < len(self.tokens):
            token = self.tokens[end]
            if token.kind == "sign" and token.text in ("{", "}"):
                braces += 1 if token.text == "{" else -1
            elif token.kind == "sign" and token.text not in (",", "*"):
                return  # `import x = require("y")` is read as a require
            elif token == ("word", "from") and not braces and self.tokens[end + 1].kind == "string":
                self.imports.append(ModuleImport(self.tokens[end + 1].text, self._line(at), type_only))
                return
            end += 1

    def _require(self, at: int) -> None:
        if self._text(at + 1) == "(" and self._text(at + 3) == ")" and self.tokens[at + 2].kind == "string":
            self.imports.append(ModuleImport(self.tokens[at + 2].text, self._line(at)))

    def _new(self, at: int) -> None:
        end = at + 1
        while self._text(end + 1) == "." and end + 2 < len(self.tokens):
            end += 2
        if self._text(end) not in self.classes:
            return
        following: Sequence[Token] = self.tokens[end + 1 : end + 3]
        named = len(following) == 2 and following[0] == ("sign", "(") and following[1].kind == "string"
        self.packs.append(PackCall(following[1].text if named else "", self._line(at), certain=True))

    def _is_sure(self, at: int) -> bool:
        """Whether nothing in the statement before this token makes it conditional or part of a function."""
        if self._text(at - 1) == ":":
            return False
        for place in range(at - 1, max(at - 1 - _LOOK_BACK, -1), -1):
            token = self.tokens[place]
            if token.kind == "string":
                continue
            arrow = token == ("sign", ">") and self._text(place - 1) == "="
            if arrow or token.text in _UNSURE:
                return False
            if token.text in _STATEMENT:
                return True
        return at <= _LOOK_BACK or self._text(at - 1) in (";", "}")
