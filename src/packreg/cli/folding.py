"""Fit tables to a terminal: compute the column widths, and fold cells into several lines. Pure."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 2
#: Where a long word may be broken: after the characters that separate parts of names, URNs and paths.
_JOINTS = re.compile(r"(?<=[/:@.,_])")


def fitted(rows: Sequence[Sequence[str]], columns: int) -> list[int]:
    """The widths of the columns of `rows` (header first) on a terminal with `columns` characters per line.

    The widest column shrinks first, but not below its longest word part. If that is not enough, columns
    shrink down to their headers. If that is not enough either, the table is wider than the terminal.
    """
    found = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    whole = [max(len(part) for cell in cells for part in _parts(cell)) for cells in zip(*rows, strict=True)]
    for least in (whole, [len(word) for word in rows[0]]):
        while sum(found) + _GAP * (len(found) - 1) > columns:
            able = [index for index, width in enumerate(found) if width > least[index]]
            if not able:
                break
            found[max(able, key=lambda index: found[index])] -= 1
    return found


def _parts(text: str) -> list[str]:
    """The parts of a text that are kept on one line if there is room."""
    return [part for word in text.split(" ") for part in _JOINTS.split(word)]


def folded(row: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    """One row as several lines of cells, none wider than its column."""
    cells = [fold(cell, width) for cell, width in zip(row, widths, strict=True)]
    return [list(line) for line in zip_longest(*cells, fillvalue="")]


def fold(text: str, width: int) -> list[str]:
    """A text as lines of at most `width` characters, broken between words, else at a joint, else anywhere."""
    lines, line = [], ""
    for word in text.split(" "):
        glue = " " if line else ""
        if len(line) + len(glue) + len(word) <= width:
            line += glue + word
            continue
        if line:
            lines.append(line)
            line = ""
        for part in _JOINTS.split(word):
            if len(line) + len(part) <= width:
                line += part
                continue
            if line:
                lines.append(line)
            *whole, line = [part[start : start + width] for start in range(0, len(part), width)]
            lines += whole
    return [each.rstrip() for each in ([*lines, line] if line or not lines else lines)]
