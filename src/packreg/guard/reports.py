"""Store reports without ever blocking a deployment."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as TookTooLong

from packreg.analyzer.findings import EvaluationError, PackResult
from packreg.guard.run import Keep, Run
from packreg.threads import in_background


def keep_reports(keep: Keep, runs: Sequence[Run], seconds: float, say: Callable[[str], None]) -> None:
    """Store a report of each run, all at once, in at most `seconds`; tell the user about failures."""
    until = time.monotonic() + seconds
    keeping = [in_background(lambda run=run: keep(run)) for run in runs]  # type: ignore[misc]
    for run, kept in zip(runs, keeping, strict=True):
        try:
            kept.result(max(0.0, until - time.monotonic()))
        except TookTooLong:
            why = f"it was not done after {seconds:g} s"
        except Exception as error:  # noqa: BLE001  whatever it is, the deployment was judged and may go on
            why = str(error)
        else:
            continue
        say(f"the {run.prepared.required.mode} report of this run was not kept: {why}")


def interrupted(pack: str, version: str, resources: int) -> PackResult:
    """The result, with an error, of a pack that had not judged everything when its run was aborted."""
    why = "the run ended before the whole stack was judged"
    error = EvaluationError(pack, version, "interrupted", why, kind="stack", resources=resources)
    return PackResult(pack, version, None, resources, errors=(error,))
