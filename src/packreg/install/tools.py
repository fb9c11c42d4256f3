"""Runs uv, pip, npm and interpreters, with a checked environment, logs of their output, errors with hints."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from packreg.errors import InstallError, UsageError
from packreg.install.carried import find_carried
from packreg.install.disk import disk_errors
from packreg.install.home import Home
from packreg.install.programs import Programs
from packreg.install.tool_environment import named_files, tool_environment
from packreg.install.tool_errors import tool_error
from packreg.pack.files import DEFAULT_LIMITS

if TYPE_CHECKING:
    import subprocess

_KEPT_LOGS = 50
_READ_BACK = 64 * 1024
_EXIT = "exit "


@dataclass(frozen=True)
class Tools:
    """The tools of this machine, as one command of packreg uses them.

    Tools get the variables that `tool_environment` selects from `environ`, so index configuration, proxies
    and certificates are the operator's, and `extra` on top. `uv_path` is the uv to use; if it is "", pip does
    uv's work. `timeout` is in seconds for one run of one tool. `checkout` is the directory of the project: no
    program and no configuration file in it is used. `named` has the path or name of programs that the
    operator has chosen, by `node` and `opa`; other programs are the first on PATH. `unpacked` is the most
    bytes that a wheel in a pack may hold. `build` are requirements: the packages that may be built from
    source when a lock is made (`source_builds`).
    """

    home: Home
    environ: Mapping[str, str]
    timeout: float = 1800.0
    uv_path: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    checkout: Path | None = None
    unpacked: int = DEFAULT_LIMITS.unpacked
    named: Mapping[str, str] = field(default_factory=dict)
    build: tuple[str, ...] = ()

    def without_building(self) -> Tools:
        """The same tools, with which nothing may be built from source."""
        return replace(self, build=()) if self.build else self

    @cached_property
    def programs(self) -> Programs:
        """The programs that may be started. The directory of the operator's Node.js comes first, for its npm.

        Raises:
            UsageError: the operator's Node.js is not there, or lies in the checkout.
        """
        found = Programs(self.environ.get("PATH", os.defpath), self.checkout)
        if "node" not in self.named:
            return found
        return found._replace(first=(str(Path(found.checked(self.named["node"], "tools.node")).parent),))

    @cached_property
    def uv(self) -> str:
        """The uv program: `uv_path`, the one installed beside packreg, the first on PATH, or ""."""
        if self.uv_path is not None:
            return self.uv_path
        with suppress(ImportError, FileNotFoundError):
            from uv import find_uv_bin

            return find_uv_bin()
        return self.which("uv") or ""

    def which(self, program: str) -> str | None:
        """The program that a setting names, else the first on PATH outside the checkout, or an imported one.

        Raises:
            UsageError: the one that the setting names is not there, or lies in the checkout.
            InstallError: from `find_carried`.
        """
        if program in self.named:
            return self.programs.checked(self.named[program], f"tools.{program}")
        return self.programs.find(program) or find_carried(program, self.home)

    def need(self, program: str, hint: str) -> str:
        """The program that `which` finds, or an error with this hint.

        Raises:
            InstallError: there is no such program.
        """
        found = self.which(program)
        if found is None:
            raise InstallError(f"{program} is not on the PATH", hint=hint)
        return found

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment variables of every tool.

        Raises:
            UsageError: a variable names a configuration file in the checkout, or one by a relative path.
        """
        kept = tool_environment(self.environ)
        for variable, file in named_files(kept).items():
            if not file.is_absolute() or self.programs.brought(file):
                raise UsageError(
                    f"{variable} names {file}, which whoever changes the project could write",
                    hint="name a file outside the checkout by its absolute path",
                )
        return kept | dict(self.extra) | {"PATH": self.programs.path}

    def run(
        self,
        command: Sequence[str | Path],
        doing: str,
        *,
        cwd: Path | None = None,
        stdin: bytes = b"",
        environ: Mapping[str, str] | None = None,
        hint: str = "",
    ) -> bytes:
        """Run a tool to its end and return its stdout.

        It works in `cwd`, which is a directory that packreg made, or in a new one that is removed afterwards:
        most tools follow configuration files of the directory they work in, and of those above it.

        `doing` says what the tool does, as in "uv could not <doing>". stderr, and after a failure stdout too,
        go to a log file that is kept only after a failure. The error begins with the tool's own reason, if
        that is known, and quotes the lines about it.

        Raises:
            InstallError: it cannot be started, fails, or takes longer than `timeout`.
            UsageError: from `environment`.
        """
        if cwd is None:
            with self.home.scratch("run") as place:
                keep_out_configuration(place)
                return self.run(command, doing, cwd=place, stdin=stdin, environ=environ, hint=hint)
        name = Path(command[0]).stem
        log_path = self._new_log(f"{name}-{doing}")
        with disk_errors("write the log", log_path), log_path.open("w+b") as log:
            log.write(f"$ {' '.join(str(word) for word in command)}\n# in {cwd}\n".encode())
            log.flush()
            failure, output = self._run(command, cwd, stdin, {**self.environment, **(environ or {})}, log)
            if not failure:
                log.close()
                log_path.unlink(missing_ok=True)
                return output
            log.seek(0, os.SEEK_END)
            log.write(output + f"\n# {failure}\n".encode())
            start = max(0, log.tell() - _READ_BACK)
            log.seek(start)
            text = log.read().decode("utf-8", "replace")
        said = tool_error(text.splitlines()[0 if start else 2 : -1], cwd)
        why = said.reason if said.reason and failure.startswith(_EXIT) else failure
        shown = "".join(f"\n  | {line}" for line in said.lines)
        raise InstallError(
            f"{name} could not {doing}: {why}{shown}\nthe whole output is in {log_path}",
            hint=hint or said.hint,
            log=str(log_path),
        )

    def _run(
        self, command: Sequence[str | Path], cwd: Path, stdin: bytes, environ: dict[str, str], log: IO[bytes]
    ) -> tuple[str, bytes]:
        """Why the tool failed ("" if it did not) and what it wrote to stdout."""
        import subprocess

        try:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=cwd,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        except OSError as error:
            return f"it cannot be started: {error.strerror or error}", b""
        try:
            output, _ = process.communicate(stdin, timeout=self.timeout)
        except subprocess.TimeoutExpired:
            output = _killed(process)
            return f"it was stopped after {self.timeout:.0f} seconds", output
        except BaseException:
            _killed(process)
            raise
        return ("" if process.returncode == 0 else f"{_EXIT}{process.returncode}"), output or b""

    def _new_log(self, title: str) -> Path:
        """The path of a new log file; removes old ones so that fifty stay."""
        if not self.home.is_writable:
            return Path(tempfile.gettempdir()) / f"packreg-{os.urandom(8).hex()}.log"
        logs = self.home.logs
        with disk_errors("write logs to", logs):
            logs.mkdir(parents=True, exist_ok=True)
            older = []
            for path in logs.glob("*.log"):
                with suppress(OSError):
                    older.append((path.stat().st_mtime, path))
            for _, path in sorted(older)[: max(0, len(older) - _KEPT_LOGS + 1)]:
                path.unlink(missing_ok=True)
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
        return logs / f"{slug}-{os.urandom(4).hex()}.log"


