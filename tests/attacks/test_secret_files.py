"""Somebody reads what is left of an environment's secrets after packreg was killed: there is nothing.

PACKREG_KILLS sets the number of kills (20 without it).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import packreg
from packreg.analyzer.supervisor import descendants, name_files, remove_files
from tests.analyzer.test_process import running, wait_until

KILLS = int(os.environ.get("PACKREG_KILLS", "20"))
SECRET = "correct-horse-battery-staple"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc and /dev/shm")

PACK = """
import os, subprocess, sys, time
path = os.environ["KEY"]
child = subprocess.run([sys.executable, "-c", "import os; print(open(os.environ['KEY']).read())"],
                       capture_output=True, text=True).stdout
print(4242, flush=True)
print(open(path).read(), child, os.stat(path).st_mode & 0o777, flush=True)
time.sleep(600)
"""
HOST = """
import os, sys, time
from pathlib import Path
from packreg.analyzer.process import Process
from packreg.analyzer.program import Program
print("started", flush=True)
files = (("KEY", sys.argv[2].encode()),)
command = (sys.executable, "-I", "-u", "-c", sys.argv[1])
processes = [Process(Program("guard", Path("/"), command, files=files)) for _ in range(2)]
for process in processes:
    process.await_port(60)
while "384" not in process.tail():  # the pack writes its line in pieces
    time.sleep(0.01)
print(process.tail(), flush=True)
time.sleep(600)
"""


def host(place: Path) -> subprocess.Popen[bytes]:
    """A packreg that runs two packs, each with a secret in a file; its temporary directory is `place`."""
    environ = {**os.environ, "PYTHONPATH": str(Path(packreg.__file__).parents[1]), "TMPDIR": str(place)}
    command = [sys.executable, "-c", HOST, PACK, SECRET]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environ)


def left(place: Path) -> list[Path]:
    """The files that hold the secret, on the disk or in the memory file system."""
    found = []
    for root in (place, Path("/dev/shm")):
        for path in root.rglob("*") if root.is_dir() else ():
            if path.is_file() and not path.is_symlink() and SECRET.encode() in path.read_bytes():
                found.append(path)
    return found


def test_kills(tmp_path: Path) -> None:
    """packreg is ended by SIGKILL or SIGTERM at any moment: no file stays, and no process of a pack."""
    chance = random.Random(20260102)
    for number in range(KILLS):
        process = host(tmp_path)
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        if number % 4 == 0:
            assert process.stdout.readline() == f"{SECRET} {SECRET}\n".encode()
        else:
            time.sleep(chance.uniform(0, 0.5))
        everyone = descendants(process.pid)
        process.send_signal(signal.SIGTERM if number % 2 else signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert wait_until(lambda: not any(running(pid) for pid in everyone))  # noqa: B023
        assert left(tmp_path) == []


def test_a_pack_finds_its_files_for_as_long_as_it_runs(tmp_path: Path) -> None:
    """The pack and what it starts read the file by its path; nobody else may, and none of it is on a disk."""
    process = host(tmp_path)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        assert process.stdout.readline() == f"{SECRET} {SECRET}\n".encode()
        assert process.stdout.readline() == b" 384\n"  # 0o600
        assert left(tmp_path) == []
    finally:
        process.kill()
        process.wait()


def test_what_a_killed_supervisor_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /proc there are copies: those of dead processes are removed, and nothing that looks alike."""
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True
    ).stdout
    dead, alive, me = int(ended), os.getppid(), os.getuid()
    elsewhere = tmp_path / "elsewhere"
    place = tmp_path / "tmp"
    for directory in (
        elsewhere, place / f"packreg-{me}-{dead}-0", place / f"packreg-{me}-{alive}-0",
        place / f"packreg-{me}-x-0", place / "packreg-", place / f"packreg-{me}-{dead}-nested" / "more",
    ):  # fmt: skip
        directory.mkdir(parents=True)
        (directory / "1").write_text("content")
    (place / f"packreg-{me}-{dead}-link").symlink_to(elsewhere)
    (place / f"packreg-{me}-{dead}-file").write_text("content")
    monkeypatch.setattr("tempfile.tempdir", str(place))
    monkeypatch.setattr("os.path.exists", lambda path: False)
    read, write = os.pipe()
    os.close(write)
    monkeypatch.setattr("os.lseek", lambda *words: 0)
    directory = name_files(f"KEY={read}")[1]
    os.close(read)
    remove_files(directory)
    there = {path.name for path in place.iterdir()}
    assert f"packreg-{me}-{dead}-0" not in there
    assert {f"packreg-{me}-{alive}-0", f"packreg-{me}-x-0", "packreg-"} <= there
    assert (elsewhere / "1").read_text() == "content"
    assert (place / f"packreg-{me}-{dead}-nested" / "more" / "1").exists()
