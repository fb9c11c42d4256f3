"""The program that stands between packreg and a policy pack, so that nothing of a pack outlives packreg.

Run as a script, with nothing but the standard library:
`python -I -S supervisor.py TOTAL EACH FILES DESCRIPTORS PROGRAM ARGUMENT…`. Standard input is a socket to
packreg. The supervisor starts the program in a session of its own, with empty standard input, and waits until
one of these happens:

* The program ends: all that it started is killed, and the supervisor exits with its status (128 + the signal,
  as in a shell).
* packreg sends "i" and a number: the program is interrupted, and killed after so many seconds.
* packreg closes the socket, because it is done or has ended (kill -9 included): everything is killed.
* The program and all that it started use more than TOTAL bytes of memory together: all are killed, and
  packreg is sent "memory".

TOTAL is checked several times a second: memory that no file backs, each page counted once however many
processes share it. Where a cgroup of version 2 can be created beside the supervisor's, the kernel enforces it
too. EACH is the limit in bytes for one process (RLIMIT_DATA); a process that exceeds it gets an error instead
of being killed. 0 is no limit.

FILES are `NAME=DESCRIPTOR,…`: nameless files that packreg left open for the supervisor. The program finds
their paths in these variables. They are gone when the supervisor ends, however it ends. Where a system has no
paths for descriptors (/proc), copies are made. The supervisor removes them, and those that an earlier
supervisor left.

DESCRIPTORS, separated by commas, are open for the program alone: the supervisor closes them.

A process group would miss processes that leave it. So on Linux the supervisor is the subreaper of all its
descendants, and kills all of them, wherever they went. If the supervisor itself is killed, the kernel kills
the program (PR_SET_PDEATHSIG, set between fork and exec; that is safe here because this process has only one
thread, unlike packreg).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import stat
import sys
import tempfile
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _replace(command: list[str]) -> None:
    """Become the program of a command line."""
    os.execvp(command[0], command)  # noqa: S606  a program and its arguments, no shell


def _start(each: int, group: str, command: list[str], become: Callable[[list[str]], None]) -> int:
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
        if group:
            with contextlib.suppress(OSError), open(f"{group}/cgroup.procs", "w") as procs:  # noqa: PTH123
                procs.write("0")
        if each:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, (each, each))
        _no_core()
        become(command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _no_core() -> None:
    """Disable core files: a crashed pack's memory, which holds a stack's secrets, must not go to disk."""
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
    """Kill the program's process group, then all descendants of this process until none is left."""
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


