"""Setting one value of a definition in place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.environments.editing import as_string, read_value, set_value
from packreg.environments.interpolation import parse_path
from packreg.errors import InvalidConfiguration, UsageError
from tests.environments.definitions import values

TEXT = """# on top
imports: [base]
values:
  # about a
  a: 1   # one
  text: |
    kept

  block:
    inner:
      - x
      - y: 2
        z: 3

  # about flow
  flow: {k: v, l: [1, 2]}
  null-value:
"""
BASE = "values: {}"


def edited(path: str, value: str, text: str = TEXT) -> str:
    """The definition with a value set as on the command line."""
    return set_value(text.encode(), parse_path(path), read_value(value), "prod").decode()


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("a", "2", "  a: 1   # one\n", "  a: 2   # one\n"),
        ("a", "{b: [x, 'y z']}", "  a: 1 ", '  a: {b: [x, "y z"]} '),
        ("text", "short", "  text: |\n    kept\n", "  text: short\n"),
        ("block.inner[1].z", "true", "        z: 3\n", "        z: true\n"),
        ("block.inner[1].new", "n", "        z: 3\n", "        z: 3\n        new: n\n"),
        ("block.more.deep", "n", "        z: 3\n", "        z: 3\n    more: {deep: n}\n"),
        ("block.inner", "[]", "      - x\n      - y: 2\n        z: 3\n", "      []\n"),
        ("flow.k", "w", "{k: v,", "{k: w,"),
        ("flow.new", "n", "{k: v,", "{new: n, k: v,"),
        ("flow.l[0]", "0", "[1, 2]", "[0, 2]"),
        ("null-value", "5", "  null-value:\n", "  null-value: 5\n"),
        ("null-value.deep", "5", "  null-value:\n", "  null-value: {deep: 5}\n"),
        ('["odd key"]', "5", "  null-value:\n", '  null-value:\n  "odd key": 5\n'),
        ("a", "${text}!", "  a: 1 ", '  a: "${text}!" '),
    ],
)
def test_one_value_changes_and_nothing_else(path: str, value: str, old: str, new: str) -> None:
    """Comments, blank lines, order and style of everything else stay."""
    assert TEXT.count(old) == 1
    assert edited(path, value) == TEXT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "values:\n  a: {b: 1}\n"),
        ("# only a comment\n", "# only a comment\nvalues:\n  a: {b: 1}\n"),
        ("imports: [base]\n", "imports: [base]\nvalues:\n  a: {b: 1}\n"),
        ("values:\nimports: [base]\n", "values:\n  a: {b: 1}\nimports: [base]\n"),
        ("values: {}\n", "values: {a: {b: 1}}\n"),
        ("{imports: [base]}", "{values: {a: {b: 1}}, imports: [base]}"),
        ("values:\n  a:\n    c: 2", "values:\n  a:\n    c: 2\n    b: 1"),
        ("values:\n  a:\n    c: 2 # two", "values:\n  a:\n    c: 2 # two\n    b: 1"),
        ("values: # all\n\nimports: [base]\n", "values: # all\n  a: {b: 1}\n\nimports: [base]\n"),
        ("values: null # none\n", "values: # none\n  a: {b: 1}\n"),
        (
            "values:\n  a:\n    c: |+\n      text\n\n# x\n",
            "values:\n  a:\n    b: 1\n    c: |+\n      text\n\n# x\n",
        ),
    ],
)
def test_what_is_missing_on_the_way_is_made(text: str, wanted: str) -> None:
    """From nothing at all on, and without touching texts whose blank lines count."""
    assert edited("a.b", "1", text) == wanted


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        ("values:\n  a: 1 # one\n", "b", "values:\n  a: 1 # one\n  b: 5\n"),
        ("values:\n  a: 1 # one\r\n", "b", "values:\n  a: 1 # one\n  b: 5\r\n"),
        ("values:\n  a: 1 # one\n  # behind\n", "b", "values:\n  a: 1 # one\n  b: 5\n  # behind\n"),
        (
            "values:\n  a:\n    x: {y: 1} # one\n\n  # about b\n  b: 2 # two\n",
            "a.z",
            "values:\n  a:\n    x: {y: 1} # one\n    z: 5\n\n  # about b\n  b: 2 # two\n",
        ),
        (
            "values:\n  a:\n    - x\n    - y # last\n",
            "b",
            "values:\n  a:\n    - x\n    - y # last\n  b: 5\n",
        ),
        ("values:\n  a: # soon\n", "b", "values:\n  a: # soon\n  b: 5\n"),
        ("values:\n  a: >- # folded\n    x # y\n", "b", "values:\n  a: >- # folded\n    x # y\n  b: 5\n"),
        ("values: {} # all\n", "b", "values: {b: 5} # all\n"),
    ],
)
def test_a_comment_stays_behind_its_line(text: str, path: str, wanted: str) -> None:
    """What is added comes below it, whatever the last line before is."""
    assert edited(path, "5", text) == wanted


@pytest.mark.parametrize("path", ["block.inner[2]", "a.b", "block[0]", "flow.l.x", "new[0]"])
def test_there_must_be_a_place(path: str) -> None:
    """A member of a number, or an item behind a list's end, is refused."""
    with pytest.raises(UsageError, match=r"has no place for|cannot be set"):
        edited(path, "1")


def test_what_it_becomes_must_be_a_definition() -> None:
    """A function that does not exist cannot be set either."""
    with pytest.raises(InvalidConfiguration, match="fn::nonsense"):
        edited("a", "{fn::nonsense: 1}")
    with pytest.raises(UsageError, match="this is not YAML"):
        edited("a", "{")


@settings(deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="$")))
def test_a_text_is_set_as_it_is(text: str) -> None:
    """With --string any text is the value, however YAML would read it."""
    changed = set_value(TEXT.encode(), ("block", "new"), as_string(text), "prod").decode()
    found = values(changed, base=BASE)
    assert isinstance(found, dict)
    assert found["block"]["new"] == text
