"""Tables that fit a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from packreg.cli.folding import fitted, fold, folded


def test_cells_are_folded_between_words_and_behind_joints() -> None:
    """A word that is too long is broken where the parts of a name meet, and only else anywhere."""
    assert fold("one two three", 7) == ["one two", "three"]
    assert fold("organization/shop/prod", 14) == ["organization/", "shop/prod"]
    assert fold("abcdefgh", 3) == ["abc", "def", "gh"]
    assert fold("", 3) == [""]


def test_the_widest_column_gives_way_first() -> None:
    """Short columns keep their words whole; no column is narrower than its header."""
    rows = [["name", "text", "entity"], ["abcd", "a " * 20, "organization/shop/prod"]]
    assert fitted(rows, 50) == [4, 21, 21]
    assert fitted(rows, 25) == [4, 4, 13], "the longest part is kept whole"
    assert fitted(rows, 24) == [4, 4, 12]
    assert fitted(rows, 20) == [4, 4, 8]
    assert fitted(rows, 5) == [4, 4, 6]


def test_a_row_has_as_many_lines_as_its_highest_cell() -> None:
    """The other cells are empty on the further lines."""
    assert folded(["a", "b c"], [1, 1]) == [["a", "b"], ["", "c"]]


@given(st.text("ab/: ", max_size=60), st.integers(1, 12))
def test_folding_loses_nothing_and_fits(text: str, width: int) -> None:
    """All but the spaces at the folds is there, in order, and no line is too wide."""
    lines = fold(text, width)
    assert all(len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
