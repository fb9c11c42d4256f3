"""Processes of packs: what they see, how they end, and that nothing of them stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import packreg
from packreg.analyzer.process import Process
from packreg.analyzer.program import Program
from packreg.errors import PackFailed

SAYS_PORT = "print(4242, flush=True)\n"
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")


def python(source: str, directory: Path, memory: int = 0, **environment: str) -> Program:
    """A program in Python, not a pack, that does whatever a pack's process might."""
    command = (sys.executable, "-I", "-u", "-c", source)
    return Program("guard", directory, command, tuple(sorted(environment.items())), memory, memory)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts a program; what still runs at the end is killed."""
    started = []

    def start(source: str, **options: object) -> Process:
        started.append(Process(python(source, tmp_path, **options)))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for process in started:
        process.close(grace=0)


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether the condition came true."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def running(pid: int) -> bool:
    """Whether a process runs, and is not just waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pids(file: Path, count: int) -> list[int]:
    """The process ids that a program wrote into a file, when all are there."""
    assert wait_until(lambda: file.exists() and len(file.read_text().split()) == count)
    return [int(line) for line in file.read_text().split()]


def test_the_port_is_the_first_line(start: Callable[..., Process]) -> None:
    """The port is read, whatever follows it, and what follows is kept as the tail."""
    process = start("print(4242, flush=True)\nprint('more', flush=True)\nimport time; time.sleep(1000)")
    process.await_port(60)
    assert process.port == 4242 and process.alive
    assert wait_until(lambda: process.tail() == "more\n")


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("print('hello world')", "printed-before-port", "printed 'hello world' before"),
        ("print('no line end', end='')", "printed-before-port", "printed 'no line end' before"),
        ("print('x' * 100_000)", "printed-before-port", "printed 'xxxx"),
        (
            "import sys; sys.stdout.write('x' * 9999); sys.stdout.flush(); input()",
            "printed-before-port",
            "xxx",
        ),
        ("print('\\x1b[31mred\\x07')", "printed-before-port", r"printed 'red\x07' before"),
        ("print()", "printed-before-port", "printed '' before"),
        ("print(0)", "printed-before-port", "printed '0' before"),
        ("print(65536)", "printed-before-port", "printed '65536' before"),
        ("print(-1)", "printed-before-port", "printed '-1' before"),
        ("pass", "no-policy-pack", "ended without making a PolicyPack"),
        ("raise SystemExit(3)", "load-failed", "ended with exit status 3"),
        ("1 / 0", "load-failed", "exit status 1 while it was loaded: ZeroDivisionError: division by zero"),
        (
            "import sys; sys.exit('error[rego-syntax] a.rego:3: expecting }\\n  hint: close it')",
            "load-failed",
            "loaded: error[rego-syntax] a.rego:3: expecting }",
        ),
        ("import os; os.kill(os.getpid(), 9)", "load-failed", "was killed by signal 9"),
        (
            "import os; os.close(1); os.close(2); input(); import time; time.sleep(99)",
            "load-failed",
            "status 1",
        ),
    ],
)
def test_each_way_not_to_start_has_its_own_words(
    start: Callable[..., Process], source: str, code: str, message: str
) -> None:
    """What went wrong is told apart and shown, without what a terminal would obey."""
    process = start(source)
    with pytest.raises(PackFailed) as failed:
        process.await_port(60)
    assert failed.value.code == code
    assert message in str(failed.value)
    assert "\x1b" not in str(failed.value) and len(str(failed.value)) < 1000


def test_a_program_that_never_gets_ready_is_given_up(start: Callable[..., Process]) -> None:
    """The deadline counts, and the last thing it wrote is in the message."""
    process = start("import sys, time; print('still loading', file=sys.stderr, flush=True); time.sleep(1000)")
    assert wait_until(lambda: "still loading" in process.tail())
    with pytest.raises(
        PackFailed, match=r"did not get ready within 0\.2 s; it wrote: still loading"
    ) as failed:
        process.await_port(0.2)
    assert failed.value.code == "start-timeout"


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """A missing program and a missing directory are said by name."""
    process = Process(Program("guard", tmp_path, ("no-such-program-anywhere",), (("PATH", "/bin"),)))
    with pytest.raises(PackFailed, match="no-such-program-anywhere: No such file") as failed:
        process.await_port(60)
    process.close()
    assert failed.value.code == "not-started"
    with pytest.raises(PackFailed, match="could not be started"):
        Process(Program("guard", tmp_path / "nowhere", ("true",)))


