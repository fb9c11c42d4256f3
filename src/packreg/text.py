"""Foreign text made harmless, in one place: for a terminal, for the log of a build service, for a record; and
the word that a wrong one was meant to be, and sizes for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What a text ends with that was cut.
CUT = "…"

#: Colours, styles and moves of the cursor; the character set that `tput sgr0` names; links.
_COLOURS = re.compile(r"\x1b(?:\[[0-9;:?]*[A-Za-z]|\(B|\]8;[^\x07\x1b]*(?:\x07|\x1b\\))")

#: Also within JSON, so no quotes and backslashes.
_CREDENTIALS = re.compile(r"""//[^/\s@"'\\]+@""")


def plain(text: str) -> str:
    r"""`text` on one line: what is not printable as an escape, and no workflow command in it.

    Not printable is what `str.isprintable` says: control and format characters (bidirectional overrides and
    zero-width ones among them), line and paragraph separators, lone surrogates, unassigned code points and
    every space but U+0020; they are shown as `\n`, `\x1b`, `\u202e`. GitHub's runner obeys lines that begin
    with `::`, whatever white space is before it, and `##[` wherever it is; both get an escape.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    text = text.replace("##[", r"##\x5b")
    start = len(text) - len(text.lstrip())
    return f"{text[:start]}\\x3a{text[start + 1 :]}" if text.startswith("::", start) else text


def without_colours(text: str) -> str:
    """`text` without what a program tells a terminal about colours, links and the cursor."""
    return _COLOURS.sub("", text) if "\x1b" in text else text


def one_line(text: str, limit: int = 0) -> str:
    """`text` as a part of a sentence or a record: `plain`, without colours, its white space as spaces.

    A text of more than `limit` characters ends there, with `CUT`; 0 is no limit.
    """
    if not text.isprintable():
        text = "".join(" " if c.isspace() else c for c in without_colours(text))
    text = plain(text)
    return f"{text[: limit - 1]}{CUT}" if 0 < limit < len(text) else text


def nearest(word: str, known: Iterable[str]) -> str:
    """The word of `known` that `word` is a misspelling of, or "": a guess that is far off is worse than none.

    Capitals, dashes and underscores do not count; three quarters of the letters have to be the same and in
    order, or all of them in any.
    """
    if len(word) > 100:
        return ""
    from difflib import get_close_matches

    bare, folded = _bare(word), {_bare(name): name for name in known}
    close = get_close_matches(bare, folded, n=1, cutoff=0.75)
    close += [name for name in folded if sorted(name) == sorted(bare)]
    return folded[close[0]] if close else ""


def _bare(word: str) -> str:
    return word.strip().casefold().replace("-", "").replace("_", "")


def without_credentials(text: str) -> str:
    """The text with `//…@` for what stands before the host in URLs, which may be a password."""
    return _CREDENTIALS.sub("//…@", text)


def harmless_json(text: str) -> str:
    """The same JSON with workflow commands escaped; these can only be in its strings.

    DEL is the one control character that `json` lets through.
    """
    return text.replace("\x7f", "\\u007f").replace("##[", "#\\u0023[")


def human_size(size: int) -> str:
    """A size in bytes for people: 999 B, 1.5 kB, 20 MB (powers of 1000)."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.5 or unit == "TB":
            break
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
