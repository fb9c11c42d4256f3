"""Paths: what is one plain file on every system, and what is not."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.files import Limits
from packreg.pack.paths import _fold, collisions, path_problem, shown, split_name


@pytest.mark.parametrize(
    "path",
    ["a", "PulumiPolicy.yaml", "a/b-c/d_e.py", ".gitignore", "..a", "a..b", "über/straße.py",
     "with space.txt", "-rf", "console.py", "com10", "日本/語.rego", "a+b@c,d=e.txt", "x" * 92],
)  # fmt: skip
def test_plain_paths_are_accepted(path: str) -> None:
    """A path that every system takes for the same file is accepted."""
    assert path_problem(path) == ""


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("", "empty"), ("/a", "absolute"), ("a//b", "empty segment"), ("a/", "empty segment"), ("./a", "'.'"),
        ("a/../b", "'..'"), ("..", "'..'"), ("a\\b", "backslash"), ("C:/x", "Windows"), ("a\x00b", "control"),
        ("a\tb", "control"), ("a\x9bb", "control"), ("a\u202eb", "invisible"), ("a\u200db", "invisible"),
        ("a\u2029b", "line separator"), ("a\udc80b", "not UTF-8"), ("CON", "device"), ("Con.txt", "device"),
        ("a/LPT1", "device"), ("nul .py", "device"), ("a.", "drops"), ("a ", "drops"), ("a./b", "drops"),
        ("e\u0301", "normal form"), ("a" * 241, "240"), ("d/" * 32 + "x", "33 levels"),
        ("a" * 101, "no room"), ("p" * 160 + "/" + "x" * 70, "no room"),
    ],
)  # fmt: skip
def test_other_paths_are_refused_with_the_reason(path: str, word: str) -> None:
    """A path that a system would lose, merge or misread is refused, and the reason names the fault."""
    assert word in path_problem(path)


def test_limits_can_be_raised() -> None:
    """An operator may allow longer and deeper paths than the defaults."""
    deep = "/".join("d" * 40)
    assert path_problem(deep)
    assert not path_problem(deep, Limits(depth=50))


@given(st.text(max_size=30))
def test_a_reason_can_always_be_printed(path: str) -> None:
    """Whatever a path holds, neither the reason nor the shown path carries it to a terminal."""
    assert shown(path).isprintable()
    assert path_problem(path).isprintable()


@given(st.text(min_size=1, max_size=20))
def test_an_accepted_path_is_what_it_looks_like(path: str) -> None:
    """An accepted path is in normal form C, relative, printable but for spaces, and free of '..'."""
    if not path_problem(path):
        assert unicodedata.is_normalized("NFC", path)
        assert not path.startswith("/")
        assert not {"..", ".", ""} & set(path.split("/"))
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in path)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a", "b", "c/a", "c/b"], []),
        (["README", "readme"], [("README", "readme")]),
        (["A/x", "a/y"], [("A/", "a/")]),
        (["straße", "STRASSE"], [("straße", "STRASSE")]),
        (["d", "d/x"], [("d", "d/")]),
        (["d/x", "d"], [("d/", "d")]),
        (["d/x", "D"], [("d/", "D")]),
        (["a", "a"], [("a", "a")]),
        (["x/Y/1", "x/y/2", "x/y/3"], [("x/Y/", "x/y/")]),
        (["ά", "Ά"], [("ά", "Ά")]),
        # In small letters the iota below is a letter: the accent must not be parted from its vowel by it.
        (["α\u0345\u0301", "α\u0301\u0345"], [("α\u0345\u0301", "α\u0301\u0345")]),
    ],
)
def test_collisions_are_found_once(paths: list[str], expected: list[tuple[str, str]]) -> None:
    """Two spellings of one path on some system are found, each pair once; other paths are not."""
    assert collisions(paths) == expected


def test_small_letters_of_decomposed_characters_are_decomposed() -> None:
    """No character of Unicode, nor an accent before or behind one, would need NFD again after `_fold`."""
    for character in map(chr, range(128, sys.maxunicode + 1)):
        folded = _fold(f"\u035c{character}\u0334")  # accents that stand as late and as early as can be
        assert unicodedata.is_normalized("NFD", folded), f"U+{ord(character):04X}"


@given(st.lists(st.from_regex(r"[aA]{1,2}(/[bB]){0,2}", fullmatch=True), max_size=8, unique=True))
def test_no_collision_means_no_merge(paths: list[str]) -> None:
    """If no collision is found, lower-casing every path and every directory keeps them all apart."""
    everything = set(paths) | {p.rsplit("/", n)[0] + "/" for p in paths for n in range(1, p.count("/") + 1)}
    folded = {p.lower().rstrip("/") for p in everything}
    assert bool(collisions(paths)) == (len(folded) < len(everything))


@given(st.from_regex(rb"[a-z/]{1,256}", fullmatch=True))
def test_a_split_name_is_the_name_again(name: bytes) -> None:
    """A name split for a tar header joins to the same name, and both parts fit their fields."""
    parts = split_name(name)
    if parts is not None:
        prefix, short = parts
        assert (prefix + b"/" + short if prefix or len(name) > 100 else short) == name
        assert len(prefix) <= 155
        assert 0 < len(short) <= 100


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (b"n" * 100, (b"", b"n" * 100)),
        (b"p/" + b"n" * 100, (b"p", b"n" * 100)),
        (b"p" * 155 + b"/" + b"n" * 100, (b"p" * 155, b"n" * 100)),
        (b"p" * 154 + b"/" + b"n" * 101, None),
        (b"p" * 156 + b"/" + b"n" * 99, None),
        (b"p" * 120 + b"/", None),
        (b"p/q/" + b"n" * 98, (b"p", b"q/" + b"n" * 98)),
    ],
)
def test_a_header_has_room_up_to_its_last_byte(name: bytes, parts: tuple[bytes, bytes] | None) -> None:
    """100 bytes of name and 155 of prefix, split at the first slash that leaves a name short enough."""
    assert split_name(name) == parts
