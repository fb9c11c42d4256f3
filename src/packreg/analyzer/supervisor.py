"""The program that stands between packreg and a policy pack, so that nothing of a pack outlives packreg.

Run as a script, with nothing but the standard library:
`python -I -S supervisor.py TOTAL EACH FILES PROGRAM ARGUMENT…`. Standard input is a socket to packreg. It
starts the program in a session of its own, standard input empty, and waits for what comes first:

* the program ends: what it started is killed, and its status becomes ours (128 + the signal, as in a shell);
* packreg says "i": the program is interrupted, and killed after the seconds that follow;
* packreg says no more, because it is done or is gone, kill -9 included: everything is killed;
* all that was started has more than TOTAL bytes of memory together: it is killed, packreg is told "memory".

TOTAL is watched several times a second: memory that is no file's, each page counted once however many
processes share it. Where a cgroup of version 2 can be made beside ours, the kernel holds it, too. EACH is
what one process may have (RLIMIT_DATA), which gives it an error of its own to end with. 0 is no limit.

FILES are `NAME=DESCRIPTOR,…`: files without a name that packreg left open for us, whose paths the program
finds in these variables. They are in our memory and gone with us, however we end. Where a system has no paths
for them (/proc), copies are made, which we remove, and those that a supervisor before us had to leave.

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
import stat
import sys
import tempfile
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def _start(each: int, group: str, command: list[str]) -> int:
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


class Watch:
    """The memory of all processes below one, as they come and go."""

    def __init__(self, root: int, limit: int) -> None:
        """`limit` is in bytes."""
        self._root, self._limit = root, limit
        self._parents: dict[int, int] = {}
        self._whole = 0.0

    def over(self) -> tuple[bool, float]:
        """Whether they have more than the limit, and after how many seconds to look again.

        Their memory with program files is quick to read; what is their own is read only if that is too much.
        """
        pids = self._below()
        resident = sum(map(_resident, pids))
        if resident <= self._limit:
            return False, 0.1 if resident > self._limit // 4 else 0.25
        return sum(map(_own, pids)) > self._limit, 0.1

    def _below(self) -> set[int]:
        """All descendants. Parents are asked for once for each process, and for all anew every two seconds,
        for numbers that are used again; who loses its parent becomes ours, so it stays among them.
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
            self._parents.pop(pid)  # asked again: its parent is another one now
        return below


def _parent(pid: int) -> int:
    """The parent of a process; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123
            return int(stat.read().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def _resident(pid: int) -> int:
    """Bytes of memory that a process has, files' too."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:  # noqa: PTH123
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _own(pid: int) -> int:
    """Bytes that no file backs, with its share of shared pages; all bytes of a process that hides them."""
    total = -1
    with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/smaps_rollup", "rb") as rollup:  # noqa: PTH123
        for line in rollup:
            if line.startswith((b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")):
                total = max(total, 0) + int(line.split()[1]) * 1024
    return total if total >= 0 else _resident(pid)


def make_group(limit: int) -> str:
    """A cgroup of version 2 beside ours that may have so much memory; "" where we may not make one."""
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
    """A new private directory, named by our number; those of supervisors that are gone are removed."""
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
    """Remove a directory of copies if it is one: ours, no link, with files alone in it."""
    with contextlib.suppress(OSError):
        found = os.lstat(directory)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return
        for name in os.listdir(directory):  # noqa: PTH208
            os.unlink(f"{directory}/{name}")  # noqa: PTH108
        os.rmdir(directory)  # noqa: PTH106


def main(arguments: list[str]) -> int:
    """Run the program and say how it ended; nothing of it is left then."""
    total, each, files, *command = arguments
    paths, directory = name_files(files)
    for name, path in paths.items():
        os.putenv(name, path)
    group = make_group(int(total)) if int(total) else ""
    try:
        return _supervise(int(total), int(each), group, command)
    finally:
        if directory:
            remove_files(directory)
        if group:
            with contextlib.suppress(OSError):
                os.rmdir(group)  # noqa: PTH106


def _supervise(total: int, each: int, group: str, command: list[str]) -> int:
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are packreg's to handle; it tells us
    program = _start(each, group, command)
    watch = Watch(os.getpid(), total) if total and os.path.exists("/proc/self/statm") else None  # noqa: PTH110
    look = 0.0
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # the pipes are the program's alone: they must end when it does
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
    """What packreg says; nothing when it is gone."""
    try:
        return os.read(0, 64)
    except OSError:  # it left what we told it unread
        return b""


def _tell_memory() -> None:
    with contextlib.suppress(OSError):
        os.write(0, b"memory")


def _ended(program: int) -> int | None:
    """Reap the processes that ended; gives the program's status if it is one of them."""
    status = None
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == program:
                code = os.waitstatus_to_exitcode(ended[1])
                status = code if code >= 0 else 128 - code
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
