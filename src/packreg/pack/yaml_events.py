"""PyYAML's event parser with limits, which follows yaml.v3 where YAML readers disagree.

The Pulumi CLI reads manifests with yaml.v3. Tabs, `:` in flow mappings and directives are read as yaml.v3
reads them, or refused, so that what is accepted here means the same there. The limits are checked while
scanning, since the scanner runs far ahead of the events.
"""

from __future__ import annotations

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError
from yaml.tokens import ScalarToken

MAX_DEPTH = 20


class Refused(Exception):
    """Valid YAML that this reader does not accept and cannot read past."""

    def __init__(self, code: str, message: str, position: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.position, self.hint = code, message, position, hint


class StrictEvents(Reader, Scanner, Parser):
    """The events of one text."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def scan_to_next_token(self) -> None:
        """Skip to the next token. As in libyaml and yaml.v3, tabs separate tokens and never indent."""
        while True:
            while self.peek() == " " or (
                self.peek() == "\t" and (self.flow_level or not self.allow_simple_key)
            ):
                self.forward()
            if self.peek() == "#":
                while self.peek() not in "\0\r\n":
                    self.forward()
            if not self.scan_line_break():  # type: ignore[no-untyped-call]
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def scan_block_scalar_indentation(self) -> tuple[list[str], int, yaml.Mark]:
        """The indentation of a block scalar; a tab in it is refused, as in yaml.v3."""
        found = super().scan_block_scalar_indentation()
        self._refuse_tab()
        return found

    def scan_block_scalar_breaks(self, indent: int) -> tuple[list[str], yaml.Mark]:
        """The line breaks between lines of a block scalar, and the indentation after them."""
        found = super().scan_block_scalar_breaks(indent)
        if self.column < indent:
            self._refuse_tab()
        return found

    def _refuse_tab(self) -> None:
        if self.peek() == "\t":
            raise ScannerError(
                None, None, "found a tab where an indentation space is expected", self.get_mark()
            )

    def fetch_value(self) -> None:
        """Read the `:` after a key. Refuse `{a:[]}`, where yaml.v3 takes the `:` as part of the key."""
        before = self.tokens[-1] if self.tokens else None
        attached = isinstance(before, ScalarToken) and before.plain and before.end_mark.index == self.index
        if attached and self.flow_level and self.peek(1) in ",[]{}":
            raise ScannerError(None, None, "the ':' after a key needs a space after it", self.get_mark())
        super().fetch_value()

    def scan_directive_name(self, start_mark: yaml.Mark) -> str:
        """The name of a directive: only `YAML` and `TAG` exist."""
        name = str(super().scan_directive_name(start_mark))  # type: ignore[no-untyped-call]
        if name not in ("YAML", "TAG"):
            raise ScannerError("while scanning a directive", start_mark, "no such directive", start_mark)
        return name

    def fetch_flow_collection_start(self, token: type) -> None:
        """Open `[` or `{`, up to the depth limit: the scanner reads far ahead of the events."""
        self._bound()
        super().fetch_flow_collection_start(token)

    def add_indent(self, column: int) -> bool:
        """Open an indented collection, up to the depth limit; a line that is no deeper opens none."""
        if column > self.indent:
            self._bound()
        return super().add_indent(column)

    def _bound(self) -> None:
        """Refuse to open one more collection beyond the depth limit."""
        if len(self.indents) + self.flow_level >= MAX_DEPTH:
            raise too_deep(f"{self.line + 1}:{self.column + 1}")

    def fetch_key(self) -> None:
        """Refuse `? key`: only this form lets a list or a mapping be a key over several lines."""
        raise complex_key(f"{self.line + 1}:{self.column + 1}")


def too_deep(position: str) -> Refused:
    """The refusal of a collection at `position` that nests too deep."""
    return Refused("too-deep", f"the file nests deeper than {MAX_DEPTH} levels", position)


def complex_key(position: str) -> Refused:
    """The refusal of a key at `position` that is a list or a mapping, or could be."""
    return Refused("complex-key", "a key must be plain text", position, "write `key: value`")
