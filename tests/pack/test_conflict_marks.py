"""Files that were left in the middle of a merge."""

from __future__ import annotations

from packreg.pack.conflict_marks import tell_conflicts
from packreg.pack.files import File
from packreg.pack.problems import Problems

MARKS = b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> main\n"


def _told(path: str, data: bytes, *, wrong: bool = True) -> list[str]:
    problems = Problems()
    if wrong:
        problems.error("syntax", "odd", f"{path}:2:1")
        problems.warn("style", "odd", f"{path}:3")
    problems.error("other", "odd", "elsewhere.py:1")
    tell_conflicts({path: File(data)}, problems)
    return [f"{problem.code} {problem.where}" for problem in (*problems.errors, *problems.warnings)]


def test_the_marks_take_the_place_of_what_follows_from_them() -> None:
    """One error names the line; what was said of other files stays."""
    assert _told("rules.py", MARKS) == ["other elsewhere.py:1", "merge-conflict rules.py:2"]
    assert _told("uv.lock", MARKS.replace(b"\n", b"\r\n")) == [
        "other elsewhere.py:1",
        "merge-conflict uv.lock:2",
    ]


def test_marks_alone_are_no_fault() -> None:
    """A file that is read without a fault may show them in a text, and half a mark is none."""
    assert _told("rules.py", MARKS, wrong=False) == ["other elsewhere.py:1"]
    assert "syntax rules.py:2:1" in _told("rules.py", MARKS.replace(b">>>>>>>", b">>"))
    assert "syntax notes.md:2:1" in _told("notes.md", MARKS)
