"""A pack looks for credentials in the process that started it, as the same user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import packreg
from packreg.analyzer import supervisor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

SECRET = "AKIA-not-a-real-key"
PACK = """
import os
print(4242, flush=True)
def parent(pid):
    return int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
supervisor = os.getppid()
host = parent(supervisor)
for pid, name in ((host, "environ"), (host, "mem"), (supervisor, "environ")):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            said = "has the secret" if name == "environ" and b"SECRET" in file.read() else "opened"
    except OSError as error:
        said = type(error).__name__
    print("host" if pid == host else "supervisor", name, said, flush=True)
print("end", flush=True)
import time
time.sleep(600)
"""
HOST = """
import ctypes, os, sys, time
from pathlib import Path
from packreg.analyzer import process
from packreg.analyzer.program import Program
place, python, pack = sys.argv[1:]
if os.getuid() == 0:
    process._SUPERVISOR = f"{place}/supervisor.py"
    sys.executable = python
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # another user's process starts as it would have been
assert open("/proc/self/environ").read().count("SECRET=")
started = process.Process(Program("guard", Path(place), (python, "-I", "-u", "-c", pack)))
started.await_port(60)
while "end" not in started.tail():
    time.sleep(0.01)
print(started.tail())
started.close(grace=0)
"""


def test_a_pack_cannot_read_our_variables() -> None:
    """It opens /proc/PID/environ and mem of packreg, which are closed to it, and the supervisor's environ, in
    which there is nothing of the host's.
    """
    python = sys.executable
    if (
        os.getuid() == 0
    ):  # root may read everything: another user it must be, with an interpreter it may start
        python = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin") or ""
        if not python:
            pytest.skip("there is no interpreter that another user may start")
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        shutil.copy(supervisor.__file__, f"{place}/supervisor.py")
        source = str(Path(packreg.__file__).parents[1])
        done = subprocess.run(
            [sys.executable, "-c", HOST, place, python, PACK],
            env={**os.environ, "PYTHONPATH": source, "SECRET": SECRET},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:4] == [
        "host environ PermissionError",
        "host mem PermissionError",
        "supervisor environ opened",
        "end",
    ]
