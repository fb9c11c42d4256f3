"""`analyze` that is broken off: how it ends, and that nothing of a pack stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from packreg.pack.files import MANIFEST
from tests.cli.conftest import User

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")

#: An analyzer that never answers: it starts a child, one in a session of its own, and says who they are.
ANALYZER = """#!{python} -I
import os, signal, subprocess, sys, time
from concurrent import futures
sys.path[:0] = {path!r}
import grpc
signal.signal(signal.SIGINT, signal.SIG_IGN)
sleep = [sys.executable, "-I", "-c", "import time; time.sleep(1000)"]
children = [subprocess.Popen(sleep), subprocess.Popen(sleep, start_new_session=True)]

def say(name):
    with open("pids.new", "w") as file:
        file.write(" ".join(map(str, [os.getpid(), os.getppid(), *(child.pid for child in children)])))
    os.rename("pids.new", name)

def answer(method):
    from packreg.analyzer.protocol import analyzer_pb2 as pb
    def handle(request, context):
        if method == "Analyze":
            say("judging")
            time.sleep(1000)
        info = pb.AnalyzerInfo(name="stubborn", version="1.0.0", supports_config=True)
        info.policies.add(name="never", policy_type=1)
        return info.SerializeToString() if method == "GetAnalyzerInfo" else b""
    return grpc.unary_unary_rpc_method_handler(handle)

if os.path.exists("never-ready"):
    say("starting")
    time.sleep(1000)
methods = ("Handshake", "ConfigureStack", "GetPluginInfo", "GetAnalyzerInfo", "Configure", "Analyze")
server = grpc.server(futures.ThreadPoolExecutor(32))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
    "pulumirpc.Analyzer", {{method: answer(method) for method in methods}}),))
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
"""


def running(pid: int) -> bool:
    """Whether a process runs, and is not just waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until it holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


class Analyze:
    """A running `packreg analyze` on a terminal of its own, so to say: the leader of a process group."""

    def __init__(self, user: User, *, phase: str) -> None:
        pack = user.directory / "stubborn"
        pack.mkdir()
        (pack / MANIFEST).write_text("runtime: opa\nversion: 1.0.0\n")
        (pack / "rules.rego").write_text('package stubborn\ndeny["no"] { true }\n')
        if phase == "starting":
            (pack / "never-ready").touch()
        program = user.directory / "analyzer"
        program.write_text(
            ANALYZER.format(python=sys.executable, path=[entry for entry in sys.path if entry])
        )
        program.chmod(0o755)
        user.extra["PACKREG_OPA_ANALYZER"] = "./analyzer"
        lines = [json.dumps({"type": "a:b:C", "name": f"r{n}", "properties": {}}) for n in range(5000)]
        (user.directory / "resources.jsonl").write_text("\n".join(lines))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "packreg", "analyze", "./stubborn", "--resources", "resources.jsonl"],
            cwd=user.directory,
            env=user.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        said = pack / phase
        wait_for(lambda: said.exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.communicate()
        self.others = [int(pid) for pid in said.read_text().split()]
        assert all(map(running, self.others))

    def ended(self) -> tuple[int, str, str]:
        """Exit code, output and talk."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), err.decode()


@pytest.fixture(params=["starting", "judging"])
def analyze(user: User, request: pytest.FixtureRequest) -> Iterator[Analyze]:
    """The command, while the pack is loaded, and while it is asked."""
    started = Analyze(user, phase=request.param)
    yield started
    for pid in (started.process.pid, *started.others):
        if running(pid):
            os.kill(pid, signal.SIGKILL)
    started.process.wait()


@needs_proc
def test_ctrl_c_ends_the_packs_as_well(analyze: Analyze) -> None:
    """130 and one sentence; the pack, its children and its supervisor are gone."""
    os.killpg(analyze.process.pid, signal.SIGINT)
    code, out, err = analyze.ended()
    assert (code, out) == (130, "")
    assert "error: interrupted" in err and "Traceback" not in err
    wait_for(lambda: not any(map(running, analyze.others)))


@needs_proc
def test_pressing_it_again_and_again_leaves_nothing_either(analyze: Analyze) -> None:
    """Though the cleaning up itself is broken off, wherever it is."""
    while analyze.process.poll() is None:
        os.killpg(analyze.process.pid, signal.SIGINT)
        time.sleep(0.005)
    wait_for(lambda: not any(map(running, analyze.others)))


@needs_proc
def test_nothing_outlives_a_kill(analyze: Analyze) -> None:
    """After kill -9 the supervisor ends the pack and whatever it started, and then itself."""
    analyze.process.kill()
    analyze.process.wait()
    wait_for(lambda: not any(map(running, analyze.others)))
