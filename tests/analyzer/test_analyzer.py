"""The client of a running pack: how much of an answer is read at all. Its calls are in test_evaluation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.analyzer.analyzer import few
from packreg.analyzer.protocol import analyzer_pb2 as pb

PART = pb.AnalyzeResponse(diagnostics=[pb.Diagnostic()]).SerializeToString()


def test_an_answer_may_have_so_many_parts_and_no_more() -> None:
    """One of two bytes is a hundred when it is read: a small answer may be a great many of them."""
    assert few(PART * 100_000) == PART * 100_000
    with pytest.raises(ValueError, match="more than 100000 parts"):
        few(PART * 100_001)


@given(st.lists(st.tuples(st.text(), st.text(), st.integers(0, 3)), max_size=5))
def test_what_a_pack_answers_is_passed_on_as_it_is(found: list[tuple[str, str, int]]) -> None:
    """Counting the parts changes and refuses nothing that is a message."""
    each = [pb.Diagnostic(policy_name=n, message=m, enforcement_level=lv) for n, m, lv in found]  # type: ignore[arg-type]
    data = pb.AnalyzeResponse(diagnostics=each).SerializeToString()
    assert few(data) == data


@given(st.binary())
def test_any_bytes_are_counted_or_refused(data: bytes) -> None:
    """Bytes that are no message end in a refusal, and never run on."""
    try:
        assert few(data) == data
    except (ValueError, IndexError):
        with pytest.raises(Exception):  # noqa: B017  whatever protobuf says of them
            pb.AnalyzeResponse.FromString(data)
