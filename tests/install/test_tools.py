"""Running tools: their output in a log, their failures as errors that say what to do."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.errors import InstallError
from packreg.install.home import Home
from packreg.install.tools import Tools


@pytest.fixture
def plain(home: Home) -> Tools:
    """Tools with the environment of the tests."""
    return Tools(home, dict(os.environ))


def python(tools: Tools, code: str, **options: object) -> bytes:
    """Run a Python program as a tool."""
    return tools.run([sys.executable, "-I", "-c", code], "do it", cwd=Path("/"), **options)  # type: ignore[arg-type]


def test_what_a_tool_prints_comes_back_and_no_log_stays(plain: Tools) -> None:
    """Success is stdout; stdin reaches the tool."""
    assert python(plain, "import sys; print(sys.stdin.read(), end='')", stdin=b"in") == b"in"
    assert not list(plain.home.logs.iterdir())


def test_a_failure_keeps_everything_and_quotes_the_end(plain: Tools) -> None:
    """The log holds the command, stderr and stdout; the message its last lines, made printable."""
    code = (
        "import sys; print('on stdout'); "
        "[print(f'line {n}', file=sys.stderr) for n in range(100)]; "
        "print('\\x1b[31mred\\x1b[0m\\x9b and \\u202e bidi', file=sys.stderr); sys.exit(3)"
    )
    with pytest.raises(InstallError) as caught:
        python(plain, code, environ={"PYTHONIOENCODING": "utf-8"})
    log = Path(caught.value.log)
    text = log.read_text("utf-8", "replace")
    assert log.parent == plain.home.logs and "line 0\n" in text and "on stdout" in text
    message = str(caught.value)
    assert "exit 3" in message and "  | line 99" in message and "line 50" not in message
    assert str(log) in message and "\x1b" not in message and "\u202e" not in message and "\x9b" not in message


def test_a_tool_that_hangs_is_stopped(plain: Tools) -> None:
    """After the timeout the tool is killed, and the error says so."""
    with pytest.raises(InstallError, match="was stopped after 0 seconds"):
        python(replace(plain, timeout=0.3), "import time; time.sleep(60)")


def test_a_tool_that_is_not_there(plain: Tools) -> None:
    """A program that cannot be started is an error like any other failure."""
    with pytest.raises(InstallError, match="cannot be started"):
        plain.run(["/nonexistent/tool"], "do it", cwd=Path("/"))
    with pytest.raises(InstallError, match="nothing-like-this is not on the PATH") as caught:
        plain.need("nothing-like-this", "install it")
    assert caught.value.hint == "install it"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("error: No space left on device (os error 28)", "free some space"),
        ("something else entirely", ""),
    ],
)
def test_known_failures_come_with_the_way_out(plain: Tools, words: str, hint: str) -> None:
    """What uv, pip and npm say most often is followed by what to do about it."""
    with pytest.raises(InstallError) as caught:
        python(plain, f"import sys; sys.exit({words!r})")
    assert (hint in caught.value.hint) if hint else not caught.value.hint


def test_logs_do_not_pile_up(plain: Tools) -> None:
    """Of the logs of failures the newest fifty stay."""
    plain.home.logs.mkdir(parents=True)
    for number in range(60):
        path = plain.home.logs / f"old-{number:02}.log"
        path.write_text("x")
        os.utime(path, (number, number))
    with pytest.raises(InstallError) as caught:
        python(plain, "raise SystemExit(1)")
    there = sorted(path.name for path in plain.home.logs.iterdir())
    assert len(there) == 50 and Path(caught.value.log).name in there
    assert "old-59.log" in there and "old-10.log" not in there


def test_uv_is_found_beside_packreg_or_on_the_path(home: Home, tmp_path: Path) -> None:
    """The uv that was installed with packreg is used wherever PATH points; "" means to do without."""
    assert Path(Tools(home, {"PATH": ""}).uv).is_file()
    assert Tools(home, {}, uv_path="").uv == ""
