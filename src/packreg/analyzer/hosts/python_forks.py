"""Loads a pack's SDK once, and forks a process for each pack that has the same environment.

`python -u python_forks.py`, by the interpreter of that environment. Standard input is a socket to packreg.
For each pack it sends one message, with descriptors: a file with the request, the pack's control socket, the
pipe for how it ends, both outputs, and those that the pack gets. `packreg.analyzer.forking` is the other
side.

A fork of this process becomes the pack's guardian, which does what `supervisor` does for other packs, and
forks the pack. Both know nothing of other packs: no pack's code, configuration or secret is ever in this
process.

The pack is started anew by its interpreter instead, where a fork would not be the same: where a file of the
pack would be taken for a module that is loaded here already, and where this process has more than one thread.

What the fork sets, as it was set when this process began: the directory, the variables, the outputs, the
place of temporary files, the time zone, signals and limits. What packs share is the seed of `hash` and the
addresses of what is loaded; no answer depends on it.

Written for Python 3.8 and later, with the standard library only: it runs in the pack's environment.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import importlib.util
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from typing import Any

#: What every pack loads.
_SDK = (
    "grpc",
    "google.protobuf.json_format",
    "pulumi",
    "pulumi_policy",
    "runpy",
    "mmap",
    "logging",
    "ctypes",
)
#: Descriptors in a message, at most.
_MOST = 250


def load(name: str) -> Any:
    """The module in this file's directory, or the one above."""
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    for place in (here, os.path.dirname(here)):  # noqa: PTH120
        file = f"{place}/{name}.py"
        if os.path.exists(file):  # noqa: PTH110
            spec = importlib.util.spec_from_file_location(name, file)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
    raise ImportError(name)


def main() -> None:
    """Fork a guardian for each message, until packreg closes the socket."""
    asked = socket.socket(fileno=os.dup(0))
    asked.set_inheritable(False)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    supervisor, host = load("supervisor"), load("python_host")
    with suppress(Exception):  # then each pack says what is wrong with its SDK
        for name in _SDK:
            importlib.import_module(name)
    before = frozenset(sys.modules)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # guardians are nobody's business here
    gc.collect()
    gc.freeze()
    asked.sendall(b"ready" if _threads() == 1 else b"unfit")
    while True:
        data, descriptors = _received(asked)
        if not data:
            return
        if os.fork() == 0:
            status = 1
            try:
                asked.close()
                status = _guard(supervisor, host, before, descriptors)
            finally:
                os._exit(status)
        for descriptor in descriptors:
            os.close(descriptor)


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208
    except OSError:
        return 0


def _received(asked: socket.socket) -> tuple[bytes, list[int]]:
    size = array.array("i").itemsize
    try:
        data, ancillary, _, _ = asked.recvmsg(16, socket.CMSG_SPACE(_MOST * size))
    except OSError:
        return b"", []
    found = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(content[: len(content) - len(content) % size])
    return data, list(found)


def _guard(supervisor: Any, host: Any, before: frozenset[str], descriptors: list[int]) -> int:
    """Be the guardian of one pack, in a process of its own; returns the pack's status."""
    request, control, ended, out, errors, *others = descriptors
    with open(request, "rb") as file:  # noqa: PTH123
        file.seek(0)
        asked = json.load(file)
    os.setsid()
    for descriptor, place in ((control, 0), (out, 1), (errors, 2)):
        os.dup2(descriptor, place)
        os.close(descriptor)
    os.write(ended, b"%d\n" % os.getpid())
    os.set_inheritable(ended, False)
    passed, files = others[: asked["passed"]], others[asked["passed"] :]
    asked["environment"][host.VARIABLE] = ",".join(map(str, (*passed, asked["token"])))
    for descriptor in passed:
        os.set_inheritable(descriptor, True)
    os.chdir(asked["directory"])

    def become(command: list[str]) -> None:
        os.close(ended)
        _become(host, before, asked, command)

    named = zip(asked["files"], files)  # noqa: B905  Python 3.8 has no strict
    given = ",".join(f"{name}={number}" for name, number in named)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    words = [str(asked["memory"]), str(asked["each"]), given, ",".join(map(str, passed)), *asked["command"]]
    status = 1
    try:
        status = int(supervisor.main(words, become))
    finally:
        os.write(ended, b"%d\n" % status)
    return status


def _become(host: Any, before: frozenset[str], asked: dict[str, Any], command: list[str]) -> None:
    """Be the pack, forked or, where that would not be the same, started anew. Does not return."""
    variables = {**asked["environment"], **{name: os.environ[name] for name in asked["files"]}}
    os.environ.clear()
    os.environ.update(variables)
    names = {entry.partition(".")[0] for entry in os.listdir(".")}  # noqa: PTH208
    if names & (before - {"__main__"}) or _threads() != 1:
        os.execvp(command[0], command)  # noqa: S606  a program and its arguments, no shell
    signal.signal(signal.SIGINT, signal.default_int_handler)  # as an interpreter sets them when it starts
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    time.tzset()
    tempfile.tempdir = None
    gc.unfreeze()
    sys.executable = command[0]
    sys.argv = command[2:]
    sys.path[0] = os.path.dirname(command[2])  # noqa: PTH120
    status = 0
    try:
        host.main()
    except SystemExit as ended:
        status = _status(ended.code)
    except BaseException:  # noqa: BLE001  as the interpreter does at its end
        sys.excepthook(*sys.exc_info())
        status = 1
    with suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(status)


def _status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1


if __name__ == "__main__":
    main()