def test_what_a_process_gets(start: Callable[..., Process], monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly the environment given, an empty standard input, a session of its own, no core files."""
    monkeypatch.setenv("A_SECRET", "of the host")
    source = (
        "import os, resource, sys\n"
        "print(4242)\n"
        "env = {k: v for k, v in os.environ.items() if k != 'LC_CTYPE'}\n"
        "core = resource.getrlimit(resource.RLIMIT_CORE)\n"
        "print(env, repr(sys.stdin.read()), os.getsid(0) == os.getpid(), core)"
    )
    process = start(source, RULES="strict")
    process.await_port(60)
    assert wait_until(lambda: "\n" in process.tail())
    assert process.tail() == "{'RULES': 'strict'} '' True (0, 0)\n"


def test_memory_is_limited(start: Callable[..., Process]) -> None:
    """A process that wants more than its limit gets a MemoryError."""
    process = start(f"{SAYS_PORT}b'x' * (1 << 30)", memory=1 << 28)
    process.await_port(60)
    assert wait_until(lambda: not process.alive)
    assert process.ending() == "its process exited with status 1; it wrote: MemoryError"


def test_a_flood_of_output_blocks_nothing(start: Callable[..., Process]) -> None:
    """Both pipes are drained for ever, and only the last part is kept."""
    source = (
        f"{SAYS_PORT}import os\n"
        "for _ in range(200):\n    os.write(1, b'o' * 65536); os.write(2, b'e' * 65536)\n"
        "os.write(2, b'done')"
    )
    process = start(source)
    process.await_port(60)
    assert wait_until(lambda: not process.alive)
    assert process.ending().startswith("its process exited with status 0")
    assert wait_until(lambda: "done" in process.tail())
    assert len(process.tail()) < 200_000


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
away = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
orphan = subprocess.run(
    [sys.executable, "-c",
     "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'],"
     " start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)"],
    capture_output=True, text=True).stdout
open("pids", "w").write(f"{os.getpid()} {child.pid} {away.pid} {orphan}")
print(4242, flush=True)
time.sleep(1000)
"""


@needs_proc
@pytest.mark.parametrize("grace", [0, 0.2])
def test_closing_ends_everything_that_was_started(
    start: Callable[..., Process], tmp_path: Path, grace: float
) -> None:
    """Children, those in other sessions and orphans end too, though they ignore being asked."""
    process = start(STUBBORN)
    process.await_port(60)
    everyone = pids(tmp_path / "pids", 4)
    assert all(running(pid) for pid in everyone)
    process.close(grace=grace)
    assert not any(running(pid) for pid in everyone)
    assert not process.alive


@needs_proc
def test_a_program_that_ends_leaves_nothing(start: Callable[..., Process], tmp_path: Path) -> None:
    """What a program started does not outlive it."""
    process = start(STUBBORN.rsplit("time.sleep", 1)[0])
    process.await_port(60)
    everyone = pids(tmp_path / "pids", 4)
    assert wait_until(lambda: not process.alive)
    assert not any(running(pid) for pid in everyone)


HOST = """
import sys, time
from pathlib import Path
from packreg.analyzer.process import Process
from packreg.analyzer.program import Program
process = Process(Program("guard", Path(sys.argv[1]), (sys.executable, "-I", "-u", "-c", sys.argv[2])))
process.await_port(60)
print(process.pid, flush=True)
time.sleep(1000)
"""


@needs_proc
@pytest.mark.parametrize("victim", ["packreg", "supervisor"])
def test_nothing_outlives_a_kill(tmp_path: Path, victim: str) -> None:
    """When packreg is killed -9, everything a pack started ends; when its supervisor is, the pack does."""
    source = str(Path(packreg.__file__).parents[1])
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path), STUBBORN],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert host.stdout is not None
    supervisor = int(host.stdout.readline())
    everyone = pids(tmp_path / "pids", 4)
    try:
        os.kill(host.pid if victim == "packreg" else supervisor, signal.SIGKILL)
        gone = everyone if victim == "packreg" else everyone[:1]
        assert wait_until(lambda: not any(running(pid) for pid in [supervisor, *gone]))
    finally:
        host.kill()
        host.wait()
        for pid in everyone:
            if running(pid):
                os.kill(pid, signal.SIGKILL)


def test_closing_from_another_thread_ends_the_wait(start: Callable[..., Process]) -> None:
    """Who waits for a port is told at once when the process is closed."""
    process = start("import time; time.sleep(1000)")
    failures: list[PackFailed] = []

    def wait() -> None:
        try:
            process.await_port(600)
        except PackFailed as failed:
            failures.append(failed)

    waiting = threading.Thread(target=wait)
    waiting.start()
    process.close(grace=0)
    waiting.join(30)
    assert [failed.code for failed in failures] == ["load-failed"]
