"""Start Python packs by forking a process that has loaded the SDK of their environment (see `hosts`).

A `ForkServer` is for one environment and the variables that count when an interpreter starts or an SDK is
imported. What it starts looks like a started program: `Forked` has the part of `subprocess.Popen` that a
`Process` needs.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from packreg.analyzer.private_files import nameless
from packreg.analyzer.program import Program

_SERVER = str(Path(__file__).with_name("hosts") / "python_forks.py")
#: Variables that count only when an interpreter starts, or when an SDK and what it loads are imported.
_COUNTS_AT_START = re.compile(
    r"PYTHON.*|LANG|LANGUAGE|LC_.*|LD_.*|MALLOC_.*|GRPC_.*|OTEL_.*|PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"
    r"|TEMPORARILY_DISABLE_PROTOBUF_VERSION_CHECK|TRACEPARENT|PULUMI_OTEL_EXPORTER_OTLP_ENDPOINT"
    r"|PULUMI_ENABLE_LEGACY_APPLY|PULUMI_TEST_MODE"
)
#: Seconds in which a server must have loaded the SDK.
_READY = 30.0
Key = tuple[str, tuple[tuple[str, str], ...]]


def fork_key(program: Program) -> Key | None:
    """What the programs have in common that one server can start; None if it is started by itself.

    That is a release's environment, by its real place, and the variables that count at a start.
    """
    if sys.platform != "linux" or not program.digest or "python_host.py" not in " ".join(program.command[:3]):
        return None
    environment = os.path.realpath(Path(program.command[0]).parent.parent)
    variables = tuple(each for each in program.environment if _COUNTS_AT_START.fullmatch(each[0]))
    return environment, variables


class Forked:
    """A pack's guardian that a server forked: the part of `subprocess.Popen` that is used of it."""

    def __init__(self, ended: int, stdout: int, stderr: int) -> None:
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb", 0)
        self.stderr: IO[bytes] = os.fdopen(stderr, "rb", 0)
        self._ended = ended
        self._lock = threading.Lock()
        self._said = b""
        self._status: int | None = None
        self.pid = 0

    def begun(self) -> bool:
        """Wait until the guardian has said its process id; False if there is none."""
        while self._status is None and b"\n" not in self._said:
            self._read(None)
        self.pid = int(self._said.partition(b"\n")[0] or 0)
        return self.pid > 0

    def poll(self) -> int | None:
        """The status that the pack ended with, as a shell has it; None while it runs."""
        if self._lock.acquire(blocking=False):  # else another thread waits for the end, and will see it
            try:
                while self._status is None and self._read(0.0):
                    pass
            finally:
                self._lock.release()
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises subprocess.TimeoutExpired."""
        with self._lock:
            while self._status is None:
                if not self._read(timeout) and self._status is None:
                    raise subprocess.TimeoutExpired("a pack", timeout or 0.0)
            return self._status

    def kill(self) -> None:
        """Kill the guardian; its pack dies with it."""
        if self.poll() is None:
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)

    def _read(self, timeout: float | None) -> bool:
        """Read what the guardian said, if it says anything in time."""
        if not _readable(self._ended, timeout):
            return False
        said = os.read(self._ended, 64)
        self._said += said
        lines = self._said.split(b"\n")
        if len(lines) > 2:
            self._status = int(lines[1])
        elif not said:
            self._status = 128 + signal.SIGKILL
        if self._status is not None:
            os.close(self._ended)
        return True


def _readable(descriptor: int, timeout: float | None) -> bool:
    """Whether there is something to read within so many seconds, whatever the number of the descriptor."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))


class ForkServer:
    """A process that has loaded an SDK. The constructor starts it; several threads may use it."""

    def __init__(self, key: Key, environ: Mapping[str, str]) -> None:
        """`environ` are the variables that it gets beside those of the key."""
        self._lock = threading.Lock()
        self._fit: bool | None = None
        self._asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment, variables = key
        with theirs:
            self._process = subprocess.Popen(
                [f"{environment}/bin/python", "-u", _SERVER],
                cwd="/",
                env={**environ, **dict(variables)},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def start(
        self,
        program: Program,
        token: int,
        control: int,
        passed: Sequence[int],
        files: Mapping[str, int],
    ) -> Forked | None:
        """Start a program; None if this server cannot, and it must be started by itself.

        `control` is the supervisor's socket, `passed` are descriptors for the pack's host, `files` those by
        variable.
        """
        request = {
            "command": program.command,
            "directory": str(program.directory),
            "environment": dict(program.environment),
            "memory": program.memory,
            "each": program.each,
            "token": token,
            "passed": len(passed),
            "files": list(files),
        }
        with contextlib.ExitStack() as opened:
            file = opened.enter_context(nameless(json.dumps(request).encode()))
            (out, their_out), (errors, their_errors), (ended, their_ended) = (os.pipe() for _ in range(3))
            theirs = [file.fileno(), control, their_ended, their_out, their_errors, *passed, *files.values()]
            try:
                sent = self._send(theirs)
            finally:
                for each in (their_out, their_errors, their_ended):
                    os.close(each)
        forked = Forked(ended, out, errors)
        if sent and forked.begun():
            return forked
        for pipe in (forked.stdout, forked.stderr):
            pipe.close()
        if not sent:
            os.close(ended)
        return None

    def _send(self, descriptors: Sequence[int]) -> bool:
        with self._lock:
            try:
                if self._fit is None:
                    ready = _readable(self._asked.fileno(), _READY)
                    self._fit = ready and self._asked.recv(16) == b"ready"
                if self._fit:
                    rights = array.array("i", descriptors)
                    self._asked.sendmsg([b"fork"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            except OSError:
                self._fit = False
            return self._fit

    def close(self) -> None:
        """End the server. The packs that it started go on."""
        self._asked.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
