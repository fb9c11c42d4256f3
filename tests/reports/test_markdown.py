"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from packreg.reports.markdown import markdown_report
from tests.reports.findings import URN, error, guard, hostile, report, violation


def tokens(text: str) -> Iterator[Token]:
    """What a Markdown reader makes of it, inline tokens instead of their blocks."""
    for token in MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(text):
        yield from token.children if token.type == "inline" and token.children else [token]


def test_what_a_reader_sees() -> None:
    """A table of the packs with their counts, then findings, each with its text in a block."""
    text = markdown_report(report(guard(errors=(error("none", URN),))))
    assert "| `guard@1.0.0` | 1 | 3 | 1 | 0 | 1 |" in text
    assert "- **mandatory** `private` on `demo:index:Bucket: open`" in text
    assert "- **could not be evaluated** (no-answer): `none` on `open`" in text
    found = list(tokens(text))
    assert sum(token.type == "table_open" for token in found) == 1
    assert [token.content for token in found if token.type == "fence"] == [
        "no answer in 60 s\n",
        "Is private.\nopen is public.\n",
        "open has no owner.\n",
        '~ acl: "public" => "private"\n+ tags.a.b: "yes"\n- rules[0].port: 80\n',
    ]


def test_hostile_text_stays_in_code() -> None:
    """No markup, link, mention or table cell of a pack's comes out: all its text is code."""
    found = list(tokens(markdown_report(hostile())))
    for token in found:
        if "HARM" in token.content or "first" in token.content:
            assert token.type in ("code_inline", "fence"), token
        assert token.type not in ("link_open", "image", "html_inline", "html_block", "s_open")
    assert sum(token.type == "td_open" for token in found) == 6
    assert sum(token.type == "fence" for token in found) == 3
    assert sum(token.type == "heading_open" for token in found) == 3


def test_a_report_that_is_too_long_keeps_the_worst_first() -> None:
    """Nothing of it is longer than the limit, and the last line says what was left out."""
    many = tuple(
        violation(f"{level}-{n}", level, f"{n} " + "x" * 3000)
        for n in range(20)
        for level in ("advisory", "mandatory")
    )
    found = report(replace(guard(errors=(error("none", URN),)), violations=many, remediations=()))
    whole = markdown_report(found)
    assert "Left out" not in whole and markdown_report(found, limit=len(whole)) == whole
    short = markdown_report(found, limit=30_000)
    assert len(short) <= 30_000
    assert "could not be evaluated" in short and "advisory-0" not in short
    kept = short.count("- **mandatory**")
    assert 5 < kept < 20
    last = short.splitlines()[-1]
    assert f"{20 - kept} mandatory violations" in last and "20 advisory violations" in last
    assert "`--format json`" in last
    assert [token.type for token in tokens(short)].count("fence") == kept + 1
    assert len(markdown_report(found, limit=100)) <= 100


def test_of_several_reports_those_without_findings_go_first() -> None:
    """A stack that is denied is in the comment, whatever hundred others are fine."""
    fine = report(replace(guard(), violations=(), remediations=()))
    short = markdown_report(*[fine] * 100, report(guard()), *[fine] * 100, limit=4_000)
    assert len(short) <= 4_000
    assert "- **mandatory** `private` on" in short
    assert "reports" in short.splitlines()[-1]
