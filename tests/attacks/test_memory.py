"""A pack takes more memory than it may have, by ways that a limit of one process does not see."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from packreg.analyzer.pack_program import pack_program
from packreg.analyzer.process import Process
from packreg.analyzer.program import Program
from packreg.analyzer.supervisor import Watch, descendants
from packreg.errors import PackFailed
from packreg.pack.manifest import parse_manifest
from packreg.pack.problems import Problems
from tests.analyzer.test_process import running, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is watched in /proc")

MIB = 1 << 20
WORKERS = """
import os, time
kept = b"x" * (200 << 20)
if all(os.fork() for _ in range(4)):
    print("ready", flush=True)
time.sleep(600)
"""
FORKS = """
import os, subprocess, sys, time
print(4242, flush=True)
hold = "import time; kept = b'x' * (150 << 20); time.sleep(600)"
for _ in range(3):
    subprocess.Popen([sys.executable, "-c", hold])
time.sleep(600)
"""
GONE_AWAY = """
import os, sys, time
print(4242, flush=True)
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            kept = b"x" * (150 << 20)
            time.sleep(600)
        os._exit(0)
time.sleep(600)
"""
SHARED = """
import mmap, time
print(4242, flush=True)
kept = mmap.mmap(-1, 400 << 20)
for at in range(0, 400 << 20, 4096):
    kept[at] = 1
time.sleep(600)
"""
HIDDEN = """
import ctypes, time
print(4242, flush=True)
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
kept = [b"x" * (100 << 20) for _ in range(4)]
time.sleep(600)
"""


@pytest.mark.parametrize(
    "source", [FORKS, GONE_AWAY, SHARED, HIDDEN], ids=["forks", "away", "shared", "hidden"]
)
def test_the_limit_holds_for_everything_that_was_started(tmp_path: Path, source: str) -> None:
    """Children, grandchildren in sessions of their own, shared memory: the sum counts, and all is ended."""
    command = (sys.executable, "-I", "-u", "-c", source)
    process = Process(Program("guard", tmp_path, command, memory=300 * MIB, each=1000 * MIB))
    try:
        process.await_port(60)
        everyone = descendants(process.pid)
        assert wait_until(lambda: not process.alive, 120)
        assert process.ending() == "it used more than its memory limit, 0.293 GiB"
        assert not any(running(pid) for pid in everyone)
    finally:
        process.close(grace=0)


def test_it_counts_while_the_pack_is_loaded_too(tmp_path: Path) -> None:
    """A pack takes the memory before it says its port: why it was ended is said."""
    command = (sys.executable, "-I", "-u", "-c", FORKS.replace("print(4242, flush=True)", ""))
    process = Process(Program("guard", tmp_path, command, memory=300 * MIB))
    with pytest.raises(PackFailed, match="used more than its memory limit"):
        process.await_port(120)
    process.close(grace=0)


def test_a_page_that_is_shared_counts_once() -> None:
    """A pack whose workers share its memory, as after a fork, is not ended for the sum of what each shows."""
    command = [sys.executable, "-c", WORKERS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"ready\n"
            assert len(descendants(parent.pid)) == 4
            assert not Watch(os.getpid(), 600 * MIB).over()[0]
            assert Watch(os.getpid(), 190 * MIB).over()[0]
        finally:
            os.killpg(parent.pid, 9)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")
def test_memory_outside_of_the_heap_counts(tmp_path: Path) -> None:
    """A Node.js pack keeps buffers, which the limit of the heap does not see."""
    source = "console.log(4242); const k = []; setInterval(() => k.push(Buffer.alloc(1 << 26, 1)), 5)"
    command = (str(shutil.which("node")), "--max-old-space-size=128", "-e", source)
    process = Process(Program("guard", tmp_path, command, memory=384 * MIB))
    try:
        process.await_port(60)
        assert wait_until(lambda: not process.alive, 120)
        assert "used more than its memory limit" in process.ending()
    finally:
        process.close(grace=0)


REFUSED = [
    "--max-old-space-size=9999", "--max-semi-space-size=999", "--require ./x.js", "-r ./x.js",
    "--import=./x.mjs", "--loader ./x.mjs", "--experimental-loader=./x", "--inspect=0.0.0.0:9229",
    "--cpu-prof", "--heapsnapshot-signal=SIGUSR2", "--trace-event-file-pattern=/tmp/x", "--env-file=.env",
    "--openssl-config=x", "--redirect-warnings=/x", "--report-directory=/x", "--eval 1", "x.js", "--",
    "--no-warnings ./x.js", "--v8-pool-size=9", "--experimental-default-config-file",
]  # fmt: skip


@pytest.mark.parametrize("arguments", REFUSED)
def test_what_a_pack_may_tell_node_is_a_list(tmp_path: Path, arguments: str) -> None:
    """`nodeargs` raises the limit or runs other code first: refused when published, and when run."""
    text = f"runtime:\n  name: nodejs\n  options:\n    nodeargs: '{arguments}'\n".encode()
    problems = Problems()
    parse_manifest(text, problems)
    assert [problem.code for problem in problems.errors] == ["nodeargs"]
    manifest = parse_manifest(b"runtime: nodejs\n", Problems())
    assert manifest is not None
    forced = replace(manifest, options={"nodeargs": arguments})
    with pytest.raises(PackFailed, match="not an option that a pack may give to Node"):
        pack_program("guard", tmp_path, forced, {})


def test_harmless_arguments_stay() -> None:
    """What packs use to see more of their errors is as before."""
    problems = Problems()
    text = "--trace-warnings --no-deprecation --stack-trace-limit=50 --enable-source-maps"
    parse_manifest(f"runtime: {{name: nodejs, options: {{nodeargs: {text}}}}}\n".encode(), problems)
    assert problems.errors == []
