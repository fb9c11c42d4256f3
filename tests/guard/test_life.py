"""The guard ends when the CLI says so or is gone, and takes what it started along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import subprocess, sys
from packreg.guard.life import Life

life = Life()
child = subprocess.Popen(["sleep", "600"])
print(child.pid, flush=True)
life.wait()
print("over", flush=True)
life.leave()
"""


def start(**options: object) -> tuple[subprocess.Popen[str], int]:
    """A process that waits for its end as the guard does, and the id of a tool that it runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,  # as the Pulumi CLI starts analyzers
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        **options,  # type: ignore[call-overload]
    )
    return process, int(process.stdout.readline())


def assert_over(process: subprocess.Popen[str], child: int) -> None:
    """It ended in order, and so did the tool."""
    output = process.communicate(timeout=30)[0]
    assert (process.returncode, output) == (0, "over\n")
    for _ in range(1000):
        try:
            if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
                return
            os.kill(child, 0)
        except (FileNotFoundError, ProcessLookupError):
            return
    raise AssertionError("the tool still runs")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it(number: signal.Signals) -> None:
    """Whatever signal the CLI or a system sends, the end is in order and the tools end with it."""
    process, child = start(stdin=subprocess.DEVNULL)
    process.send_signal(number)
    assert_over(process, child)


def test_the_end_of_standard_input_ends_it() -> None:
    """The pipe breaks when the CLI is gone, kill -9 included."""
    process, child = start(stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write("what nobody reads\n")
    process.stdin.close()
    process.stdin = None
    assert_over(process, child)


def test_a_parent_that_is_gone_ends_it(tmp_path: Path) -> None:
    """Without a pipe, the loss of the parent tells it."""
    output = tmp_path / "output"
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    starter = f"{sys.executable} {script} </dev/null >{output} & while [ ! -s {output} ]; do sleep 0.05; done"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(["setsid", "sh", "-c", starter], env=environment, timeout=30, check=True)
    child = int(output.read_text().split()[0])
    try:
        for _ in range(600):
            if "over" in output.read_text():
                return
            signal.sigtimedwait([], 0.05)
        raise AssertionError("it still waits")
    finally:
        os.kill(child, signal.SIGKILL)
