"""The process that forks packs says whether it can, and ends with the socket; test_forking has its packs."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from packreg.analyzer.hosts import python_forks
from tests.analyzer.packs import Sdks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="packs are forked on Linux only")


def served(python: Path, before: str, tmp_path: Path) -> tuple[bytes, int]:
    """What a server says that has run a line of Python before, and the status it ends with."""
    script = tmp_path / "server.py"
    script.write_text(
        f"{before}\nimport runpy\nrunpy.run_path({python_forks.__file__!r}, run_name='__main__')\n"
    )
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs, ours:
        process = subprocess.Popen([python, "-u", script], stdin=theirs.fileno())
        ours.settimeout(60)
        said = ours.recv(16)
    return said, process.wait(60)


def test_it_loads_the_sdk_with_one_thread(tmp_path: Path, sdks: Sdks) -> None:
    """Then it can fork; when the socket is closed it ends."""
    assert served(sdks.python, "", tmp_path) == (b"ready", 0)


def test_with_a_thread_it_does_not_fork(tmp_path: Path, sdks: Sdks) -> None:
    """A fork would have only one of the threads, and locks that others hold."""
    thread = "import threading, time; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    assert served(sdks.python, thread, tmp_path) == (b"unfit", 0)


def test_without_an_sdk_it_forks_all_the_same(tmp_path: Path) -> None:
    """Each pack then says itself what is missing."""
    assert served(Path(sys.base_prefix, "bin", "python3"), "", tmp_path) == (b"ready", 0)
