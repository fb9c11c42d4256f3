"""The report as workflow commands."""

from __future__ import annotations

import re

from packreg.reports.github import github_report
from tests.reports.findings import URN, error, guard, hostile, report

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\n]*)::([^\n\r]*)")


def test_the_annotations() -> None:
    """Errors first, then mandatory violations, advisory ones, remediations, notes, and the last line."""
    *lines, last = github_report(report(guard(errors=(error("none", URN),)))).splitlines()
    found = [match.groups() for match in map(COMMAND.fullmatch, lines) if match]
    assert found == [
        ("error", "guard@1.0.0%3A could not be evaluated", "none (open): no-answer%0Ano answer in 60 s"),
        (
            "error",
            "guard@1.0.0%3A private",
            "demo:index:Bucket: open%0AIs private.%0Aopen is public.",
        ),
        ("warning", "guard@1.0.0%3A owned", "demo:index:Bucket: open%0Aopen has no owner."),
        (
            "notice",
            "guard@1.0.0%3A tagged",
            'demo:index:Bucket: open would be changed:%0A~ acl: "public" => "private"'
            '%0A+ tags.a.b: "yes"%0A- rules[0].port: 80',
        ),
        ("notice", "hidden-secrets", "state.json: 2 secrets stay hidden [hidden-secrets]"),
    ]
    assert last.startswith("could not be evaluated: 1 mandatory violation")


def test_hostile_text_gives_no_command() -> None:
    """Every line is one of our commands with its text escaped, or our last line; a percent sign is text."""
    *lines, last = github_report(hostile()).splitlines()
    assert len(lines) == 4
    for line in lines:
        assert COMMAND.fullmatch(line), line
        assert "##[" not in line
        assert line.isprintable()
    assert "%250A" in lines[0]
    assert "HARM" not in last
