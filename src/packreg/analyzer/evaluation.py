"""Running packs over a snapshot: the verdict of every policy on every resource, or why there is none."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from packreg.analyzer.analyzer import CallFailed
from packreg.analyzer.asking import Item, Question, replies
from packreg.analyzer.collecting import Collector
from packreg.analyzer.feed import Feed, JudgedResources, JudgedSnapshot, produce
from packreg.analyzer.findings import Evaluation, EvaluationError, PackResult
from packreg.analyzer.pool import Pool
from packreg.analyzer.program import Program
from packreg.analyzer.redaction import Redactor
from packreg.analyzer.session import Configure, Session
from packreg.errors import PackFailed, PackregError
from packreg.states.snapshot import Snapshot

#: Questions at once per process: the Python SDK's server has 4 threads, and more than 16 gain nothing.
IN_FLIGHT = 16


@dataclass(frozen=True, slots=True)
class PackToRun:
    """A pack and how to run it. `version` is the release's or the manifest's, and used instead of the SDK's.

    `name` is the pack's name in its findings. Where governance decides by the name it is the registry's, so
    that no pack can pose as another; "" means the name that the pack gives itself.

    `configure` decides all levels and properties. It must apply the policies' own defaults and the pack's
    `initialConfig` too, as SDKs leave both to the host.
    """

    program: Program
    configure: Configure
    version: str = ""
    name: str = ""


def evaluate(
    snapshot: Snapshot,
    packs: Sequence[PackToRun],
    *,
    pool: Pool | None = None,
    in_flight: int = IN_FLIGHT,
    workers: int = 1,
    max_restarts: int = 3,
) -> Evaluation:
    """Run all packs at once over the snapshot's live resources, then over the stack.

    `in_flight` is how many questions a process is given at once; the Pulumi CLI gives one. `workers` is the
    number of processes per pack that share the resources; use 1 for packs that remember resources. One of
    them judges the stack, over all resources. A pack that breaks is started again up to `max_restarts` times.
    Without `pool`, no process is kept running.

    Never raises for a pack: one that cannot be run, hangs or crashes is in the result's errors. If the
    snapshot has no resources, nothing is asked and no pack passes or fails.
    """
    return judge(
        JudgedSnapshot(snapshot),
        packs,
        Redactor(snapshot.known_secrets),
        pool=pool,
        in_flight=in_flight,
        workers=workers,
        max_restarts=max_restarts,
    )


def judge(
    judged: JudgedResources,
    packs: Sequence[PackToRun],
    redactor: Redactor,
    *,
    pool: Pool | None = None,
    in_flight: int = IN_FLIGHT,
    workers: int = 1,
    max_restarts: int = 3,
) -> Evaluation:
    """Run all packs at once over these resources, then over their stack; otherwise as `evaluate`."""
    used = pool if pool is not None else Pool(keep=0)
    runs = [_Run(pack, judged, redactor, used, in_flight, workers, max_restarts) for pack in packs]
    threads = ThreadPoolExecutor(max(1, len(runs) * (workers + 1)), thread_name_prefix="packreg-pack")
    try:
        results = [threads.submit(run.run, threads) for run in runs]
        produce(judged, [run.feed for run in runs])
        _offer_stack(judged, runs)
        return Evaluation(tuple(result.result() for result in results), judged.size)
    except BaseException:
        for run in runs:
            run.stop()
        raise
    finally:
        threads.shutdown()
        if pool is None:
            used.close()


def _offer_stack(judged: JudgedResources, runs: Iterable[_Run]) -> None:
    """Give each run the question about the stack, or None if its pack has no stack policy.

    The question is made in this thread, which also reads the resources.
    """
    item: Item | None = None
    for run in runs:
        wanted = run.wants_stack.result()
        if wanted and item is None:
            item = judged.whole()
        run.feed.stack.set_result(item if wanted else None)


class _Run:
    """One pack over some resources, by one or more worker processes."""

    def __init__(
        self,
        pack: PackToRun,
        judged: JudgedResources,
        redactor: Redactor,
        pool: Pool,
        in_flight: int,
        workers: int,
        max_restarts: int,
    ) -> None:
        self._pack = pack
        self._judged = judged
        self._redactor = redactor
        self._in_flight = in_flight
        self._sessions = [
            Session(pack.program, pack.configure, pool, max_restarts=max_restarts) for _ in range(workers)
        ]
        self._failed: list[PackFailed] = []
        self._lock = threading.Lock()
        self._collector: Collector | None = None
        self.feed = Feed()
        self.wants_stack: Future[bool] = Future()

    def stop(self) -> None:
        """Abort the run; called from another thread."""
        self.feed.end(now=True)
        if not self.feed.stack.done():
            self.feed.stack.set_result(None)
        for session in self._sessions:
            session.stop()

    def run(self, threads: ThreadPoolExecutor) -> PackResult:
        """Judge all resources in the feed, then the stack."""
        try:
            working = [threads.submit(self._work, session) for session in self._sessions]
            able = [session for session, work in zip(self._sessions, working, strict=True) if work.result()]
            if self._collector is None:
                return self._not_run()
            stack_judged = self._judge_stack(self._collector, able)
            unjudged = self._judged.size - self._collector.judged
            if unjudged or not stack_judged:
                self._collector.given_up(self._failed[-1], unjudged, stack=not stack_judged)
            return self._collector.result(sum(session.restarts for session in self._sessions))
        finally:
            self.feed.end(now=True)
            if not self.wants_stack.done():
                self.wants_stack.set_result(False)
            for session in self._sessions:
                session.close()

    def _work(self, session: Session) -> bool:
        """Judge one worker's share of the resources; returns whether its session still works."""
        try:
            try:
                session.start()
            except PackFailed:
                raise
            except PackregError as error:
                raise PackFailed(
                    f"{self._pack.program.name} was not run: {error}",
                    code="configuration-refused",
                    hint=error.hint,
                ) from None
            collector = self._collect(session)
            for reply in replies(session, self._questions(session, collector), self._in_flight):
                collector.add(reply)
        except (PackFailed, CallFailed) as failed:
            if isinstance(failed, CallFailed):
                failed = PackFailed(f"{self._pack.program.name}: {failed}", code="stopped")
            with self._lock:
                self._failed.append(failed)
                if len(self._failed) == len(self._sessions):
                    self.feed.end(now=True)  # no worker is left to take resources
            return False
        return True

    def _collect(self, session: Session) -> Collector:
        with self._lock:
            if self._collector is None:
                pack = self._pack
                self._collector = Collector(
                    session, pack.version, self._judged, self._redactor, name=pack.name
                )
                wanted = bool(session.judging("AnalyzeStack")) and not self._judged.is_empty
                self.wants_stack.set_result(wanted)
            return self._collector

    def _questions(self, session: Session, collector: Collector) -> Iterator[Question]:
        methods = [method for method in ("Remediate", "Analyze") if session.judging(method)]
        for item in self.feed:
            if item.problem and methods:
                collector.unsendable(item)
            elif "Analyze" not in methods:
                collector.unasked()
            else:
                for method in methods:
                    yield Question(item, method)

    def _judge_stack(self, collector: Collector, able: Sequence[Session]) -> bool:
        """Ask one of the workers about the stack. False if it had to be judged and none could."""
        item = self.feed.stack.result()
        if item is None:
            return True
        if item.problem:
            collector.unsendable(item)
            return True
        for session in able:
            try:
                for reply in replies(session, [Question(item, "AnalyzeStack")], 1):
                    collector.add(reply)
            except (PackFailed, CallFailed) as failed:
                if isinstance(failed, CallFailed):
                    failed = PackFailed(f"{self._pack.program.name}: {failed}", code="stopped")
                self._failed.append(failed)
            else:
                return True
        return False

    def _not_run(self) -> PackResult:
        failed = self._failed[-1]
        name = self._pack.name or self._pack.program.name
        text = self._redactor.text
        error = EvaluationError(
            name,
            self._pack.version,
            failed.code,
            text(f"{failed}\nhint: {failed.hint}" if failed.hint else str(failed)),
            resources=self._judged.size,
            log=text(failed.log),
        )
        engine = self._pack.program.engine
        return PackResult(name, self._pack.version, None, self._judged.size, errors=(error,), engine=engine)
