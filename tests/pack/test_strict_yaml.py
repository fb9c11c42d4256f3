"""Reading YAML as it stands in the file."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from packreg.pack.problems import Problems
from packreg.pack.strict_yaml import MAX_NODES, Mapping, Node, Scalar, Sequence, read_yaml
from packreg.pack.yaml_events import MAX_DEPTH

Plain = str | list["Plain"] | dict[str, "Plain"]


def _read(text: str | bytes, limit: int = 64 * 1024) -> tuple[Node | None, list[str]]:
    problems = Problems()
    data = text if isinstance(text, bytes) else text.encode()
    node = read_yaml(data, "f", problems, limit=limit)
    return node, [f"{problem.code} {problem.where}" for problem in problems.errors]


def _plain(node: Node | None) -> Plain:
    if isinstance(node, Mapping):
        return {key.text: _plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    return node.text


@pytest.mark.parametrize(
    "text", ["1.10", "010", "2024-01-15", "1:30:00", "yes", "null", "~", "0x1F", "1_000", ".inf"]
)
def test_scalars_are_the_text_in_the_file(text: str) -> None:
    """A scalar that YAML readers convert to a number, a date or a boolean stays the text that was written."""
    node, errors = _read(f"key: {text}\n")
    assert (_plain(node), errors) == ({"key": text}, [])


@pytest.mark.parametrize(
    ("text", "is_string"),
    [
        ("venv", True), ("3.11.x", True), ("yes", True), ("on", True), ("1:30:00", True),
        ("3", False), ("-3.5", False), ("+1", False), ("1e3", False), (".5", False), ("0x1F", False),
        ("0o17", False), ("010", False), ("0b1", False), ("1_000", False), (".inf", False), ("-.INF", False),
        (".nan", False), ("true", False), ("FALSE", False), ("null", False), ("~", False), ("", False),
        ("2024-01-15", False), ("2024-1-5T10:00:00Z", False), ('"3"', True), ("'true'", True), ('""', True),
    ],
)  # fmt: skip
def test_what_the_pulumi_cli_takes_for_a_string(text: str, is_string: bool) -> None:
    """`is_string` follows yaml.v3: numbers, booleans, dates and nulls are strings in quotes only."""
    node, _ = _read(f"key: {text}\n")
    assert isinstance(node, Mapping)
    value = node.get("key")
    assert (isinstance(value, Scalar) and value.is_string) == is_string


def test_places_count_lines_and_columns_from_one() -> None:
    """Every node knows its line, its column, and the characters it covers, behind a byte order mark too."""
    text = "a:\r\n  é: [x, 'y']\r\n"
    node, _ = _read("\ufeff" + text)
    assert isinstance(node, Mapping)
    inner = node.get("a")
    assert isinstance(inner, Mapping)
    items = inner.get("é")
    assert isinstance(items, Sequence)
    assert (items.place.line, items.place.column) == (2, 6)
    assert [text[item.place.start : item.place.end] for item in items.items] == ["x", "'y'"]
    assert text[items.place.start : items.place.end] == "[x, 'y']"


def test_recoverable_problems_leave_a_tree() -> None:
    """Anchors, tags and repeated keys are all reported, and the rest can still be checked."""
    node, errors = _read("a: &x 1\nb: !t 2\na: 3\nc: 4\n")
    assert _plain(node) == {"a": "1", "b": "2", "c": "4"}
    assert errors == ["anchor f:1:4", "tag f:2:4", "duplicate-key f:3:1"]


def test_an_empty_file_is_null() -> None:
    """No document at all reads as a null, as an empty one does."""
    for text in ("", "# only this\n", "---\n"):
        node, errors = _read(text)
        assert isinstance(node, Scalar)
        assert node.is_null
        assert errors == []


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "a:\n"])
def test_depth_is_bounded(opening: str) -> None:
    """One level more than the limit is refused, in the flow form, in the indented form and in lists."""
    if opening == "a:\n":
        text = "".join(" " * level + "a:\n" for level in range(MAX_DEPTH + 1))
    else:
        text = opening * (MAX_DEPTH + 1)
    assert _read(text)[1][0].startswith("too-deep")


def test_nodes_are_bounded() -> None:
    """More keys and values than the limit are refused, just as many are read."""
    assert _read("[" + "a," * (MAX_NODES - 1) + "]")[1] == []
    assert _read("[" + "a," * MAX_NODES + "]")[1] == [f"too-many-nodes f:1:{2 * MAX_NODES}"]


def test_size_is_bounded_before_anything_is_read() -> None:
    """A file over the size limit is refused for its size, whatever is in it."""
    assert _read(b"\xff" * 101, limit=100)[1] == ["too-large f"]
    assert _read("a" * 100, limit=100)[1] == []


def test_problems_of_one_kind_are_bounded() -> None:
    """A file full of faults gives a readable number of them."""
    assert len(_read("- &a\n" * 500)[1]) == 21
    assert len(_read(b"\x01" * 500)[1]) == 20


_words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]), max_size=12)
_words = _words.filter(lambda text: "\ufeff" not in text)
_trees = st.recursive(
    _words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=4),
    max_leaves=20,
)


@given(_trees)
def test_reads_back_what_was_written_as_json(tree: Plain) -> None:
    """JSON with text for values is YAML that reads as the same tree."""
    node, errors = _read(json.dumps(tree, ensure_ascii=False))
    assert (_plain(node), errors) == (tree, [])


@given(_trees)
def test_reads_back_what_pyyaml_wrote(tree: Plain) -> None:
    """Whatever PyYAML's emitter writes in any style reads as the same tree."""
    text = yaml.dump(tree, Dumper=_Dumper, allow_unicode=True)
    node, errors = _read(text)
    assert errors == [] or any(error.startswith("complex-key") for error in errors), text
    if not errors:
        assert _plain(node) == tree


class _Dumper(yaml.SafeDumper):
    """PyYAML's emitter without anchors."""

    def ignore_aliases(self, data: object) -> bool:
        """Write equal values out again."""
        return True


_pieces = st.sampled_from(
    [
        *"abc:-?[]{},&*!|>'\"%@`#\n\r\t 0~<=.\\/é\ufeff\x85\u2028\0",
        *("\r\n", "---", "...", "<<", ": ", "- ", "%YAML 1.2\n", "!!str ", "!<a>", "|2-\n", "9" * 5000),
        *("\\u0000", "\\UFFFFFFFF", "\\x"),
    ]
)


@given(st.lists(_pieces, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_gives_a_tree_or_a_problem_with_a_place(text: str) -> None:
    """No text makes the reader fail otherwise than by a problem that names line and column."""
    node, errors = _read(text.encode("utf-8", "surrogatepass"))
    assert node is not None or errors
    assert all(error.rpartition(" ")[2].count(":") == 2 for error in errors)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_tree_or_a_problem(data: bytes) -> None:
    """No bytes make the reader fail otherwise than by a problem."""
    node, errors = _read(data)
    assert node is not None or errors
