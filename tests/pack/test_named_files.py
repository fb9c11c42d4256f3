"""Files that a program names and the pack does not have."""

from __future__ import annotations

import pytest

from packreg.pack.files import File
from packreg.pack.named_files import warn_of_named_files
from packreg.pack.problems import Problems

ON_DISK = {"lib/data.json", "allowed.yaml", ".env"}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('x = open("allowed.yaml")', "lib/a.py:2"),
        ("readFileSync(join(__dirname, 'data.json'))", "lib/a.py:2"),
        ("read(`./data.json`)", "lib/a.py:2"),
        ('load(".env")', None),
        ('open("other.json")', None),
        ('open("../../etc/passwd.txt")', None),
        ("# data.json", None),
    ],
)
def test_a_file_that_is_named_and_left_out_is_warned_of(text: str, where: str | None) -> None:
    """Relative to the pack or to the source; a name that is no file on disk says nothing."""
    problems = Problems()
    files = {"lib/a.py": File(b"\n" + text.encode() + b"\n")}
    reason = lambda path: "ignored by .gitignore:1" if path in ON_DISK else ""  # noqa: E731
    warn_of_named_files(files, ["lib/a.py"], reason, problems)
    assert [problem.where for problem in problems.warnings] == ([where] if where else [])


def test_what_an_import_said_is_not_said_again() -> None:
    """The file is in the pack, or an error names it already."""
    problems = Problems()
    problems.error("import-missing", "data.json, which is imported here, is left out", "a.js:1")
    files = {"a.js": File(b'require("./data.json"); open("b.json")'), "b.json": File(b"")}
    warn_of_named_files(files, ["a.js"], lambda path: "ignored", problems)
    assert problems.warnings == []
