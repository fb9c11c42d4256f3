"""The values of case files are those that other readers of YAML see."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from packreg.cases.yaml_values import place_of, value_of
from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import read_yaml


def read(text: str) -> tuple[object, list[str]]:
    """The value, and the codes of what is wrong."""
    problems = Problems()
    node = read_yaml(text.encode(), "x", problems)
    value = value_of(node, "x", problems) if node is not None else None
    return value, [problem.code for problem in problems.errors]


WORDS = st.one_of(
    st.from_regex(r"[-+0-9a-zA-Z_.~:xoe]{0,8}", fullmatch=True),
    st.sampled_from(["yes", "No", "on", "OFF", "True", "1:30", "1e3", "0x1f", "0o7", "2001-01-01", "="]),
)


@given(WORDS)
def test_a_plain_scalar_is_what_yaml_1_1_reads_or_refused(word: str) -> None:
    """PyYAML, which reads YAML 1.1, sees the same value wherever none is refused."""
    value, codes = read(f"a: {word}\n")
    if not codes:
        assert yaml.safe_load(f"a: {word}\n") == value


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(st.characters(codec="ascii")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab1", max_size=4), inner),
    max_leaves=8,
)


@given(VALUES)
def test_json_is_read_as_json(value: object) -> None:
    """JSON is YAML, and means what it means as JSON."""
    assert read(json.dumps(value)) == (value, [])


@pytest.mark.parametrize(
    "text", ["no", "1_000", "0777", "12:30:45", ".nan", "1e999", "1.5e+999", "9" * 40, "+1", "TRUE"]
)
def test_what_readers_disagree_on_is_refused(text: str) -> None:
    """…and fine in quotes."""
    assert read(f"a: {text}")[1] == ["ambiguous"]
    assert read(f"a: '{text}'") == ({"a": text}, [])


def test_the_place_of_a_value_or_of_what_is_above_it() -> None:
    """A path leads to its value, and where it ends to the last one on the way."""
    problems = Problems()
    root = read_yaml(b"a:\n  - b: 1\n    c: 2\n", "x", problems)
    assert root is not None
    found = [place_of(root, path) for path in (("a", 0, "c"), ("a", 0, "d", "e"), ("z",), ())]
    assert [(place.line, place.column) for place in found] == [(3, 8), (2, 5), (1, 1), (1, 1)]
