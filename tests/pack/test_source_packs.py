"""How many packs a program makes."""

from __future__ import annotations

from packreg.pack.problems import Problems
from packreg.pack.source_packs import SourcePack, check_one_pack


def test_several_packs_are_named() -> None:
    """None and one are fine; of several each is named, and the place is that of the second."""
    problems = Problems()
    check_one_pack([], problems)
    check_one_pack([SourcePack("a", "x.py", 1)], problems)
    assert problems.errors == []
    check_one_pack([SourcePack("a", "x.py", 1), SourcePack("", "y.py", 7)], problems)
    [problem] = problems.errors
    assert problem.where == "y.py:7" and "a, one without a literal name" in problem.message
