"""A running `opa` server that loaded a pack's rules, reached over a socket in a private folder.

One server evaluates everything. The guard and the Pulumi CLI ask about one resource at a time, and starting a
program for each would take longer than all rules; lists of resources are as fast here as with `opa eval`. The
server is always ended by SIGKILL: on SIGTERM it waits for queries that may never end.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from packreg.analyzer.protocol.encode import MAX_MESSAGE
from packreg.opa.modules import Staged
from packreg.opa.program import DIALECT, MOST_SAID, OpaFailure

_SOCKET = "s"
_START_SECONDS = 30.0
_LONGEST_SOCKET = 100  # bytes of its path; the system's limit is 107
_LOG = "log"
_PR_SET_PDEATHSIG = 1


class EvaluationFailed(Exception):
    """`opa` could not evaluate a query. The message is one line and says why and where."""


class TookTooLong(Exception):
    """`opa` gave no answer in time. The evaluation has been stopped."""


def private_folder() -> tempfile.TemporaryDirectory[str]:
    """A new folder that only this user can enter, with a path short enough for a socket in it."""
    made = tempfile.TemporaryDirectory(prefix="packreg-opa-")
    if len(os.fsencode(made.name)) + len(_SOCKET) + 1 <= _LONGEST_SOCKET:
        return made
    made.cleanup()
    return tempfile.TemporaryDirectory(prefix="packreg-opa-", dir="/tmp")


class OpaService:
    """An `opa` server with the checked files. It is ready once it is made; call `close` at the end."""

    def __init__(self, staged: Staged) -> None:
        """Start the server and wait for it. Raises OpaFailure when it does not start."""
        self._staged = staged
        self._socket = str(staged.folder / _SOCKET)
        self._log = staged.folder / _LOG
        command = ["run", "--server", DIALECT, "--addr", f"unix://{self._socket}"]
        command += ["--skip-version-check", "--log-level", "error"]
        command += ["--set", f"server.decoding.max_length={2 * MAX_MESSAGE}", *staged.names]
        end_with_us = _end_with_us if sys.platform == "linux" else None
        with self._log.open("wb") as log:
            self._process = staged.opa.start(
                command, cwd=staged.folder, stdout=log, stderr=log, preexec_fn=end_with_us
            )
        self._connection = _Connection(self._socket)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def put_policy(self, name: str, text: str) -> None:
        """Load a generated module; it replaces an earlier one with this name. Raises OpaFailure."""
        self._put(f"/v1/policies/{name}", text.encode(), "text/plain")

    def put_data(self, path: str, value: Mapping[str, Any]) -> None:
        """Replace the document at a path below `data`. Raises OpaFailure."""
        self._put(f"/v1/data/{path}", json.dumps(value).encode(), "application/json")

    def evaluate(self, path: str, given: Mapping[str, Any], *, seconds: float) -> Any:
        """The value of the rule at a path below `data`, for an input; None if it is undefined.

        Raises:
            EvaluationFailed: the rules conflict or cannot be evaluated.
            TookTooLong: there was no answer within `seconds`.
            OpaFailure: the server ended, or cannot be reached.
        """
        data = json.dumps({"input": given}).encode()
        status, answer = self._ask("POST", f"/v1/data/{path}", data, "application/json", seconds)
        if status == 200:
            return json.loads(answer).get("result")
        raise EvaluationFailed(self._reason(answer))

    def close(self) -> None:
        """End the server, even during an evaluation."""
        self._connection.close()
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._socket)  # noqa: PTH108

    def _wait(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            if self._process.poll() is not None or time.monotonic() > until:
                raise OpaFailure(f"opa does not start: {self._last_words()}")
            try:
                self._connection.connect()
            except OSError:
                time.sleep(0.005)
            else:
                return

    def _put(self, path: str, data: bytes, kind: str) -> None:
        status, answer = self._ask("PUT", path, data, kind, _START_SECONDS)
        if status not in (200, 204):
            raise OpaFailure(f"opa refused {path}: {self._reason(answer)}")

    def _ask(self, method: str, path: str, data: bytes, kind: str, seconds: float) -> tuple[int, bytes]:
        connection = self._connection
        try:
            connection.allow(seconds)
            connection.request(method, path, data, {"Content-Type": kind})
            response = connection.getresponse()
            answer = response.read(MOST_SAID + 1)
            if len(answer) > MOST_SAID:
                connection.close()
                raise EvaluationFailed(f"the answer takes more than {MOST_SAID >> 20} MiB")
            return response.status, answer
        except TimeoutError:
            connection.close()  # which stops the evaluation
            raise TookTooLong(f"no answer within {seconds:.0f} s") from None
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)
            ended = "" if self._process.poll() is None else f" {self._last_words()}"
            why = str(error) or type(error).__name__
            raise OpaFailure(f"opa gave no answer: {why}.{ended}") from None

    def _reason(self, answer: bytes) -> str:
        try:
            document = json.loads(answer)
            first = (document.get("errors") or [document])[0]
            place = first.get("location") or {}
            where = self._staged.where(str(place.get("file", "")), int(place.get("row", 0)))
            message = self._staged.own_words(" ".join(str(first["message"]).split()))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return f"it answered {answer[:200].decode('utf-8', 'replace')!r}"
        return f"{where}: {message}" if where else message

    def _last_words(self) -> str:
        with self._log.open("rb") as log:
            text = log.read(64 << 10).decode("utf-8", "replace").strip()
        lines = [line for line in text.splitlines() if '"level":"warning"' not in line]
        status = self._process.poll()
        how = "no answer" if status is None else f"exit code {status}" if status >= 0 else f"signal {-status}"
        return f"{lines[0][:300]} ({how})" if lines else how


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_START_SECONDS)
        self._path = path

    def connect(self) -> None:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(self.timeout)
        try:
            made.connect(self._path)
        except OSError:
            made.close()
            raise
        self.sock = made

    def allow(self, seconds: float) -> None:
        """Set how long, in seconds, the next requests may wait for an answer."""
        self.timeout = max(seconds, 0.001)
        if self.sock is not None:
            self.sock.settimeout(self.timeout)


def _end_with_us() -> None:
    """Ask the kernel to kill this process when the one that started it ends; runs in the child."""
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
