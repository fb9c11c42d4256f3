"""Judge the audit groups of a stack when its update has ended, without delaying or blocking the update."""

from __future__ import annotations

from concurrent.futures import Future

from packreg.analyzer.pool import Pool
from packreg.analyzer.program import Program, Stack
from packreg.analyzer.redaction import Redactor
from packreg.errors import PackFailed
from packreg.guard.resources import Resulting, UpdateResources, secrets_in
from packreg.guard.run import Prepare, Run
from packreg.services.judge import evaluated
from packreg.services.prepared import PreparedPacks
from packreg.threads import in_background

_MOST_WARM = 32


class Audit:
    """The audit of one update. Created when the update begins; its packs are found and started then."""

    def __init__(self, stack: Stack, prepare: Prepare, seen: UpdateResources) -> None:
        self._stack, self._seen = stack, seen
        self._pool = Pool(keep=_MOST_WARM)
        self._prepared = in_background(lambda: self._prepare(prepare))

    def judge(self) -> Future[Run | None]:
        """Judge the resulting resources, in the background; None when nothing is required."""
        return in_background(self._judge)

    def close(self) -> None:
        """Stop the packs; resources that are not judged yet become errors of the report."""
        self._pool.close()

    def _prepare(self, prepare: Prepare) -> PreparedPacks:
        prepared = prepare(self._stack, "audit")
        for pack in prepared.packs:
            in_background(lambda program=pack.program: self._warm(program))  # type: ignore[misc]
        return prepared

    def _warm(self, program: Program) -> None:
        try:
            self._pool.give_back(self._pool.take(program), reusable=True)
        except PackFailed:
            return  # it will fail again where that is reported

    def _judge(self) -> Run | None:
        prepared = self._prepared.result()
        if prepared.required.nothing:
            return None
        resulting = Resulting(self._seen)
        known = {*prepared.secrets, *(self._stack.config.get(key, "") for key in self._stack.secret_keys)}
        known |= secrets_in(self._seen.stack_request, stack=True)
        found = evaluated(resulting, prepared, Redactor(known), pool=self._pool)
        return Run(self._stack, prepared, found)
