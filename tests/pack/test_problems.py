"""Collecting what is wrong with a pack."""

from __future__ import annotations

from packreg.errors import Problem
from packreg.pack.problems import Problems


def test_everything_is_kept_in_order_and_warnings_refuse_nothing() -> None:
    """An author hears all of it in the order in which it was found; a warning is never among the errors."""
    problems = Problems()
    problems.error("b", "second letter", "f:2", "write a")
    problems.warn("c", "odd")
    problems.error("a", "first letter")
    assert problems.errors == [Problem("b", "second letter", "f:2", "write a"), Problem("a", "first letter")]
    assert problems.warnings == [Problem("c", "odd")]