class Watch:
    """Measures the memory of all descendants of one process."""

    def __init__(self, root: int, limit: int) -> None:
        """`limit` is in bytes."""
        self._root, self._limit = root, limit
        self._parents: dict[int, int] = {}
        self._whole = 0.0

    def over(self) -> tuple[bool, float]:
        """Whether the descendants use more than the limit, and after how many seconds to check again.

        Memory that includes mapped files is quick to read; the exact number is read only if that is too much.
        """
        pids = self._below()
        resident = sum(map(_resident, pids))
        if resident <= self._limit:
            return False, 0.1 if resident > self._limit // 4 else 0.25
        return sum(map(_own, pids)) > self._limit, 0.1

    def _below(self) -> set[int]:
        """All descendants.

        The parent of each process is read once, and of all processes again every two seconds, as process ids
        are reused. A descendant that loses its parent becomes this process's child, so it is still found.
        """
        if time.monotonic() > self._whole + 2:
            self._parents.clear()
            self._whole = time.monotonic()
        there = {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208
        self._parents = {pid: parent for pid, parent in self._parents.items() if pid in there}
        for pid in there - self._parents.keys():
            self._parents[pid] = _parent(pid)
        below, more = set(), {self._root}
        while more:
            more = {pid for pid, parent in self._parents.items() if parent in more}
            below |= more
        orphans = {pid for pid, parent in self._parents.items() if parent and parent not in there}
        for pid in orphans:
            self._parents.pop(pid)  # read again next time: it has another parent now
        return below


def _parent(pid: int) -> int:
    """The parent of a process; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123
            return int(stat.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _resident(pid: int) -> int:
    """Bytes of memory that a process uses, with mapped files."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:  # noqa: PTH123
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _own(pid: int) -> int:
    """Bytes that no file backs, with the process's share of shared pages; all bytes if that is unreadable."""
    total = -1
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/smaps_rollup", "rb") as rollup:  # noqa: PTH123
        for line in rollup:
            if line.startswith((b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")):
                total = max(total, 0) + int(line.split()[1]) * 1024
    return total if total >= 0 else _resident(pid)


def make_group(limit: int) -> str:
    """Create a cgroup of version 2 beside this process's, with a memory limit in bytes; "" if not allowed."""
    root = "/sys/fs/cgroup"
    try:
        with open("/proc/self/cgroup") as file:  # noqa: PTH123
            ours = next(line[3:].strip() for line in file if line.startswith("0::"))
        above = root + ours.rpartition("/")[0]
        with open(f"{above}/cgroup.subtree_control") as file:  # noqa: PTH123
            if "memory" not in file.read().split():
                return ""
        for name in os.listdir(above):  # noqa: PTH208
            if name.startswith("packreg-"):  # of a supervisor that was killed; those in use refuse
                with contextlib.suppress(OSError):
                    os.rmdir(f"{above}/{name}")  # noqa: PTH106
        group = f"{above}/packreg-{os.getpid()}"
        os.mkdir(group)  # noqa: PTH102
        for name, value in (("memory.max", limit), ("memory.swap.max", 0), ("memory.oom.group", 1)):
            with contextlib.suppress(OSError), open(f"{group}/{name}", "w") as file:  # noqa: PTH123
                file.write(str(value))
    except (OSError, StopIteration):
        return ""
    return group


def _group_was_full(group: str) -> bool:
    with contextlib.suppress(OSError), open(f"{group}/memory.events") as events:  # noqa: PTH123
        return any(line.startswith("oom_kill ") and line.split()[1] != "0" for line in events)
    return False


def name_files(files: str) -> tuple[dict[str, str], str]:
    """The paths of the FILES, by variable; and the directory of copies, "" if none had to be made."""
    paths: dict[str, str] = {}
    directory = ""
    for entry in files.split(",") if files else ():
        name, _, number = entry.partition("=")
        os.set_inheritable(int(number), False)
        path = f"/proc/{os.getpid()}/fd/{number}"
        if not os.path.exists(path):  # noqa: PTH110
            directory = directory or _directory(tempfile.gettempdir())
            path = f"{directory}/{number}"
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:  # noqa: PTH123
                os.lseek(int(number), 0, os.SEEK_SET)
                while data := os.read(int(number), 1 << 20):
                    copy.write(data)
        paths[name] = path
    return paths, directory


def _directory(place: str) -> str:
    """A new private directory, named by this process id; removes those of supervisors that have ended."""
    start = f"packreg-{os.getuid()}-"
    for name in os.listdir(place):  # noqa: PTH208
        number = name[len(start) :].partition("-")[0]
        if name.startswith(start) and number.isdigit() and not _runs(int(number)):
            remove_files(f"{place}/{name}")
    directory = f"{place}/{start}{os.getpid()}-{os.urandom(4).hex()}"
    os.mkdir(directory, 0o700)  # noqa: PTH102
    return directory


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def remove_files(directory: str) -> None:
    """Remove a directory of copies, if it is one: owned by this user, no link, and only files in it."""
    with contextlib.suppress(OSError):
        found = os.lstat(directory)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return
        for name in os.listdir(directory):  # noqa: PTH208
            os.unlink(f"{directory}/{name}")  # noqa: PTH108
        os.rmdir(directory)  # noqa: PTH106


def main(arguments: list[str], become: Callable[[list[str]], None] = _replace) -> int:
    """Run the program and return its status; none of its processes or files is left then.

    `become` makes a new process the program.
    """
    total, each, files, descriptors, *command = arguments
    paths, directory = name_files(files)
    for name, path in paths.items():
        os.environ[name] = path
    group = make_group(int(total)) if int(total) else ""
    try:
        passed = [int(number) for number in descriptors.split(",") if number]
        return _supervise(int(total), int(each), group, passed, command, become)
    finally:
        if directory:
            remove_files(directory)
        if group:
            with contextlib.suppress(OSError):
                os.rmdir(group)  # noqa: PTH106


def _supervise(
    total: int,
    each: int,
    group: str,
    passed: list[int],
    command: list[str],
    become: Callable[[list[str]], None],
) -> int:
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # packreg handles them, and tells the supervisor what to do
    program = _start(each, group, command, become)
    for descriptor in passed:
        os.close(descriptor)
    watch = Watch(os.getpid(), total) if total and os.path.exists("/proc/self/statm") else None  # noqa: PTH110
    look = 0.0
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # only the program may keep the pipes open, so that they end when it does
    os.dup2(null, 2)
    deadline: float | None = None
    while True:
        ends = [at for at in (deadline, look if watch else None) if at is not None]
        wait = max(0.0, min(ends) - time.monotonic()) if ends else None
        ready = select.select([0, woken], [], [], wait)[0]
        if watch and time.monotonic() >= look:
            full, pause = watch.over()
            look = time.monotonic() + pause
            if full:
                _tell_memory()
                break
        if 0 in ready:
            said = _heard()
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
                if group and _group_was_full(group):
                    _tell_memory()
                _kill_all(program)
                return status
        if deadline is not None and time.monotonic() >= deadline:
            break
    _kill_all(program)
    return 128 + signal.SIGKILL


def _heard() -> bytes:
    """What packreg sent; b"" if it closed the socket or has ended."""
    try:
        return os.read(0, 64)
    except OSError:  # packreg ended without reading what it was sent
        return b""


def _tell_memory() -> None:
    with contextlib.suppress(OSError):
        os.write(0, b"memory")


def _ended(program: int) -> int | None:
    """Reap the processes that ended; returns the program's status if it is one of them, else None."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == program:
                code = os.waitstatus_to_exitcode(ended[1])
                status = code if code >= 0 else 128 - code
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
