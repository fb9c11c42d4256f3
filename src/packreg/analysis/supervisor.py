"""The program that stands between packreg and a policy pack, so that nothing of a pack outlives packreg.

Run as a script, with nothing but the standard library: `python -I -S supervisor.py MEMORY PROGRAM ARGUMENT…`.
It starts the program in a session of its own, standard input empty, and waits for what comes first:

* the program ends: what it started is killed, and its status becomes ours (128 + the signal, as in a shell);
* its own standard input says "i": the program is interrupted, and killed after the seconds that follow;
* its own standard input ends, because packreg said so or is gone, kill -9 included: everything is killed.

A process group would miss what leaves it, so on Linux we are the subreaper of everything below us, and all
descendants are killed, wherever they went. Should we be killed ourselves, the kernel kills the program
(PR_SET_PDEATHSIG, set between fork and exec; this process has one thread, so that is safe here as it would
not be in packreg).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _start(memory: int, command: list[str]) -> int:
    supervisor = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os._exit(1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        if memory:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        _no_core()
        os.execvp(command[0], command)  # noqa: S606  a program and its arguments, no shell
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _no_core() -> None:
    """Let no crash of a pack write its memory, which holds a stack's secrets, to the disk."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def descendants(root: int) -> list[int]:
    """All processes below this one. Empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    try:
        names = os.listdir("/proc")  # noqa: PTH208  every import costs start-up time
    except OSError:
        return []
    for name in names:
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
                    parent = int(stat.read().rpartition(b")")[2].split()[1])
            except (OSError, ValueError, IndexError):  # it ended meanwhile
                continue
            children.setdefault(parent, []).append(int(name))
    found, todo = [], [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def _kill_all(program: int) -> None:
    """Kill the program's group, then whatever is left below us until there is nothing."""
    with contextlib.suppress(OSError):
        os.killpg(program, signal.SIGKILL)
    while True:
        left = descendants(os.getpid())
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def main(arguments: list[str]) -> int:
    """Run the program and say how it ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are packreg's to handle; it tells us
    program = _start(int(arguments[0]), arguments[1:])
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # the pipes are the program's alone: they must end when it does
    os.dup2(null, 2)
    deadline: float | None = None
    while True:
        wait = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready = select.select([0, woken], [], [], wait)[0]
        if 0 in ready:
            said = os.read(0, 64)
            if not said:
                break
            if deadline is None:
                deadline = time.monotonic() + float(said[1:].split(b"\n")[0] or 0)
                with contextlib.suppress(OSError):
                    os.killpg(program, signal.SIGINT)
        if woken in ready:
            os.read(woken, 4096)
            status = _ended(program)
            if status is not None:
                _kill_all(program)
                return status
        if not ready and deadline is not None:
            break
    _kill_all(program)
    return 128 + signal.SIGKILL


def _ended(program: int) -> int | None:
    """Reap whoever ended; the program's status if it did."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == program:
                code = os.waitstatus_to_exitcode(ended[1])
                status = code if code >= 0 else 128 - code
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
