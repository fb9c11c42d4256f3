"""What the guard asks for a stack, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from packreg.analyzer.findings import Evaluation
from packreg.analyzer.program import Stack
from packreg.errors import Problem
from packreg.groups.model import Mode
from packreg.services.prepared import PreparedPacks


@dataclass(frozen=True, slots=True)
class Run:
    """One preview or update as the guard saw it, for a report.

    `passed` are the failures that did not stop it, because the operator said so; `notes` are what else the
    report is to say.
    """

    stack: Stack
    prepared: PreparedPacks
    evaluation: Evaluation
    passed: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()


#: Finds, installs and configures what a stack must run. Raises PackregError when that is not known.
Prepare = Callable[[Stack, Mode], PreparedPacks]
#: Enters that an update begins, before anything is answered about it. Raises PackregError.
Begin = Callable[[PreparedPacks], None]
#: Keeps a report of a run. Raises PackregError.
Keep = Callable[[Run], None]