def said_version(tools: Tools, program: Path, *words: str) -> str:
    """The first line that a program prints about its version; remembered until its file changes.

    Raises:
        InstallError: it cannot be looked at or run.
    """
    with disk_errors("look at", program):
        real = program.resolve(strict=True)
        status = real.stat()
    stamp = f"{real}\n{status.st_mtime_ns}\n{status.st_size}"
    memory = tools.home.interpreters / f"{hashlib.sha256(os.fsencode(stamp)).hexdigest()}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads(tools.home.recall(memory) or b"null")["version"])
    said = tools.run([program, *words], "say its version").decode("utf-8", "replace").strip()
    line = next(iter(said.splitlines()), "")
    with suppress(OSError):  # then it is asked again next time
        tools.home.keep(memory, json.dumps({"version": line}).encode())
    return line


def keep_out_configuration(directory: Path) -> None:
    """Write an empty `uv.toml`, so that uv looks for a project's settings in no directory above this one.

    Raises:
        InstallError: the disk refuses.
    """
    with disk_errors("write to", directory):
        (directory / "uv.toml").write_bytes(b"")


def _killed(process: subprocess.Popen[bytes]) -> bytes:
    """Kill a tool; returns what it had written to stdout by then."""
    process.kill()
    with suppress(Exception):  # a grandchild may hold the pipe open for as long as it likes
        return process.communicate(timeout=5)[0] or b""
    return b""
