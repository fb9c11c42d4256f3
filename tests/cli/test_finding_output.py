"""What `findings` prints."""

from __future__ import annotations

import os
import shlex

import pytest

from packreg.cli.finding_output import write_finding, write_findings
from packreg.cli.output import Output
from packreg.findings.tracking import Tracked, track
from packreg.pack.metadata import PolicyInfo
from packreg.services.findings import PolicyFinding
from packreg.text import without_colours
from tests.reports.findings import guard, waiver
from tests.reports.kept import stored


@pytest.fixture
def found() -> list[Tracked]:
    """The findings of an audit: one waived, one advisory, one remediation."""
    return list(track(stored(guard(), waivers=(waiver(),))))


def test_programs_get_a_line_of_fields(found: list[Tracked], capsys: pytest.CaptureFixture[str]) -> None:
    """The message is one field, and the last field is the id."""
    write_findings(Output({}), found)
    lines = capsys.readouterr().out.splitlines()
    assert [len(line.split("\t")) for line in lines] == [8] * len(found)
    assert lines[0].split("\t")[1] == "mandatory, waived"
    assert lines[0].split("\t")[6:] == ["Is private. open is public.", found[0].id]


def test_people_get_the_message_in_the_width_of_the_terminal(
    found: list[Tracked], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is wider than the terminal, and nothing of the message is missing."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((60, 20)))
    write_findings(Output({}), found)
    coloured = capsys.readouterr().out
    assert "\x1b[1;31mhigh\x1b[0m" in coloured
    said = without_colours(coloured)
    assert max(map(len, said.splitlines())) <= 60
    assert "high  mandatory, waived  new  organization/shop/dev" in said and found[0].id in said
    assert "guard:owned" in said and "open has no owner." in said


def test_one_finding_is_shown_with_all_that_is_known(
    found: list[Tracked], capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole message, how to fix it, where to read more, and a command that waives it."""
    policy = PolicyInfo("owned", "advisory", remediation_steps="Tag it.", url="https://example.org/owned")
    [owned] = [each for each in found if each.policy == "owned"]
    write_finding(Output({}), PolicyFinding(owned, policy))
    said = capsys.readouterr()
    assert "Tag it." in said.out and "https://example.org/owned" in said.out and owned.urn in said.out
    words = shlex.split(said.err.partition("to waive it: ")[2])
    assert words[:4] == ["packreg", "waiver", "add", "guard:owned"]
    assert owned.urn in words and owned.entity.name in words
    write_finding(Output({}), PolicyFinding(found[0], None))
    said = capsys.readouterr()
    assert "waived" in said.out and "waiver add" not in said.err
