"""One pack while it judges one snapshot: configure it, restart it when it breaks, switch its policies off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from packreg.analyzer.analyzer import Analyzer, Answer, CallFailed
from packreg.analyzer.pool import Pool
from packreg.analyzer.process import Process
from packreg.analyzer.program import Program
from packreg.analyzer.protocol.struct import Unsendable
from packreg.errors import PackFailed
from packreg.pack.metadata import PackInfo, PolicyInfo

#: `{policy: {"enforcementLevel": "MANDATORY" | …, "properties": {…}}}`, as Configure has it.
Settings = Mapping[str, Mapping[str, Any]]
#: Returns the configuration for a pack, or None for none. May raise a PackregError: the pack is not run.
Configure = Callable[[PackInfo], Settings | None]


class Session:
    """A configured pack in a process. Call `start`, then `close`; `restarts` counts restarted processes."""

    def __init__(self, program: Program, configure: Configure, pool: Pool, *, max_restarts: int = 3) -> None:
        self.program = program
        self.restarts = 0
        self._configure = configure
        self._pool = pool
        self._max_restarts = max_restarts
        self._lock = threading.Lock()
        self._analyzer: Analyzer | None = None
        self._process: Process | None = None
        self._stopped = False
        self._only: frozenset[str] | None = None
        self._info: PackInfo | None = None
        self._settings: Settings | None = None

    @property
    def info(self) -> PackInfo:
        """The pack's metadata."""
        assert self._info is not None, "the session was not started"
        return self._info

    @property
    def analyzer(self) -> Analyzer:
        """The running pack."""
        assert self._analyzer is not None, "the session was not started"
        return self._analyzer

    def start(self) -> None:
        """Start and configure the pack. Raises PackFailed, and what the configuring function raises."""
        self._take()
        self._info = self.analyzer.info()
        self._settings = self._configure(self._info)
        self._apply()

    def level(self, policy: PolicyInfo) -> str:
        """The level that a policy is configured to."""
        setting = self._settings.get(policy.name) if self._settings is not None else None
        return policy.level if setting is None else str(setting["enforcementLevel"]).lower()

    def judging(self, method: str) -> tuple[PolicyInfo, ...]:
        """The policies that judge when this method is called, in the pack's order.

        Both SDKs run only policies at the level "remediate" for Remediate, so there may be none.
        """
        enabled = [policy for policy in self.info.policies if self.level(policy) != "disabled"]
        if method == "AnalyzeStack":
            return tuple(policy for policy in enabled if policy.judges_stacks)
        if method == "Remediate":
            enabled = [policy for policy in enabled if self.level(policy) == "remediate"]
        return tuple(policy for policy in enabled if policy.judges_resources)

    def ask(self, questions: Sequence[tuple[str, bytes]]) -> Answer:
        """Send questions, as `Analyzer.ask`. Raises CallFailed when the session was stopped."""
        with self._lock:
            if self._stopped or self._analyzer is None:
                raise CallFailed("gone", "packreg is stopping")
            return self._analyzer.ask(questions)

    def call(self, method: str, request: bytes) -> Any:
        """Send a question and wait for its answer. Raises CallFailed, also when the session was stopped."""
        with self._lock:
            analyzer = self._analyzer
            if self._stopped or analyzer is None:
                raise CallFailed("gone", "packreg is stopping")
        return analyzer.call(method, request)

    @property
    def batch(self) -> int:
        """How many questions `ask` takes at once."""
        return self.analyzer.batch

    def only(self, policies: Collection[str] | None) -> None:
        """Disable all policies but these; None goes back to the configuration. No question may be pending.

        Raises PackFailed.
        """
        self._only = None if policies is None else frozenset(policies)
        self._apply()

    def restart(self, reason: CallFailed) -> CallFailed:
        """Replace the broken process by a new one; returns `reason` and how the old process ended.

        Raises PackFailed: "stopped" after too many restarts, another code if the pack does not start again.
        """
        broken = self.analyzer
        details = reason.details
        if reason.kind == "gone":
            details = f"{details}: {broken.process.ending()}"
        reason = CallFailed(reason.kind, details)
        log = broken.process.tail()
        with self._lock:
            self._analyzer = None
        self._pool.give_back(broken, reusable=False)
        if self._stopped or self.restarts >= self._max_restarts:
            raise PackFailed(
                f"{self.program.name} was given up after it was restarted {self.restarts} times: {details}",
                code="stopped",
                log=log,
            )
        self.restarts += 1
        self._take()
        self._apply()
        return reason

    def stop(self) -> None:
        """Abort pending calls; called from another thread."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None:
            process.close(grace=0)

    def close(self) -> None:
        """Hand the process back to the pool."""
        with self._lock:
            analyzer, self._analyzer = self._analyzer, None
            self._process = None  # the pool may give it to another session from now on
        if analyzer is not None:
            self._pool.give_back(analyzer, reusable=not self._stopped and self._only is None)

    def _take(self) -> None:
        analyzer = self._pool.take(self.program, self._starting)
        with self._lock:
            self._analyzer = analyzer
            self._process = analyzer.process
            stopped = self._stopped
        if stopped:
            raise PackFailed(f"{self.program.name} was stopped", code="stopped")
        if self.program.stack is not None:
            try:
                analyzer.configure_stack(self.program.stack)
            except CallFailed as error:
                raise self._refuses("the stack", error) from None

    def _starting(self, process: Process) -> None:
        with self._lock:
            self._process = process
            stopped = self._stopped
        if stopped:
            process.close(grace=0)

    def _apply(self) -> None:
        settings = self._settings
        if self._only is not None:
            own = {
                policy.name: {"enforcementLevel": policy.level.upper(), "properties": {}}
                for policy in self.info.policies
            }
            settings = {
                name: setting if name in self._only else {**setting, "enforcementLevel": "DISABLED"}
                for name, setting in (own if settings is None else settings).items()
                if name != "all"
            }
        elif settings is None:
            settings = {} if self.info.supports_config else None
        if settings is None:
            return
        try:
            self.analyzer.configure(settings)
        except (CallFailed, Unsendable) as error:
            raise self._refuses("its configuration", error) from None

    def _refuses(self, what: str, error: Exception) -> PackFailed:
        return PackFailed(
            f"{self.program.name} refuses {what}: {error}",
            code="configuration-refused",
            log=self.analyzer.process.tail(),
        )
