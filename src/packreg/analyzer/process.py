"""One running policy pack: start it, read its port and its output, stop it with all processes it started."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from packreg.analyzer.forking import Forked, ForkServer
from packreg.analyzer.frames import VARIABLE
from packreg.analyzer.private_files import hide, nameless
from packreg.analyzer.program import Program
from packreg.analyzer.program_errors import ProgramError, in_the_pack, program_error
from packreg.errors import PackFailed
from packreg.text import one_line

_SUPERVISOR = str(Path(__file__).with_name("supervisor.py"))
#: Bytes of a pack's output that are kept for reports, and of the longest first line that is read.
_TAIL = 32 * 1024
_FIRST_LINE = 4096
_PORT = re.compile(rb"[0-9]{1,5}")
#: Python's error if the pack's pulumi package is older than 3.165.0, the first with this module (PyPI).
_TOO_OLD = "No module named 'pulumi.run'"


class Process:
    """A pack's process. The constructor starts it; `close` must be called, from any thread.

    A supervisor process kills everything that the pack started when packreg tells it to or has ended itself
    (see `supervisor`). Threads read both output pipes until they end, and only the last part is kept.
    """

    def __init__(
        self,
        program: Program,
        *,
        log: Callable[[str], None] | None = None,
        server: ForkServer | None = None,
    ) -> None:
        """Start the program, by forking the `server` if there is one.

        Other threads call `log` with what the program writes. Raises PackFailed.
        """
        self.program = program
        self._server = server
        self.port = 0
        self.channel: socket.socket | None = None
        self.page: mmap.mmap | None = None
        self._token = secrets.randbits(52) | 1 << 52  # no port, and a number that JavaScript has
        self._log = log
        self._changed = threading.Condition()
        self._first = bytearray()
        self._line: bytes | None = None
        self._said: deque[bytes] = deque()
        self._kept = self._written = 0
        self._cut = False
        self._open = 2
        self._decided = False
        self._over = False
        try:
            self._popen = self._start()
        except OSError as error:
            raise PackFailed(
                f"{program.name} could not be started in {program.directory}: {error.strerror}",
                code="not-started",
            ) from None
        for pipe, is_stdout in ((self._popen.stdout, True), (self._popen.stderr, False)):
            threading.Thread(target=self._drain, args=(pipe, is_stdout), daemon=True).start()

    def _start(self) -> subprocess.Popen[bytes] | Forked:
        program = self.program
        hide()
        self._control, theirs = socket.socketpair()
        variables = dict(program.environment)
        with theirs, ExitStack() as opened:
            files = {name: opened.enter_context(nameless(data)) for name, data in program.files}
            given = ",".join(f"{name}={file.fileno()}" for name, file in files.items())
            limits = [str(program.memory), str(program.each)]
            passed: list[int] = []
            if program.hosted:
                self.channel, pack_side = socket.socketpair()
                page = opened.enter_context(nameless(bytes(mmap.PAGESIZE)))
                self.page = mmap.mmap(page.fileno(), mmap.PAGESIZE)
                passed = [opened.enter_context(pack_side).fileno(), page.fileno()]
                variables[VARIABLE] = ",".join(map(str, (*passed, self._token)))
            if self._server is not None:
                program.directory.stat()  # raises what starting a program there would
                numbers = {name: file.fileno() for name, file in files.items()}
                forked = self._server.start(program, self._token, theirs.fileno(), passed, numbers)
                if forked is not None:
                    return forked
            for_the_program = ",".join(map(str, passed))
            return subprocess.Popen(
                [sys.executable, "-I", "-S", _SUPERVISOR, *limits, given, for_the_program, *program.command],
                cwd=program.directory,
                env=variables,
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[*(file.fileno() for file in files.values()), *passed],
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the pack's process runs."""
        return self._popen.poll() is None

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._popen.pid

    def tail(self) -> str:
        """The last part of the pack's output after its port, by `in_the_pack`; not escaped for terminals."""
        return in_the_pack(self._tail(), self.program.directory)

    def _tail(self) -> str:
        with self._changed:
            said = b"".join(self._said)
            if self._cut and b"\n" in said:  # a cut line may begin with half a secret: no redactor finds it
                said = said.partition(b"\n")[2]
            return said.decode("utf-8", "replace")

    def error(self) -> ProgramError:
        """The error in the pack's output that says why it ended."""
        return program_error(self._tail(), self.program.directory)

    def logged(self, text: str, end: str, after: int, seconds: float) -> tuple[str, int]:
        """The pack's output from `text` on, and the number of bytes that it had written by the end of `text`.

        Looks behind the first `after` bytes of the output, and waits at most `seconds` until `text`, and
        `end` after it, were written. If they were not, returns an earlier place with `text`, or "" and
        `after`.
        """
        wanted, last = text.encode(), end.encode()
        until = time.monotonic() + seconds
        with self._changed:
            while True:
                said = b"".join(self._said)
                start = self._written - len(said)
                at = said.find(wanted, max(0, after - start))
                left = until - time.monotonic()
                if (at >= 0 and said.find(last, at + len(wanted)) >= 0) or left <= 0 or not self._open:
                    break
                self._changed.wait(left)
        if at < 0:
            at = said.rfind(wanted)
        if at < 0:
            return "", after
        return said[at:].decode("utf-8", "replace"), start + at + len(wanted)

    def ending(self) -> str:
        """How the process ended, for a message, with the last line that it wrote."""
        try:
            status = self._popen.wait(1.0)
        except subprocess.TimeoutExpired:
            return "its process is still running"
        self._await_end(1.0)
        if self._was_over():
            return self._too_much()
        how = f"was killed by signal {status - 128}" if status > 128 else f"exited with status {status}"
        last = self.error()
        return f"its process {how}" + (f"; it wrote: {last}" if last.text else "")

    def close(self, *, grace: float = 5.0) -> None:
        """Stop the pack: interrupt it, and after `grace` seconds kill it; kill all its descendants."""
        if grace > 0:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._control.sendall(b"i%g\n" % grace)
                self._popen.wait(grace + 1)
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._was_over()
        self._control.close()
        if self.channel is not None:
            self.channel.close()
        self._await_end(1.0)

    def _was_over(self) -> bool:
        """Whether the supervisor killed the pack because its processes used too much memory together."""
        with contextlib.suppress(OSError):
            self._over = self._over or self._control.recv(64, socket.MSG_DONTWAIT) == b"memory"
        return self._over

    def _too_much(self) -> str:
        return f"it used more than its memory limit, {self.program.memory / 2**30:.3g} GiB"

    # --- start-up -----------------------------------------------------------------------------------------

    def await_port(self, deadline: float) -> None:
        """Wait at most `deadline` seconds until the pack prints its port.

        Raises PackFailed; its `code` says what went wrong.
        """
        until = time.monotonic() + deadline
        with self._changed:
            while not self._decided:
                if not self._changed.wait(max(0.0, until - time.monotonic())) and time.monotonic() >= until:
                    break
            line = self._line
            too_long = line is None and len(self._first) >= _FIRST_LINE
        if line is not None:
            if line == b"%d" % self._token and self.channel is not None:
                return
            if _PORT.fullmatch(line) and 0 < int(line) < 65536:
                self._not_hosted()
                self.port = int(line)
                return
            raise self._printed(line)
        if too_long:
            raise self._printed(bytes(self._first))
        raise self._no_port(deadline, until)

    def _not_hosted(self) -> None:
        """The pack serves gRPC, or prints numbers: nothing answers on its socket."""
        if self.channel is not None:
            self.channel.close()
            self.channel = self.page = None

    def _no_port(self, deadline: float, until: float) -> PackFailed:
        name = self.program.name
        if time.monotonic() >= until:
            last = self.error()
            return PackFailed(
                f"{name} did not get ready within {deadline:g} s"
                + (f"; it wrote: {last}" if last.text else ""),
                code="start-timeout",
                log=self.tail(),
            )
        try:
            status = self._popen.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return PackFailed(
                f"{name} closed its output before it reported its port", code="start-timeout", log=self.tail()
            )
        self._await_end(2.0)
        if self._was_over():
            return PackFailed(f"{name} was ended: {self._too_much()}", code="load-failed", log=self.tail())
        if self._first and not self._line:
            return self._printed(bytes(self._first))
        tail = self.tail()
        if status == 127 and self._tail().startswith(f"{self.program.command[0]}: "):
            return PackFailed(f"{name} could not be started: {self.error()}", code="not-started", log=tail)
        if status == 0:
            return PackFailed(
                f"{name} ended without making a PolicyPack",
                code="no-policy-pack",
                hint="its program must call PolicyPack(...) when it is loaded",
                log=tail,
            )
        how = f"was killed by signal {status - 128}" if status > 128 else f"ended with exit status {status}"
        last = self.error()
        if _TOO_OLD in tail:
            return PackFailed(
                f"{name} has no __main__.py, and its pulumi is before 3.165.0, which runs packages: {last}",
                code="sdk-too-old",
                hint="let the pack depend on pulumi>=3.165.0, or give it a __main__.py",
                log=tail,
            )
        said = f": {last}" if last.text else ""
        return PackFailed(
            f"{name} {how} while it was loaded{said}",
            code="load-failed",
            hint=last.hint,
            log=tail,
            reason=str(last),
        )

    def _printed(self, line: bytes) -> PackFailed:
        shown = one_line(line.decode("utf-8", "replace").strip(), 200)
        return PackFailed(
            f"{self.program.name} printed '{shown}' before its PolicyPack was ready; the first line that a "
            "pack's process writes must be its port",
            code="printed-before-port",
            hint="print nothing to standard output before PolicyPack(...) is called",
            log=self.tail(),
        )

    # --- output -------------------------------------------------------------------------------------------

    def _drain(self, pipe: IO[bytes] | None, is_stdout: bool) -> None:
        assert pipe is not None
        waiting = is_stdout
        with pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                if waiting:
                    chunk, waiting = self._first_line(chunk)
                if chunk:
                    self._keep(chunk)
        with self._changed:
            self._open -= 1
            self._decided = self._decided or is_stdout
            self._changed.notify_all()

    def _first_line(self, chunk: bytes) -> tuple[bytes, bool]:
        with self._changed:
            self._first += chunk
            line, newline, rest = bytes(self._first).partition(b"\n")
            if newline and len(line) < _FIRST_LINE:
                self._line = line.rstrip(b"\r")
            elif len(self._first) < _FIRST_LINE:
                return b"", True
            self._decided = True
            self._changed.notify_all()
            return rest, False

    def _keep(self, chunk: bytes) -> None:
        if self._log is not None:
            self._log(chunk.decode("utf-8", "replace"))
        with self._changed:
            self._said.append(chunk)
            self._kept += len(chunk)
            self._written += len(chunk)
            while self._kept - len(self._said[0]) >= _TAIL:
                self._kept -= len(self._said.popleft())
                self._cut = True
            self._changed.notify_all()

    def _await_end(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        with self._changed:
            while self._open > 0 and time.monotonic() < until:
                self._changed.wait(0.05)
