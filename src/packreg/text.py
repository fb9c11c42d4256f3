"""Foreign text made harmless, in one place: for a terminal, and for the log of a build service."""

from __future__ import annotations


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
