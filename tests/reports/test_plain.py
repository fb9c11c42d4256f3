"""Findings in words."""

from __future__ import annotations

import pytest

from packreg.analyzer.findings import PropertyChange
from packreg.reports.plain import LINES_AT_MOST, change_line, plain_lines, resource_label
from tests.reports.findings import HOSTILE


def test_endless_text_is_cut() -> None:
    """Of a text with many lines the first are shown, and how many are not."""
    lines = plain_lines("x\n" * 1000)
    assert len(lines) == LINES_AT_MOST + 1
    assert lines[-1] == "… and 940 more lines"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (PropertyChange(("a", "b", 0, "c"), "add", after=1.0), "+ a.b[0].c: 1"),
        (PropertyChange(("a",), "delete", before={"x": None}), '- a: {"x": null}'),
        (PropertyChange(("a",), "update", True, 0.5), "~ a: true => 0.5"),
        (PropertyChange(("a",), "update", float("inf"), "ä"), '~ a: "inf" => "ä"'),
    ],
)
def test_a_change_is_a_line_of_a_diff(change: PropertyChange, line: str) -> None:
    """The sign, the path and the values, as the Pulumi CLI shows a diff."""
    assert change_line(change) == line


def test_a_resource_is_called_as_the_pulumi_cli_does() -> None:
    """Type and name, the name with everything behind the third `::`; and something when there is no URN."""
    assert resource_label("urn:pulumi:s::p::a:b:C::x::y", "a:b:C") == "a:b:C: x::y"
    assert resource_label("", "a:b:C") == "a:b:C"
    assert resource_label("", "") == "the stack"
    assert HOSTILE in resource_label(f"urn:pulumi:s::p::a:b:C::{HOSTILE}", "t")
