"""The main flows as real processes, in a pipe and on a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import User, write_pack

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on this system")


def on_terminal(user: User, *words: str) -> tuple[int, str]:
    """The exit code and everything that a command shows on a terminal."""
    leader, follower = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "packreg", *words],
        cwd=user.directory,
        env={**user.environ, "TERM": "xterm", "COLUMNS": "100"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            data = os.read(leader, 65536)
        except OSError:  # Linux's way to say that nobody has the terminal open any more
            break
        if not data:
            break
        shown += data
    os.close(leader)
    return process.wait(60), shown.decode().replace("\r\n", "\n")


@pytest.mark.usefixtures("opa")
def test_publish_install_path(user: User) -> None:
    """From a directory to an installed pack and back, each step with its exit code, data and talk."""
    write_pack(user.directory / "guard", "guard", "1.0.0")
    published = user.process("publish", "guard")
    assert published.returncode == 0
    assert published.stdout.startswith(b"guard@1.0.0 sha256:")
    installed = user.process("install", "guard@1.0.0")
    path = user.process("path", "guard@1.0.0")
    assert (installed.returncode, path.returncode) == (0, 0)
    assert installed.stdout == path.stdout
    assert (Path(os.fsdecode(path.stdout.rstrip(b"\n"))) / ".packreg.json").is_file()
    assert path.stderr == b""
    (user.directory / "guard" / "README.md").write_text("other")
    refused = user.process("publish", "guard")
    assert (refused.returncode, refused.stdout) == (5, b"")
    assert b"next free version is 1.0.1" in refused.stderr
    assert user.process("install", "guard@2.0.0").returncode == 6


def test_a_home_in_any_bytes_is_printed_as_it_is(user: User) -> None:
    """A home whose path is not UTF-8 comes out byte for byte, both ways."""
    home = os.fsdecode(os.fsencode(user.top) + b"/h\xf6me")
    try:
        os.mkdir(home)
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    user.extra["PACKREG_HOME"] = home
    user.publish("guard", "1.0.0")
    first = user.process("install", "guard@1.0.0")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith(os.fsencode(home))
    assert user.process("path", "guard@1.0.0").stdout == first.stdout


def test_tables_and_progress_are_for_terminals(user: User) -> None:
    """On a terminal there is a header, colour and progress; with NO_COLOR no escape sequence at all."""
    user.publish("guard", "1.0.0")
    code, shown = on_terminal(user, "versions", "guard")
    assert (code, shown) == (0, "\x1b[1mVERSION  STATE\x1b[0m\n1.0.0    \x1b[32mlatest\x1b[0m\n")
    assert on_terminal(user, "list") == (0, "\x1b[1mNAME\x1b[0m\nguard\n")
    code, shown = on_terminal(user, "list", "-v")
    assert code == 0
    assert shown.startswith("\x1b[1mNAME\x1b[0m\nguard\nthe registry is ")
    code, shown = on_terminal(user, "install", "guard", "--force")
    assert code == 0
    assert "\x1b[?25l" in shown  # a progress display hides the cursor
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h")
    user.extra["NO_COLOR"] = "1"
    code, shown = on_terminal(user, "install", "guard", "--force")
    assert code == 0
    assert "\x1b" not in shown
    assert on_terminal(user, "versions", "guard") == (0, "VERSION  STATE\n1.0.0    latest\n")


def test_a_terminal_is_asked_before_something_is_lost(user: User) -> None:
    """`remove` asks on a terminal, and anything but yes leaves the release alone."""
    user.publish("guard", "1.0.0")
    leader, follower = os.openpty()
    os.write(leader, b"n\n")
    done = subprocess.run(
        [sys.executable, "-m", "packreg", "remove", "guard@1.0.0", "--reason", "x"],
        cwd=user.directory,
        env=user.environ,
        stdin=follower,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(follower)
    os.close(leader)
    assert done.returncode == 2
    assert "for good? [y/N]" in done.stderr
    assert "error: not confirmed; nothing was changed" in done.stderr
    assert user.must("versions", "guard").out == "1.0.0\tlatest\n"


@pytest.mark.usefixtures("opa")
def test_ctrl_c_in_the_middle_of_work(user: User) -> None:
    """A publish that waits for git is interrupted with 130, without a traceback, and nothing is published."""
    write_pack(user.directory / "guard", "guard", "1.0.0")
    (user.top / "bin").mkdir()
    git = user.top / "bin" / "git"
    git.write_text(f"#!/bin/sh\ntouch '{user.top}/started'\nexec sleep 60\n")
    git.chmod(0o755)
    user.extra["PATH"] = f"{user.top / 'bin'}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "packreg", "publish", "guard"],
        cwd=user.directory,
        env=user.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (user.top / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert b"error: interrupted" in err
    assert b"Traceback" not in err
    assert user.must("list").out == ""
