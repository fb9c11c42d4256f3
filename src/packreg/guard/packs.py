"""The packs that a stack must run: start them in parallel, ask them together, collect their findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from packreg.analyzer.analyzer import Answer, CallFailed
from packreg.analyzer.asking import Failure, Question, Reply, reply_to
from packreg.analyzer.collecting import Collector
from packreg.analyzer.evaluation import PackToRun
from packreg.analyzer.feed import StackView
from packreg.analyzer.findings import EvaluationError, PackResult
from packreg.analyzer.pool import Pool
from packreg.analyzer.redaction import Redactor
from packreg.analyzer.session import Session
from packreg.errors import PackFailed, PackregError
from packreg.groups.waiving import unwaivable
from packreg.guard.answers import Label, redacted, says_anything
from packreg.pack.metadata import SEVERITIES
from packreg.threads import in_background

_METHODS = ("Remediate", "Analyze", "AnalyzeStack")


class RunningPack:
    """One pack: its process, and its findings so far. Call `start` in a thread of its own."""

    def __init__(self, pack: PackToRun, stack: StackView, redactor: Redactor, pool: Pool) -> None:
        self.pack = pack
        self.label = Label(pack.name or pack.program.name, pack.version)
        self.failed: PackFailed | None = None
        self._stack, self._redactor = stack, redactor
        self._session = Session(pack.program, pack.configure, pool)
        self._collector: Collector | None = None
        self._judging: frozenset[str] = frozenset()
        self._saw_stack = False

    def start(self) -> None:
        """Start and configure the pack; if that fails, `failed` is set."""
        try:
            self._session.start()
        except PackFailed as failed:
            self.failed = failed
            return
        except PackregError as error:
            self.failed = PackFailed(str(error), code="configuration-refused", hint=error.hint)
            return
        info = self._session.info
        severities = {policy.name: SEVERITIES.index(policy.severity) for policy in info.policies}
        pack = self.pack
        name, version = pack.name or info.shown_name, pack.version or info.version
        self.label = Label(name, version, severities, unwaivable(info))
        self._collector = Collector(self._session, pack.version, self._stack, self._redactor, name=pack.name)
        self._judging = frozenset(method for method in _METHODS if self._session.judging(method))

    def judges(self, method: str) -> bool:
        """Whether the pack runs and has policies that judge when this method is called."""
        return self.failed is None and method in self._judging

    def send(self, question: Question) -> Answer | None:
        """Ask a question without waiting for the reply; `reply` takes what this gives."""
        try:
            return self._session.ask([(question.method, question.request)])
        except CallFailed:  # it is stopped, which `reply` says
            return None

    def reply(
        self, question: Question, redactor: Callable[[], Redactor], sent: Answer | None = None
    ) -> Reply:
        """Ask a question, unless it was sent, and wait for the reply, which is added to the pack's findings.

        `redactor` is called only if the reply has any text.
        """
        reply = self._reply(question, sent)
        self._saw_stack = self._saw_stack or question.method == "AnalyzeStack"
        knowing = redactor() if says_anything(reply) else None
        if knowing is not None:
            reply = redacted(reply, knowing)
        if self._collector is not None:
            self._collector.add(reply, knowing)
        return reply

    def unasked(self, method: str) -> None:
        """Record that the pack was not asked about a resource, as it has no policy for that."""
        if method == "Analyze" and self.failed is None and self._collector is not None:
            self._collector.unasked()

    def stop(self) -> None:
        """Abort the pending question; called from another thread."""
        self._session.stop()

    def result(self) -> PackResult:
        """All findings of the pack, or why it did not run."""
        if self._collector is not None:
            unjudged = max(0, self._stack.size - self._collector.judged)  # the CLI may ask twice about one
            stack = "AnalyzeStack" in self._judging and not self._saw_stack
            if self.failed is not None and (unjudged or stack):
                self._collector.given_up(self.failed, unjudged, stack=stack)
            return self._collector.result(self._session.restarts)
        failed = self.failed or PackFailed("it was still starting when the run ended", code="stopped")
        text = self._redactor.text
        error = EvaluationError(
            self.label.name,
            self.label.version,
            failed.code,
            text(str(failed)),
            resources=self._stack.size,
            log=text(failed.log),
        )
        return PackResult(self.label.name, self.label.version, None, self._stack.size, errors=(error,))

    def _reply(self, question: Question, sent: Answer | None) -> Reply:
        if self.failed is None:
            try:
                return reply_to(self._session, question, sent)
            except PackFailed as failed:
                self.failed = failed
            except CallFailed as failed:
                self.failed = PackFailed(str(failed), code="stopped")
        return Reply(question, failures=[Failure(self.failed.code, str(self.failed))])


class RunningPacks:
    """All packs of a stack, in the order of their names; the constructor starts them."""

    def __init__(self, packs: Sequence[PackToRun], stack: StackView, redactor: Redactor, pool: Pool) -> None:
        ordered = sorted(packs, key=lambda pack: pack.program.name)
        self.each = [RunningPack(pack, stack, redactor, pool) for pack in ordered]
        self._starting = [in_background(pack.start) for pack in self.each]

    def await_start(self) -> None:
        """Wait until every pack has started or failed to start."""
        for starting in self._starting:
            starting.result()

    def ask(self, question: Question, redactor: Callable[[], Redactor]) -> list[tuple[Label, Reply]]:
        """Ask every pack that has policies for the question, all at once; returns their replies."""
        asked = self.asked(question.method)
        sent = [None, *(pack.send(question) for pack in asked[1:])]
        return [
            (pack.label, pack.reply(question, redactor, each))
            for pack, each in zip(asked, sent, strict=False)
        ]

    def failed(self) -> list[tuple[Label, PackFailed]]:
        """The packs that do not run, and why."""
        return [(pack.label, pack.failed) for pack in self.each if pack.failed is not None]

    def stop(self) -> None:
        """Abort all pending questions; called from another thread."""
        for pack in self.each:
            pack.stop()

    def results(self) -> list[PackResult]:
        """The result of each pack."""
        return [pack.result() for pack in self.each]

    def asked(self, method: str) -> list[RunningPack]:
        """The packs that have policies for this method."""
        asked = []
        for pack in self.each:
            if pack.judges(method):
                asked.append(pack)
            else:
                pack.unasked(method)
        return asked
