"""Asking Pulumi's `esc` program for an environment of Pulumi ESC; what it prints is hostile until checked."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from packreg.environments.evaluation import EvaluatedImport
from packreg.environments.values import Value, from_json
from packreg.errors import NotEvaluated, UsageError
from packreg.pack.problems import Problems
from packreg.pack.strict_json import read_json
from packreg.registry.environment_reference import EnvironmentReference

DEADLINE = 60.0  # seconds that one environment may take
MAX_OUTPUT = 4 * 2**20  # bytes


class EscProgram:
    """Opens environments with the `esc` program, with the user's environment and login; not in a project."""

    def __init__(self, program: str, environ: Mapping[str, str], *, deadline: float = DEADLINE) -> None:
        self._program, self._environ, self._deadline = program, environ, deadline

    def open(self, reference: EnvironmentReference) -> EvaluatedImport:
        """The environment, evaluated by Pulumi ESC, with its secrets marked as such.

        Raises:
            UsageError: the program cannot be started.
            NotEvaluated: it failed, took too long, or printed something else. What it printed is never shown,
                since it may hold secrets.
        """
        data = self._run(reference.name)
        problems = Problems()
        found = read_json(data, str(reference), problems, limit=MAX_OUTPUT)
        try:
            if problems.errors or not isinstance(found, Mapping):
                raise ValueError("it is not a JSON object")
            value = _value(found)
            if not isinstance(value.data, Mapping):
                raise ValueError("its value is not an object")
        except (ValueError, RecursionError) as error:
            reason = str(error) if isinstance(error, ValueError) else "it nests too deep"
            raise NotEvaluated(
                f"{reference}: what {self._program} printed cannot be used: {reason}", hint=_hint(reference)
            ) from None
        return EvaluatedImport(str(reference), value)

    def _run(self, name: str) -> bytes:
        command = [self._program, "open", name, "--format", "detailed"]
        try:
            process = subprocess.Popen(
                command,
                cwd=Path(Path.cwd().anchor),
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(
                f"the program {self._program!r} cannot be started: {error.strerror}",
                hint="install Pulumi's esc, or set environments.esc to where it is",
            ) from None
        late = threading.Event()

        def stop() -> None:
            late.set()
            _kill(process)

        timer = threading.Timer(self._deadline, stop)
        timer.start()
        assert process.stdout is not None
        try:
            with process.stdout as stdout:
                data = stdout.read(MAX_OUTPUT + 1)
            if len(data) > MAX_OUTPUT:
                _kill(process)
            code = process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                _kill(process)
                process.wait()
        if late.is_set():
            raise _failed(self._program, name, f"did not answer within {self._deadline:g} s")
        if len(data) > MAX_OUTPUT:
            raise _failed(self._program, name, f"printed more than {MAX_OUTPUT} bytes")
        if code:
            raise _failed(self._program, name, f"failed with exit code {code}")
        return data


def _value(node: object) -> Value:
    """A value as `esc open --format detailed` prints it: `{"value": …, "secret": …, "unknown": …}`."""
    if not isinstance(node, Mapping):
        raise ValueError("it does not have the form of --format detailed")
    if node.get("unknown"):
        raise ValueError("it has a value that is not known")
    secret, found = bool(node.get("secret")), node.get("value")
    if isinstance(found, Mapping):
        return Value({name: _value(item) for name, item in found.items()}, secret)
    if isinstance(found, list):
        return Value(tuple(_value(item) for item in found), secret)
    return from_json(found, secret=secret)


def _failed(program: str, name: str, what: str) -> NotEvaluated:
    hint = f"run `{program} open {name}` to see why; its output may hold secrets, so it is not shown here"
    return NotEvaluated(f"esc:{name}: the program {program!r} {what}", hint=hint)


def _hint(reference: EnvironmentReference) -> str:
    return f"run `esc open {reference.name} --format detailed` to see it"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
