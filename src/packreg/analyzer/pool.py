"""Running packs kept for the next question, for a service that judges again and again."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from packreg.analyzer.forking import ForkServer, Key, fork_key
from packreg.analyzer.process import Process
from packreg.analyzer.program import PASSED_ON, Deadlines, Program
from packreg.errors import PackFailed

if TYPE_CHECKING:
    from packreg.analyzer.analyzer import Analyzer

#: Programs of one environment from which on a server that forks them is worth its own start.
_SEVERAL = 2
_GRACE = 2.0  # seconds that a pack has to end by itself: SDKs take 0.02 to 0.3


class Pool:
    """Starts packs, and keeps up to `keep` idle ones for at most `idle` seconds. Several threads may use it.

    A process is given to one user at a time, and reused only for an equal `Program`: same digest, command and
    environment. So the stack is the same, too, whose configuration a pack may have read when it was loaded.
    Processes of programs without a digest are never kept. `close` stops all processes, those in use too.
    """

    def __init__(
        self,
        *,
        deadlines: Deadlines | None = None,
        keep: int = 32,
        idle: float = 300.0,
        log: Callable[[str, str], None] | None = None,
    ) -> None:
        """`deadlines` are for programs without their own. `log` is called from other threads with the pack's
        name and its output, as it comes.
        """
        self.deadlines = deadlines or Deadlines()
        self._keep = keep
        self._idle_seconds = idle
        self._log = log
        self._changed = threading.Condition()
        self._idle: list[tuple[float, Analyzer]] = []  # the longest idle first
        self._used: set[Analyzer] = set()
        self._starting: set[Process] = set()
        self._ahead: list[Process] = []
        self._closed = False
        self._started: Counter[Key] = Counter()
        self._servers: dict[Key, ForkServer] = {}
        self._evictor: threading.Thread | None = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start_ahead(self, programs: Iterable[Program]) -> None:
        """Start processes that `take` will return later, so that they load meanwhile.

        One that cannot be started is skipped: `take` will raise.
        """
        programs = list(programs)
        with self._changed:
            keys = Counter(key for each in programs if (key := fork_key(each)) is not None)
            self._started.update({key: count - 1 for key, count in keys.items()})
        for program in programs:
            try:
                process = self._start(program)
            except PackFailed:
                continue
            with self._changed:
                self._ahead.append(process)

    def take(self, program: Program, starting: Callable[[Process], None] = lambda process: None) -> Analyzer:
        """A running analyzer of this program, for the caller alone, until `give_back`.

        `starting` is called with a new process before it is ready, so that another thread can close it.

        Raises PackFailed when the pack cannot be started, or the pool is closed.
        """
        while (warm := self._warm(program)) is not None:
            if warm.process.alive:
                return warm
            self.give_back(warm, reusable=False)
        with self._changed:
            ahead = next((process for process in self._ahead if process.program == program), None)
            if ahead is not None:
                self._ahead.remove(ahead)
        try:
            return self._ready(ahead or self._start(program), starting)
        except PackFailed as failed:
            if failed.code != "not-hosted":
                raise
        return self._ready(self._start(replace(program, hosted=False)), starting)

    def _ready(self, process: Process, starting: Callable[[Process], None]) -> Analyzer:
        """The analyzer of a new process, once it answers."""
        from packreg.analyzer.analyzer import Analyzer  # its messages take long to import, and packs to load

        program = process.program
        with self._changed:
            self._starting.add(process)
            closed = self._closed
        try:
            if closed:
                raise _closed(program)
            starting(process)
            deadlines = program.deadlines or self.deadlines
            process.await_port(deadlines.start)
            analyzer = Analyzer(process, deadlines)
        except BaseException:
            process.close(grace=0)
            raise
        finally:
            with self._changed:
                self._starting.discard(process)
        with self._changed:
            if not self._closed:
                self._used.add(analyzer)
                return analyzer
        analyzer.close(grace=0)
        raise _closed(program)

    def give_back(self, analyzer: Analyzer, *, reusable: bool) -> None:
        """Return an analyzer: kept warm if it is reusable and there is room, else stopped at once."""
        surplus = [analyzer]
        with self._changed:
            self._used.discard(analyzer)
            keep = reusable and self._keep > 0 and not self._closed and bool(analyzer.process.program.digest)
            if keep and analyzer.process.alive:
                self._idle.append((time.monotonic(), analyzer))
                surplus = [self._idle.pop(0)[1]] if len(self._idle) > self._keep else []
                if self._evictor is None:
                    self._evictor = threading.Thread(target=self._evict, daemon=True)
                    self._evictor.start()
                self._changed.notify_all()
        for each in surplus:
            each.close(grace=_GRACE if reusable else 0)

    def close(self) -> None:
        """Stop all processes, those in use too, whose calls then fail. May be called again."""
        with self._changed:
            self._closed = True
            idle = [analyzer for _, analyzer in self._idle]
            used: list[Analyzer | Process] = [*self._used, *self._starting, *self._ahead]
            self._idle.clear()
            self._ahead.clear()
            servers = list(self._servers.values())
            self._servers.clear()
            self._changed.notify_all()
        for server in servers:
            server.close()
        if idle or used:
            with ThreadPoolExecutor(min(len(idle) + len(used), 32)) as pool:
                for analyzer in idle:
                    pool.submit(analyzer.close, grace=_GRACE)
                for each in used:
                    pool.submit(each.close, grace=0)

    @property
    def idle(self) -> int:
        """How many processes are kept warm now."""
        with self._changed:
            return len(self._idle)

    def _start(self, program: Program) -> Process:
        name, log = program.name, self._log
        said = (lambda text: log(name, text)) if log is not None else None
        return Process(program, log=said, server=self._server(program))

    def _server(self, program: Program) -> ForkServer | None:
        """The server that forks this program: there is one from the second program of an environment on."""
        key = fork_key(program) if program.hosted else None
        if key is None:
            return None
        with self._changed:
            self._started[key] += 1
            if self._started[key] < _SEVERAL or self._closed:
                return None
            if key not in self._servers:
                plain = {name: value for name, value in program.environment if name in PASSED_ON}
                self._servers[key] = ForkServer(key, plain)
            return self._servers[key]

    def _warm(self, program: Program) -> Analyzer | None:
        with self._changed:
            if self._closed:
                raise _closed(program)
            for index in reversed(range(len(self._idle))):
                analyzer = self._idle[index][1]
                if analyzer.process.program == program:
                    del self._idle[index]
                    self._used.add(analyzer)
                    return analyzer
        return None

    def _evict(self) -> None:
        while True:
            with self._changed:
                while not self._closed:
                    if not self._idle:
                        self._changed.wait()
                        continue
                    left = self._idle[0][0] + self._idle_seconds - time.monotonic()
                    if left <= 0:
                        break
                    self._changed.wait(left)
                if self._closed:
                    return
                analyzer = self._idle.pop(0)[1]
            analyzer.close(grace=_GRACE)


def _closed(program: Program) -> PackFailed:
    return PackFailed(f"{program.name} was not started: packreg is stopping", code="stopped")
