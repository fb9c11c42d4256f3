"""The record of one run of the guard, and the functions that the guard needs from its backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from packreg.analyzer.findings import Evaluation
from packreg.analyzer.program import Stack
from packreg.enforcement.governed import Governed
from packreg.errors import Problem
from packreg.groups.model import Mode
from packreg.reports.report import Report
from packreg.services.prepared import PreparedPacks


@dataclass(frozen=True, slots=True)
class Run:
    """One preview or update as the guard saw it, for a report.

    `passed` are the failures that did not stop it because of the operator's `fail_open`; `notes` are other
    notes for the report.
    """

    stack: Stack
    prepared: PreparedPacks
    evaluation: Evaluation
    passed: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def judged(self) -> Report:
        """What was found, and what of it denies; the report that is kept says more."""
        governed = Governed(self.prepared.required, self.prepared.waived(self.evaluation), applied=True)
        return Report(self.evaluation, "", governed=governed)


#: Finds, installs and configures what a stack must run. Raises PackregError when that is not known.
Prepare = Callable[[Stack, Mode], PreparedPacks]
#: Records that an update begins, before any answer about it. Raises PackregError.
Begin = Callable[[PreparedPacks], None]
#: Stores a report of a run. Raises PackregError.
Keep = Callable[[Run], None]
