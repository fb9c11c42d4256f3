"""Foreign text made harmless."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.program_errors import program_error
from packreg.configuration.messages import dotted
from packreg.configuration.messages import shown as shown_value
from packreg.pack.paths import shown
from packreg.registry.members import Members, printable_values
from packreg.text import CUT, human_size, nearest, one_line, plain, without_colours

#: What is foreign, what a terminal is shown, and what becomes part of a sentence or a record.
CASES = [
    ("Größe 大きさ 😀 a::b #[1]", "Größe 大きさ 😀 a::b #[1]", "Größe 大きさ 😀 a::b #[1]"),
    ("a\x1b[31;1mb\x1b[0m", r"a\x1b[31;1mb\x1b[0m", "ab"),
    ("\x1b]0;title\x07", r"\x1b]0;title\x07", r"\x1b]0;title\x07"),
    (
        "\x1b]8;;u\x07a\x1b]8;;\x1b\\\x1b(B\x1b[38:5:1mb",
        r"\x1b]8;;u\x07a\x1b]8;;\x1b\\x1b(B\x1b[38:5:1mb",
        "ab",
    ),
    ("\x1b[\x1b[0m2J", r"\x1b[\x1b[0m2J", r"\x1b[2J"),
    ("\x9b2J\x7f\x00", r"\x9b2J\x7f\x00", r"\x9b2J\x7f\x00"),
    ("a\n\tb\rc", r"a\n\tb\rc", "a  b c"),
    ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d", "a b c d"),
    ("a\u00a0b\u3000c", r"a\xa0b\u3000c", "a b c"),
    ("\u202eabc\u202c", r"\u202eabc\u202c", r"\u202eabc\u202c"),
    ("\u2066a\u2069\u061c\u200e", r"\u2066a\u2069\u061c\u200e", r"\u2066a\u2069\u061c\u200e"),
    ("pay\u200bpal\ufeff\u00ad", r"pay\u200bpal\ufeff\xad", r"pay\u200bpal\ufeff\xad"),
    ("\U000e0041\ud800\ufdd0", r"\U000e0041\ud800\ufdd0", r"\U000e0041\ud800\ufdd0"),
    ("::error::no", r"\x3a:error::no", r"\x3a:error::no"),
    (" \t::add-mask::x", r" \t::add-mask::x", r"  \x3a:add-mask::x"),
    ("a ##[error]no", r"a ##\x5berror]no", r"a ##\x5berror]no"),
    ("##\x1b[1m[error]no", r"##\x1b[1m[error]no", r"##\x5berror]no"),
]
HOSTILE = st.text() | st.lists(
    st.sampled_from(["::", "##", "[", " ", "\x1b", "\x1b[", "0m", "\n", "\u202e", "\u200b", "\u00a0", "a"])
).map("".join)


def harmless(text: str) -> bool:
    """Whether it is printable, on one line, and no workflow command."""
    return text.isprintable() and "##[" not in text and not text.lstrip().startswith("::")


@pytest.mark.parametrize(("text", "as_plain", "as_one_line"), CASES)
def test_each_kind_of_hostile_text(text: str, as_plain: str, as_one_line: str) -> None:
    """What acts is spelled out; in a sentence colours are gone and white space is spaces; letters stay."""
    assert plain(text) == as_plain
    assert one_line(text) == as_one_line


@given(HOSTILE)
def test_foreign_text_is_one_harmless_line(text: str) -> None:
    """No text gives a control character, a line break or a workflow command; harmless text stays as it is."""
    for made in (plain, one_line):
        assert harmless(made(text))
        assert made(made(text)) == made(text)


@given(HOSTILE)
def test_every_room_has_it_made_harmless(text: str) -> None:
    """Paths, members of records, what packs wrote last and properties in messages are harmless, too."""
    record = Members("key", {"one": text, "many": [text], "lines": text})
    shown_ones = [shown(text), record.text("one"), *record.texts("many"), *record.lines("lines").split("\n")]
    shown_ones += [
        program_error(text, Path()).text,
        dotted([text]),
        shown_value([text]),
        *printable_values({text: 1}),
    ]
    assert all(map(harmless, shown_ones))


@given(HOSTILE, st.integers(1, 20))
def test_a_long_text_is_cut(text: str, limit: int) -> None:
    """At most `limit` characters are left, the last of which says that there was more."""
    whole, cut = one_line(text), one_line(text, limit)
    assert cut == whole or (len(cut) == limit and cut.endswith(CUT) and whole.startswith(cut[:-1]))


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("Python", ("python", "nodejs", "opa"), "python"),
        (" opa ", ("python", "nodejs", "opa"), "opa"),
        ("nodjs", ("python", "nodejs", "opa"), "nodejs"),
        ("enforcement_level", ("description", "enforcementLevel"), "enforcementLevel"),
        ("Max", ("keys", "max"), "max"),
        ("polices", ("policies", "license"), "policies"),
        ("policies", ("runtime", "license", "description"), ""),
        ("ulr", ("url", "region"), "url"),
        ("java", ("python", "nodejs", "opa"), ""),
        ("", ("a",), ""),
        ("python" * 50, ("python",), ""),
    ],
)
def test_the_word_that_was_meant(word: str, known: tuple[str, ...], meant: str) -> None:
    """A near spelling finds its word; a long or a different one finds none."""
    assert nearest(word, known) == meant


def test_a_text_without_colours_keeps_everything_else() -> None:
    """Other control characters stay for whoever prints it."""
    assert without_colours("\x1b[1;31ma\x1b[0m\n\x07b") == "a\n\x07b"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_960, "10 kB"),
        (999_400, "999 kB"),
        (999_600, "1.0 MB"),
        (3 * 10**15, "3000 TB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    """Sizes are in powers of 1000, with two digits where they are small."""
    assert human_size(size) == words
