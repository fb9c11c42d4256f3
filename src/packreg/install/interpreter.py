"""Python interpreters: finding one by path or version, and what it says about itself."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from packreg.errors import InstallError
from packreg.install import ask_interpreter
from packreg.install.disk import disk_errors
from packreg.install.tools import Tools
from packreg.pack.requires_python import LOWEST

_SPEC = r"(?:python|cpython|pypy)?[0-9]+(?:\.[0-9]+){0,2}t?"


class Interpreter(NamedTuple):
    """A Python interpreter outside any virtual environment.

    `path` has no links in it; `release` is `3.11.7`, `version` all of `sys.version`, `abi` the file suffix of
    extension modules, `cache_tag` the middle of `.pyc` names; the rest is the platform.
    """

    path: str
    implementation: str
    release: str
    version: str
    abi: str
    cache_tag: str
    system: str
    machine: str
    libc: str

    @property
    def minor(self) -> str:
        """`3.11`."""
        return ".".join(self.release.split(".")[:2])

    @property
    def identity(self) -> str:
        """All of it as one text: environments of interpreters that differ in any of it are not shared."""
        return "\n".join(f"{key}={value}" for key, value in sorted(self._asdict().items()))

    def __str__(self) -> str:
        return f"Python {self.release} at {self.path}"


def find_interpreter(wanted: str | None, tools: Tools) -> Interpreter:
    """The interpreter that `wanted` means: a path, a version such as `3.12`, or None for packreg's own.

    A version is looked up as virtualenv does it (PATH, the Windows registry). What another interpreter says
    about itself is remembered until its file changes.

    Raises:
        InstallError: there is none, it cannot be run, or it is older than Python 3.11.
        UsageError: it lies in the checkout.
    """
    if wanted is None:
        return Interpreter(**ask_interpreter.facts())
    is_path = os.sep in wanted or Path(wanted).is_file()
    path = (Path(wanted) if is_path else _look_up(wanted, tools)).absolute()
    interpreter = _ask(Path(tools.programs.checked(str(path), "the Python interpreter")), tools)
    numbers = tuple(int(part) for part in interpreter.release.split(".")[:2])
    if numbers < LOWEST:
        raise InstallError(
            f"{interpreter} is too old: packs are locked for Python {LOWEST[0]}.{LOWEST[1]} and later",
            hint="choose another one with --python",
        )
    return interpreter


def _look_up(wanted: str, tools: Tools) -> Path:
    """The path of the interpreter that virtualenv finds for a version."""
    if not re.fullmatch(_SPEC, wanted, re.ASCII):
        raise InstallError(f"{wanted!r} is neither a path nor a Python version", hint="write 3.12 or a path")
    import virtualenv

    environ = {k: v for k, v in tools.environment.items() if not k.startswith("VIRTUALENV_")}
    environ["VIRTUALENV_CONFIG_FILE"] = os.devnull
    arguments = [
        str(tools.home.root / "tmp" / "none"),
        "--no-seed",
        "--no-periodic-update",
        "--python",
        wanted,
    ]
    try:
        session = virtualenv.session_via_cli(arguments, setup_logging=False, env=environ)
    except (RuntimeError, SystemExit, OSError) as error:
        raise InstallError(
            f"there is no Python {wanted} on the PATH",
            hint="install it, or give the path of its executable to --python",
        ) from error
    return Path(session.interpreter.system_executable or session.interpreter.executable)


def _ask(path: Path, tools: Tools) -> Interpreter:
    """What the interpreter at `path` says about itself, from memory if its file did not change."""
    try:
        real = path.resolve(strict=True)
        status = real.stat()
    except OSError as error:
        raise InstallError(
            f"there is no interpreter at {path}", hint="give the path of a Python executable to --python"
        ) from error
    if Path(sys.executable) == path:
        return Interpreter(**ask_interpreter.facts())
    # The path counts, not only the file behind it: a link in a virtual environment has another base.
    stamp = f"{path}\n{real}\n{status.st_mtime_ns}\n{status.st_size}"
    memory = (
        tools.home.interpreters
        / f"{hashlib.sha256(stamp.encode('utf-8', 'surrogateescape')).hexdigest()}.json"
    )
    with suppress(OSError, ValueError, TypeError):
        return Interpreter(**json.loads(tools.home.recall(memory) or b"null"))
    script = Path(ask_interpreter.__file__)
    output = tools.run([path, "-I", "-S", script], "say what it is")
    try:
        interpreter = Interpreter(**json.loads(output))
    except (ValueError, TypeError) as error:
        raise InstallError(
            f"{path} is not a Python interpreter", hint="see `packreg install --help`"
        ) from error
    with disk_errors("write to", memory):
        tools.home.keep(memory, json.dumps(interpreter._asdict()).encode())
    return interpreter
