"""What the shell completes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from packreg.cli.completing import SeenType
from tests.cli.conftest import User

SCRIPT = r"""
eval "$(packreg completion bash)"
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:@'
compopt() { files="$*"; }
while IFS= read -r line; do
    COMP_LINE="$line" COMP_POINT=${#line} files=""
    _packreg_completion packreg
    echo "$line|${COMPREPLY[*]}|$files"
done
"""


@pytest.fixture
def registered(user: User) -> User:
    """A user who has read and changed things in a registry, which is then gone."""
    user.publish("guard", "1.2.0")
    user.publish("guard", "1.10.0")
    user.must("group", "new", "prod", "--add-stack", "shop/prod")
    user.must("env", "set", "base", "x", "1")
    user.must("versions", "guard")
    waived = ("--stack", "shop/prod", "--expires", "10d", "--reason", "it is known")
    user.must("waiver", "add", "guard:deny", *waived)
    return user


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_names(registered: User) -> None:
    """Packs, versions, policies, groups, stacks and environments, also where bash ends a word earlier."""
    programs = registered.top / "programs"
    programs.mkdir()
    program = programs / "packreg"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m packreg "$@"\n')
    program.chmod(0o755)
    wanted = {
        "packreg group get p": "prod|",
        "packreg enable gu": "guard|",
        "packreg enable guard@1.1": "1.10.0|",
        "packreg enable guard 1.2": "1.2.0|",
        "packreg enable guard --group=pr": "prod|",
        "packreg enable guard --config ": "|-o default",
        "packreg env get b": "base|",
        "packreg why shop": "shop/prod|",
        "packreg waiver add guard:d": "deny|",
        "packreg analyze gu": "guard|-o dirnames",
        "packreg group sho": "show|",
    }
    registered.extra["PATH"] = f"{programs}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "--norc", "-c", SCRIPT],
        input="".join(f"{line}\n" for line in wanted),
        cwd=registered.directory,
        env=registered.environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == [f"{line}|{found}" for line, found in wanted.items()], done.stderr


def test_completing_asks_no_server(user: User) -> None:
    """The names of a bucket come from what was seen: while a word is completed nobody connects to it."""
    user.extra |= {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"s3://b/p?endpoint_url=http://127.0.0.1:{server.getsockname()[1]}&region=us-east-1"
        for line in ("packreg info ", "packreg group get ", "packreg why "):
            user.extra |= {"_PACKREG_COMPLETE": "bash_complete", "COMP_LINE": line, "PACKREG_REGISTRY": url}
            assert user.process().stderr == b""
        with pytest.raises(BlockingIOError):
            server.accept()


def test_completing_writes_nothing(registered: User) -> None:
    """A word that is completed changes no file."""
    home = registered.top / "user"

    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in home.rglob("*")}

    before = files()
    registered.extra |= {"_PACKREG_COMPLETE": "bash_complete", "COMP_LINE": "packreg info g"}
    assert registered.process().stdout == b"plain,guard\n"
    assert files() == before


def test_a_text_is_read_as_before() -> None:
    """The type only completes: whatever is typed is taken as it is."""
    assert SeenType(["stack"]).convert("any $text", None, None) == "any $text"
