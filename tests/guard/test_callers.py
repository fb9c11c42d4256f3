"""Who calls is known by the process behind a connection, whatever port it comes from."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from packreg.guard.callers import HOST

#: Serves, and says when it is told to who has the other end of its newest connection. We are its starter.
GUARD = """
import ctypes, os, psutil, socket, sys  # as another user it could not import them
from packreg.guard.callers import Callers, Stranger

server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
if "nobody" in sys.argv:
    os.setgid(65534), os.setuid(65534)
asked, ask = os.pipe()
if "of nobody" in sys.argv:
    os.setgid(65534), os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1)  # to be seen by its own user again
    if os.fork():
        os.read(asked, 1)
        client = socket.socket()
        client.connect(("127.0.0.1", port))
        os.wait()
        sys.exit()
callers = Callers()
print(port, flush=True)
open_ = []
for line in sys.stdin:
    if line == "accept\\n":
        open_.append(server.accept())
    if line == "starter\\n":
        os.write(ask, b"!")
        open_.append(server.accept())
    if line == "close\\n":
        open_.pop(0)[0].close()
    host, number = open_[-1][1] if open_ else ("", 0)
    try:
        who = callers.who(f"ipv4:{host}:{number}", port)
        print("unseen" if who is None else who.pid, flush=True)
    except Stranger as stranger:
        print(stranger, flush=True)
"""
#: Connects, from a port if it is told one, says that it did, and stays.
STRANGER = """
import socket, sys

by_ipv6 = sys.argv[3] == "6"
client = socket.socket(socket.AF_INET6 if by_ipv6 else socket.AF_INET)
client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
here = "::ffff:127.0.0.1" if by_ipv6 else "127.0.0.1"
client.bind((here, int(sys.argv[2])))
client.connect((here, int(sys.argv[1])))
print("there", flush=True)
sys.stdin.read()
"""


class Served:
    """The process above."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process, self._answers = process, process.stdout
        self.port = int(process.stdout.readline())

    def ask(self, word: str) -> str:
        """Let it accept or close a connection, and say who has the newest one."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return self._answers.readline().strip()


@contextmanager
def running(source: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A program, until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", source, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


@contextmanager
def stranger(port: int, source: int = 0, family: str = "4") -> Iterator[int]:
    """A connection of a process that is beside the served one; gives its number."""
    with running(STRANGER, str(port), str(source), family) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        yield process.pid


def connected(port: int) -> socket.socket:
    """A connection of ours, whose port can be had again as soon as it is closed."""
    client = socket.create_connection((HOST, port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    return client


def test_the_starter_may_call_and_a_process_beside_it_not() -> None:
    """Whoever started the process is known on each of its connections; a stranger by its number."""
    with running(GUARD) as process:
        served = Served(process)
        first = connected(served.port)
        assert served.ask("accept") == served.ask("again") == str(os.getpid())
        for family in "46":
            with stranger(served.port, family=family) as pid:
                assert served.ask("accept") == f"process {pid} called the guard"
        second = connected(served.port)
        assert served.ask("accept") == str(os.getpid())
        first.close()
        second.close()


def test_a_port_that_somebody_else_has_taken_over_is_not_the_starters() -> None:
    """A stranger that comes from the port from which the starter came before is a stranger."""
    with running(GUARD) as process:
        served = Served(process)
        client = connected(served.port)
        assert served.ask("accept") == str(os.getpid())
        source = client.getsockname()[1]
        client.close()
        served.ask("close")
        with stranger(served.port, source) as pid:
            assert served.ask("accept") == f"process {pid} called the guard"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="becomes another user")
def test_where_the_system_does_not_tell_nobody_is_accused() -> None:
    """Connections of another user are not shown: each may be the starter's, on every call."""
    with running(GUARD, "nobody") as process:
        served = Served(process)
        with connected(served.port), stranger(served.port):
            assert served.ask("accept") == served.ask("accept") == served.ask("again") == "unseen"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="becomes another user")
def test_who_hides_where_the_starter_is_seen_is_a_stranger() -> None:
    """One that the system does not show is not the starter, whom it shows; whoever of them calls first."""
    said = "a process that the system does not show called the guard"
    with running(GUARD, "of nobody") as process:
        served = Served(process)
        with connected(served.port):  # as another user's process, which sees its starter and not us
            assert served.ask("accept") == "unseen"
            assert served.ask("starter") == said
            assert served.ask("again") == said
