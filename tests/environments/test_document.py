"""Definitions as they are written: their limits, and where their secrets are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packreg.environments.document import (
    MAX_DOCUMENT,
    MAX_IMPORTS,
    MAX_NODES,
    read_document,
    secrets_of,
)
from packreg.errors import InvalidConfiguration


def test_secrets_are_found_in_order_wherever_they_are() -> None:
    """In lists, in arguments of functions, encrypted or not; a key that only looks like one is none."""
    text = (
        "values:\n  a: [{fn::secret: one}, {b: {fn::secret: {ciphertext: two}}}]\n"
        "  c: {fn::toJSON: {d: {fn::secret: three}}}\n  e: {ciphertext: no}\n"
    )
    found = list(secrets_of(read_document(text.encode(), "e")))
    assert [(each.node.text, each.encrypted) for each in found] == [
        ("one", False),
        ("two", True),
        ("three", False),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"values: {a: '" + b"x" * MAX_DOCUMENT + b"'}", "too-large"),
        (b"values: [" + b"a, " * MAX_NODES + b"]", "too-many-nodes"),
        (b"values: " + b"[" * 100, "too-deep"),
        (b"imports: [" + b"a, " * (MAX_IMPORTS + 1) + b"]", "environment-imports"),
        (b"values: {a: \xff}", "not-utf8"),
        (b"values: {a: 1}\n---\nvalues: {}", "second-document"),
        (b"values: &a {b: *a}", "alias"),
        (b"values: {<<: {a: 1}}", "merge-key"),
        (b"values: [a]", "environment-shape"),
        (b"values: {imports: 1}", "environment-key"),
        (b"imports: a", "environment-shape"),
        (b"imports: [{a: {merge: maybe}}]", "environment-import"),
        (b"imports: [{a: {merge: true, more: 1}}]", "environment-import"),
        (b"imports: [{a: 1, b: 2}]", "environment-import"),
        (b"imports: [[a]]", "environment-import"),
    ],
)
def test_what_is_too_much_or_of_another_shape_is_refused(text: bytes, code: str) -> None:
    """With a stable word, and a place in the text."""
    with pytest.raises(InvalidConfiguration) as raised:
        read_document(text, "e")
    problems = raised.value.problems
    assert code in [problem.code for problem in problems]
    assert all(problem.where.partition(":")[0] == "e" for problem in problems)


@settings(deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(st.sampled_from("values:imports{}[]$\"'|>-& \n#*!f0"), max_size=80).map(str.encode)
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but an InvalidConfiguration comes of the strangest file."""
    try:
        document = read_document(data, "e")
    except InvalidConfiguration as error:
        assert error.problems
    else:
        assert list(secrets_of(document)) is not None
