"""Colours of severities, levels and verdicts."""

from __future__ import annotations

import os

import pytest

from packreg.cli.colours import GREEN, OFF, RED, YELLOW, painted, painted_line
from packreg.cli.output import Output
from packreg.text import without_colours

FORGED = "\x1b[32mallowed\x1b[0m\x1b[2J"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("        - [mandatory]  private  (b)", f"        - {RED}[mandatory]{OFF}  private  (b)"),
        ("        - [advisory]  x  (b)  severity high", f"severity {RED}high{OFF}"),
        ("        - [mandatory, waived]  x  (b)", "[mandatory, waived]\x1b[0m"),
        ("denied by policy: 1 mandatory violation", f"{RED}denied by policy{OFF}: 1 mandatory violation"),
        (
            "allowed, 2 resources with hidden secrets: 0",
            f"{GREEN}allowed, 2 resources with hidden secrets{OFF}:",
        ),
        ("high  mandatory  open  shop/dev  5d41", f"{RED}high{OFF}  {RED}mandatory{OFF}"),
        ("shop/dev  allowed -> denied", f"shop/dev  {RED}allowed -> denied{OFF}"),
        ("fail  store          it is gone", f"{RED}fail{OFF}  store          it is gone"),
    ],
)
def test_the_lines_of_reports_have_their_word_in_colour(line: str, shown: str) -> None:
    """Levels, severities and verdicts are coloured where reports have them; the text stays the same."""
    assert shown in painted_line(line)
    assert without_colours(painted_line(line)) == line


@pytest.mark.parametrize(
    "line",
    [
        "          the bucket is mandatory",
        "Policies:",
        "",
        "    - [Mandatory] x",
        "    ❌ guard@1.0.0  (2 failed)",
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    """Messages, headings and words that are not packreg's have no colour."""
    assert painted_line(line) == line
    assert painted("nonsense", "nonsense") == "nonsense"


def shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, **environ: str
) -> str:
    """A table and a line of a report, with forged colours in them, on a terminal of this width."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((width, 20)))
    out = Output(environ)
    out.table(["level", "reason", "verdict"], [["advisory", FORGED, "not-evaluated, see below"]])
    out.judged(f"denied: {FORGED}")
    return capsys.readouterr().out


def test_only_packregs_words_are_coloured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cells of judging columns are, folded ones in each of their lines; escapes in foreign text are shown."""
    wide, narrow = (shown(monkeypatch, capsys, width) for width in (120, 40))
    assert f"{YELLOW}advisory{OFF}" in wide and f"{YELLOW}not-evaluated, see below{OFF}" in wide
    assert f"{YELLOW}not-evaluated,{OFF}" in narrow and f"{YELLOW}see below{OFF}" in narrow
    assert r"\x1b[32mallowed\x1b[0m\x1b[2J" in wide
    assert "\x1b[2J" not in wide + narrow and GREEN not in wide + narrow
    assert max(len(line) for line in without_colours(narrow).splitlines()[:-1]) <= 40


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_where_none_is_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environ: dict[str, str]
) -> None:
    """NO_COLOR and a dumb terminal get the same words without an escape."""
    coloured, bare = shown(monkeypatch, capsys, 80), shown(monkeypatch, capsys, 80, **environ)
    assert "\x1b" not in bare
    assert without_colours(coloured) == bare
