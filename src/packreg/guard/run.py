"""What the guard is given for a stack, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from packreg.analyzer.evaluation import PackToRun
from packreg.analyzer.findings import Evaluation, Violation
from packreg.analyzer.program import Stack
from packreg.errors import Problem
from packreg.groups.decision import Required
from packreg.groups.model import Mode, Waiver
from packreg.guard.answers import WaiverFor
from packreg.reports.stored import RanPack


def nobody_waives(violation: Violation) -> Waiver | None:
    """For who knows of no waivers."""
    return None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a stack must run in a mode: the decision, and its packs, ready to be started.

    What could not be made ready is among what `required` has as unavailable. `ran` says for a report which
    releases these are; `secrets` are texts that packs are given and nobody may read; `warnings` may grow as
    packs are configured; `unseen` are groups that may have the stack by its tags, which nobody told; `id`
    is that of the run, which its report has, "" where there is none yet.
    """

    required: Required
    packs: tuple[PackToRun, ...] = ()
    ran: tuple[RanPack, ...] = ()
    secrets: frozenset[str] = frozenset()
    warnings: Sequence[Problem] = ()
    waiver_for: WaiverFor = nobody_waives
    unseen: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One preview or update as the guard saw it, for a report.

    `passed` are the failures that did not stop it, because the operator said so; `notes` are what else the
    report is to say.
    """

    stack: Stack
    prepared: Prepared
    evaluation: Evaluation
    passed: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()


#: Finds, installs and configures what a stack must run. Raises PackregError when that is not to be known.
Prepare = Callable[[Stack, Mode], Prepared]
#: Enters that an update begins, before anything is answered about it. Raises PackregError.
Begin = Callable[[Prepared], None]
#: Keeps a report of a run. Raises PackregError.
Keep = Callable[[Run], None]
