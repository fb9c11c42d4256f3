"""What reaches the terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packreg.cli.output import Output, json_text
from packreg.errors import InvalidPack, Problem
from tests.laws import LONG_LAW

ANY_TEXT = st.text(st.characters()) | st.lists(st.sampled_from(["##", "[", "#", "::", "\\"])).map("".join)


@LONG_LAW
@given(
    st.recursive(
        ANY_TEXT | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner)
    )
)
def test_json_is_ascii_without_controls_and_means_the_same(value: object) -> None:
    """JSON output holds no control characters but its own line breaks, and reads back as what went in."""
    text = json_text(value)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert "##[" not in text
    assert json.loads(text) == value


@pytest.fixture
def out() -> Output:
    """An output that writes where pytest looks."""
    return Output({})


def test_a_table_that_is_no_terminal_is_fields_between_tabs(
    out: Output, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scripts get one line for each row, fields between tabs, no header; a tab inside a field is escaped."""
    out.table(["name", "text"], [["a", "b\tc"], ["d", "e\nf"]])
    assert capsys.readouterr().out == "a\tb\\tc\nd\te\\nf\n"


def test_a_table_on_a_terminal_has_a_header_and_columns(
    out: Output, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """People get aligned columns under a header; NO_COLOR leaves the escapes out."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    Output({"NO_COLOR": "1"}).table(["name", "version"], [["guard", "1.0.0"], ["a", "2.0.0"]])
    assert capsys.readouterr().out == "NAME   VERSION\nguard  1.0.0\na      2.0.0\n"


def test_quiet_and_verbose(out: Output, capsys: pytest.CaptureFixture[str]) -> None:
    """Talk goes to stderr: less of it when quiet, more when verbose, warnings always."""
    out.say("one")
    out.detail("two")
    out.quiet = out.verbose = True
    out.say("three")
    out.detail("four")
    out.warn("five", "six")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "one\nfour\nwarning: five\nhint: six\n"


def test_no_line_of_an_error_can_pose_as_another_label(
    out: Output, capsys: pytest.CaptureFixture[str]
) -> None:
    """Later lines of a message are indented, so that text from outside cannot forge a hint."""
    out.error("bad\nhint: run rm -rf\x1b[2J")
    assert capsys.readouterr().err == "error: bad\n  hint: run rm -rf\\x1b[2J\n"


def test_a_failure_lists_every_problem_and_gives_its_code(
    out: Output, capsys: pytest.CaptureFixture[str]
) -> None:
    """An invalid pack prints all its problems with place and fix, and --json has them too."""
    out.json = True
    problem = Problem("version", "bad", "PulumiPolicy.yaml:2:1", "write 1.0.0")
    assert out.failure(InvalidPack("refused", (problem,)), done=[1]) == 7
    said = capsys.readouterr()
    assert said.err == "error: refused\n  PulumiPolicy.yaml:2:1: bad [version]\n    hint: write 1.0.0\n"
    assert json.loads(said.out) == {
        "error": {
            "code": "invalid-pack",
            "exit": 7,
            "message": "refused",
            "hint": "",
            "problems": [
                {"code": "version", "message": "bad", "where": "PulumiPolicy.yaml:2:1", "hint": "write 1.0.0"}
            ],
        },
        "done": [1],
    }
